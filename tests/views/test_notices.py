"""Who was told what: when it was said, whatever rung it was of, and updates beside notices."""

from datetime import timedelta

from sqlalchemy import Engine

from dashboard.jobs.notify import Notifier
from dashboard.jobs.post import Updates
from dashboard.log.database import reading
from dashboard.model.scope import Scope
from dashboard.notices.plan import Notices
from dashboard.notices.updates import Written
from dashboard.views.notices import who_was_told
from tests.notices.places import NOW, settled, tell
from tests.notices.test_updates import FIRST, chat

AUDIENCE = {"name": "oncall", "for": "clusters", "channels": ["chat"]}
UPDATE = {"name": "daily", "at": "08:30", "channels": ["chat"]}


def test_told_last_is_when_it_was_said(engine: Engine) -> None:
    """Told late, a rung of a week ago was told now; what was due at its time does not matter to whoever heard it."""
    settled(engine, status="scheduled")
    plan = Notices.model_validate({"channels": [chat()], "audiences": [AUDIENCE]})
    notifier = Notifier(engine, plan)
    notifier.step(NOW)
    tell(engine, NOW + timedelta(hours=1), status="confirmed")
    with reading(engine) as connection:
        doubtful = who_was_told(connection, Scope(), NOW + timedelta(hours=1)).ladders

    notifier.step(NOW + timedelta(hours=1))
    with reading(engine) as connection:
        sure = who_was_told(connection, Scope(), NOW + timedelta(hours=3)).ladders

    assert doubtful["told"].dropna().tolist()[0] == "7 d before, 1 h ago"
    assert sure["told"].dropna().tolist()[0] == "confirmed, 2 h ago"


def test_what_is_posted_stands_beside_what_is_told(engine: Engine) -> None:
    plan = Notices.model_validate({"channels": [chat()], "updates": [UPDATE]})
    Notifier(engine, plan).step(NOW)
    Updates(engine, plan, lambda *_: Written("Maintenance update", "Nothing is out.", {})).step(FIRST)

    with reading(engine) as connection:
        sent = who_was_told(connection, Scope(), FIRST).deliveries

    assert sent[["audience", "subject", "channel", "state"]].to_numpy().tolist() == [
        ["daily update", "Maintenance update", "chat", "to be sent"]
    ]
