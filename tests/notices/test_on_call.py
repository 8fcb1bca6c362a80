"""Who is on call, by a directory that is connected: in Who's up, in notices, and where nobody acknowledges."""

import json
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine

from dashboard.jobs.notify import Notifier
from dashboard.log.append import append
from dashboard.log.database import appending, reading
from dashboard.model.instants import micros
from dashboard.model.scope import Scope
from dashboard.notices.channels.chat import Slack
from dashboard.notices.plan import Notices
from dashboard.options import Secret
from dashboard.views.expectations import who_is_up
from tests.notices.conftest import Postbox, mail, text_of
from tests.notices.places import NOW, courier, settled, written
from tests.sources.asked import Asked
from tests.sources.loopback import Loopback
from tests.sources.test_pagerduty import oncall, pagerduty

DUTIES = (
    {"party": "oncall", "role": "cluster_oncall", "schedule": "S1", "provider": "p", "cluster": "c",
     "channel": "mailto:oncall@fleet.example", "escalates_to": "lead", "timezone": "Europe/Berlin"},
    {"party": "lead", "role": "cluster_oncall", "schedule": "S2", "channel": "mailto:lead@fleet.example"},
    {"party": "scheduler", "role": "scheduler_oncall", "schedule": "S3"},
)  # fmt: skip


def connected(engine: Engine, server: Loopback, *shifts: dict[str, Any]) -> None:
    """What a PagerDuty on loopback says of these duties."""
    server.says({"oncalls": list(shifts), "more": False})
    asked = Asked(engine, pagerduty(server, *DUTIES))
    asked.now = NOW
    asked.again()


def plan_of(postbox: tuple[Postbox, int]) -> Notices:
    channels = [mail(postbox[1]), mail(postbox[1]).model_copy(update={"name": "up"}),
                Slack(name="chat", url=Secret.holding("the test", "http://127.0.0.1:9/"), room="contact")]  # fmt: skip
    return Notices.model_validate({
        "channels": channels,
        "audiences": [
            {"name": "oncall", "for": "clusters", "channels": ["mail"], "escalation": ["up"]},
            {"name": "sched", "for": "schedulers", "channels": ["chat"]},
        ],
    })  # fmt: skip


def test_the_person_on_call_is_named_and_the_next_one_is_told(
    engine: Engine, server: Loopback, postbox: tuple[Postbox, int]
) -> None:
    """Ann has the duty, and does not answer; Lee is told, at Lee's own address, and Ann is told again."""
    settled(engine)
    connected(engine, server, oncall("Ann", "S1"), oncall("Lee", "S2"))
    plan, later = plan_of(postbox), NOW + timedelta(hours=2)

    Notifier(engine, plan).step(NOW)
    courier(engine, plan, "mail", NOW).deliver()
    Notifier(engine, plan).step(later)
    for name in ("mail", "up"):
        courier(engine, plan, name, later).deliver()

    first, again, above = postbox[0].mails
    assert "On call: Ann. Please acknowledge" in text_of(first)
    assert (first["To"], again["To"], above["To"]) == (*["oncall@fleet.example"] * 2, "lead@fleet.example")
    assert "Nobody of c on-call has acknowledged this" in text_of(above)
    assert "It goes to Lee, too. On call: Ann." in " ".join(text_of(above).split())
    assert above["X-Idempotency-Key"] == again["X-Idempotency-Key"]
    assert not any("On call" in row.words for row in written(engine) if row.audience == "sched/all")  # nobody is


def test_who_is_up_names_who_has_the_duty_by_now(engine: Engine, server: Loopback) -> None:
    """Bo took over: whoever is asked is Bo, and after Bo, Lee."""
    settled(engine)
    connected(engine, server, oncall("Ann", "S1"), oncall("Lee", "S2"))
    connected(engine, server, oncall("Bo", "S1"), oncall("Lee", "S2"), oncall("Sam", "S3"))
    with appending(engine) as connection:
        moves = [("M-1", node, "cordoned", micros(NOW - timedelta(hours=9)), micros(NOW), "k8s", "")
                 for node in ("n-1", "n-2")]  # fmt: skip
        append(connection, {"node_transitions": moves}, NOW, "test")

    with reading(engine) as connection:
        found = who_is_up(connection, Scope(), NOW)

    assert "Sam" in found.parties["who"].tolist()
    assert json.dumps(found.owed["who"].tolist()).count("Ann") == 0


def test_an_address_that_does_not_fit_goes_to_whom_it_concerns(engine: Engine, postbox: tuple[Postbox, int]) -> None:
    """Who is above has a room and no mailbox: the mail is not lost."""
    settled(engine)
    with appending(engine) as connection:
        rows = [("oncall", "Ann", "cluster_oncall", "p", "c", "", "mailto:oncall@fleet.example", "lead", ""),
                ("lead", "Lee", "cluster_oncall", "", "", "", "slack:#leads", "", "")]  # fmt: skip
        append(connection, {"parties": rows}, NOW, "test")
    plan, later = plan_of(postbox), NOW + timedelta(hours=2)

    for at in (NOW, later):
        Notifier(engine, plan).step(at)
    courier(engine, plan, "up", later).deliver()

    assert [each["To"] for each in postbox[0].mails] == ["oncall@fleet.example"]
