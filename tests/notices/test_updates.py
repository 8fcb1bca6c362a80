"""The update that writes itself is posted at its hour, once, and what was missed is one update."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import Engine, select

from dashboard.jobs.examine import examine_updates
from dashboard.jobs.notify import Notifier
from dashboard.jobs.post import Updates
from dashboard.log.database import reading
from dashboard.log.notice_tables import deliveries, messages
from dashboard.log.outbox import SPARED
from dashboard.model.instants import iso, micros
from dashboard.notices.channels.chat import Slack
from dashboard.notices.plan import Notices, Update
from dashboard.notices.updates import Written, turns
from dashboard.options import Secret
from dashboard.telling import writer
from tests.notices.conftest import Postbox, mail, text_of
from tests.notices.places import NOW, START, courier, settled, tell
from tests.sources.loopback import Loopback

HOUR = timedelta(hours=1)
DAY = 24 * HOUR
FIRST = NOW.replace(hour=8, minute=30) + DAY  # the first turn after notices began


def plan_of(*channels: Any, **told: Any) -> Notices:
    update = {"name": "daily", "at": "08:30", "channels": [each.name for each in channels]} | told
    return Notices.model_validate({"channels": list(channels), "updates": [update]})


def chat(url: str = "http://127.0.0.1:9/") -> Slack:
    return Slack(name="chat", url=Secret.holding("the test", url))


def plainly(_: Any, update: Update, since: datetime, now: datetime) -> Written:
    return Written(f"{update.name} at {iso(now)}", f"new since {iso(since)}", {})


def posts(engine: Engine, plan: Notices) -> Updates:
    """Of a notifier that began at NOW."""
    Notifier(engine, plan).step(NOW)
    return Updates(engine, plan, plainly)


def texts(engine: Engine) -> list[str]:
    with reading(engine) as connection:
        return list(connection.scalars(select(messages.c.text).order_by(messages.c.written_at)))


def states(engine: Engine) -> list[str]:
    with reading(engine) as connection:
        query = select(deliveries.c.state).join(messages, messages.c.key == deliveries.c.message)
        return list(connection.scalars(query.order_by(messages.c.written_at)))


def test_it_is_posted_at_its_hour_and_once(engine: Engine) -> None:
    """Whoever looks, and however often: the second notifier remembers nothing of the first."""
    plan = plan_of(chat())
    mine = posts(engine, plan)

    posted = [len(mine.step(at)) for at in (NOW, FIRST - HOUR, FIRST, FIRST + HOUR)]
    again = Updates(engine, plan, plainly).step(FIRST + 2 * HOUR)

    assert (posted, again) == ([0, 0, 1, 0], [])
    assert texts(engine) == [f"new since {iso(FIRST - DAY)}"]


def test_what_was_missed_is_one_update_of_all_that_is_new(engine: Engine, server: Loopback) -> None:
    """Down for three days: from the last that anyone got to now."""
    plan = plan_of(chat(server.url))
    mine = posts(engine, plan)
    mine.step(FIRST)
    courier(engine, plan, "chat", FIRST).deliver()

    late = Updates(engine, plan, plainly).step(FIRST + 3 * DAY + 5 * HOUR)

    assert [told.text for _, told in late] == [f"new since {iso(FIRST)}"]
    assert len(texts(engine)) == 2


def test_one_that_did_not_arrive_gives_way_and_its_news_are_in_the_next(engine: Engine) -> None:
    plan = plan_of(chat())
    mine = posts(engine, plan)
    mine.step(FIRST)
    assert courier(engine, plan, "chat", FIRST).deliver() == (0, 1)

    mine.step(FIRST + DAY)

    assert states(engine) == [SPARED, "due"]
    assert texts(engine)[-1] == f"new since {iso(FIRST)}"  # never sent: from the turn before


def test_two_notifiers_at_the_same_turn_post_one(engine: Engine) -> None:
    """The second is done while the first still writes."""
    plan = plan_of(chat())
    posts(engine, plan)

    def slowly(connection: Any, update: Update, since: datetime, now: datetime) -> Written:
        Updates(engine, plan, plainly).step(now)
        return plainly(connection, update, since, now)

    assert Updates(engine, plan, slowly).step(FIRST) == []
    assert states(engine) == ["due"]


def test_it_says_what_the_command_says_over_chat_and_mail(
    engine: Engine, server: Loopback, postbox: tuple[Postbox, int]
) -> None:
    """Programs get it as JSON beside the words."""
    settled(engine, title="Firmware @channel https://evil.example")
    box, port = postbox
    by_mail = mail(port).model_copy(update={"to": ("tpm@fleet.example",)})
    plan = plan_of(chat(server.url), by_mail, team="t-vis", zone="Europe/Berlin").model_copy(
        update={"audiences": (), "base_url": "https://dash.example/"}
    )
    Notifier(engine, plan).step(NOW)
    tell(engine, NOW + 2 * HOUR, start=micros(START + 9 * HOUR))

    Updates(engine, plan, writer(plan)).step(FIRST)
    assert courier(engine, plan, "chat", FIRST).deliver() == (1, 0)
    server.fails(404)
    Updates(engine, plan, writer(plan)).step(FIRST + DAY)
    assert courier(engine, plan, "chat", FIRST + DAY).deliver() == (0, 1)
    assert courier(engine, plan, "mail", FIRST + DAY).deliver() == (1, 0)

    said = json.loads(server.asked[0].body)["text"]
    assert said.startswith("*Maintenance update for Vision, Tue 3 Mar 09:30 CET*\n")
    assert "announced and confirmed for Tue 18:00 to Wed 15:00" in said
    assert "@channel" not in said
    assert "https://evil" not in said
    assert said.endswith("https://dash.example/?team=t-vis")
    assert box.mails[0]["Subject"] == "Maintenance update for Vision, Wed 4 Mar 09:30 CET"
    with reading(engine) as connection:
        (told,) = json.loads(
            connection.scalars(select(messages.c.program).order_by(messages.c.written_at)).first() or ""
        )
    assert (told["update"], told["since"]) == ("daily", iso(FIRST - DAY - HOUR))
    assert told["status"]["scope"] == {"team": "Vision"}


def test_what_is_wrong_with_one_costs_no_other(engine: Engine, postbox: tuple[Postbox, int]) -> None:
    """Said by doctor, too."""
    settled(engine)
    plan = Notices.model_validate({
        "channels": [mail(postbox[1])],
        "updates": [{"name": "odd", "at": "08:00", "channels": ["mail"], "team": "nobody"},
                    {"name": "daily", "at": "08:00", "channels": ["mail"], "contact": "mailto:tpm@fleet.example"}],
    })  # fmt: skip
    Notifier(engine, plan).step(NOW)
    mine = Updates(engine, plan, writer(plan))

    posted = [update.name for update, _ in mine.step(FIRST)]
    courier(engine, plan, "mail", FIRST).deliver()
    found = {each.words for each in examine_updates(mine, NOW) if not each.sound}

    assert posted == ["daily"]
    assert mine.faults == ["update odd: no team is called 'nobody'; there is t-fm and t-vis"]
    assert found == {
        *mine.faults,
        "update odd over mail: the contact 'nothing' is no e-mail address; the directory has to say mailto:x@y",
    }
    assert text_of(postbox[0].mails[0]).startswith("All 16 GPUs are in service.")


def test_a_turn_is_by_the_clock_on_the_wall() -> None:
    """08:30 in Berlin is an hour later by UTC once clocks are set back; an hour that there is not comes after it."""
    weekly = Update.model_validate({"name": "w", "at": "08:30", "days": ["mon"], "zone": "Europe/Berlin",
                                    "channels": ["chat"]})  # fmt: skip
    gap = Update.model_validate({"name": "g", "at": "02:30", "zone": "Europe/Berlin", "channels": ["chat"]})

    assert turns(weekly, datetime(2026, 10, 28, tzinfo=UTC), "UTC") == (
        datetime(2026, 10, 26, 7, 30, tzinfo=UTC), datetime(2026, 10, 19, 6, 30, tzinfo=UTC),
    )  # fmt: skip
    assert turns(weekly, datetime(2026, 10, 26, 7, 29, tzinfo=UTC), "UTC")[0] == datetime(
        2026, 10, 19, 6, 30, tzinfo=UTC
    )
    assert turns(gap, datetime(2026, 3, 29, 12, tzinfo=UTC), "UTC")[0] == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(("wrong", "words"), [
    ({"at": "08:30+01:00"}, "write it without an offset"), ({"days": ["monday"]}, "days"), ({"days": []}, "days"),
    ({"channels": ["pager"]}, "update 'daily': there is no channel 'pager'"), ({"zone": "Berlin"}, "no such time zone"),
])  # fmt: skip
def test_a_table_that_cannot_be_meant_is_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        plan_of(chat(), **wrong)
