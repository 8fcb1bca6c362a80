"""Who is up, from facts in the log, on both databases."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from dashboard.jobs.forecast import Forecaster
from dashboard.log.append import append
from dashboard.log.database import appending, reading
from dashboard.log.usual_times import read_usual, usual_as_of
from dashboard.model.instants import micros
from dashboard.model.scope import Scope
from dashboard.model.slas import NO_SLAS, Sla, Slas
from dashboard.model.stages import Stage, Status
from dashboard.views.expectations import WhoIsUp, who_is_up
from dashboard.views.maintenance import where_it_stands
from tests.log.stories import START, Fact, hours, membership, transition

NOW = START + timedelta(hours=100)
FLEET: dict[str, list[tuple[Any, ...]]] = {
    "providers": [("p", "Provider"), ("q", "Other")],
    "clusters": [("c", "p", "north", "H100", 8), ("d", "q", "south", "B200", 8)],
    "teams": [("red", "Red"), ("blue", "Blue")],
    "nodes": [(f"n-{i}", "c", "r", 8, "red") for i in range(6)] + [("m-1", "d", "r", 8, "blue")],
    "parties": [
        ("desk", "Dora", "provider", "p", "", "", "mailto:dora@p.example", "boss", ""),
        ("boss", "Bruno", "provider", "p", "", "", "mailto:bruno@p.example", "", ""),
        ("hw", "Health rota", "hardware_health", "", "", "", "slack:#health", "", ""),
        ("red-lead", "Rita", "customer", "", "", "red", "slack:#red", "", ""),
    ],
}


def told(status: Status, known: float, maintenance: str = "M-1", **more: Any) -> Fact:
    """A word on a maintenance at provider p, or at `provider`."""
    row = (maintenance, hours(known), "test", status, more.get("kind", "firmware"), "Firmware",
           more.get("provider", "p"), more.get("cluster", "c"), more.get("start"), more.get("end"), None, "",
           "")  # fmt: skip
    return "maintenance_updates", row


def case(name: str, known: float, status: str, maintenance: str = "M-1", node: str = "", **more: Any) -> Fact:
    row = (name, hours(known), maintenance, node, more.get("provider", "p"), status, more.get("severity", "sev2"),
           more.get("opened"), more.get("response"), more.get("resolution"), more.get("note", ""))  # fmt: skip
    return "support_cases", row


def commitment(name: str, known: float, party: str, due: float | None, met: float | None = None, **more: Any) -> Fact:
    row = (name, hours(known), more.get("maintenance", "M-1"), party, more.get("what", f"what {party} said"),
           None if due is None else hours(due), None if met is None else hours(met), more.get("withdrawn"))  # fmt: skip
    return "commitments", row


def tell(engine: Engine, *facts: Fact) -> None:
    rows: dict[str, list[tuple[Any, ...]]] = {name: list(some) for name, some in FLEET.items()}
    for name, row in facts:
        rows.setdefault(name, []).append(row)
    with appending(engine) as connection:
        append(connection, rows, NOW, "test")


def seen(engine: Engine, slas: Slas = NO_SLAS, now: datetime = NOW, **scope: Any) -> WhoIsUp:
    with reading(engine) as connection:
        return who_is_up(connection, Scope(**scope), now, slas)


def owed(found: WhoIsUp) -> list[tuple[str, str, str, str]]:
    return list(found.owed[["who", "what", "late_words", "basis"]].itertuples(index=False, name=None))


RUNNING = (
    told(Status.IN_PROGRESS, 1, start=hours(0), end=hours(90)),
    *(membership(f"n-{i}", 0) for i in range(4)),
    transition("n-0", Stage.IN_MAINTENANCE, 50),
    transition("n-1", Stage.IN_MAINTENANCE, 60),
    transition("n-2", Stage.VALIDATING, 95),
    transition("n-3", Stage.REPAIRING, 90),
)


def test_an_empty_log_owes_nothing(engine: Engine) -> None:
    found = seen(engine)

    assert found.sentence == "Nobody owes anything right now."
    assert (found.things, found.waiting_for, len(found.owed), len(found.cases)) == (0, 0, 0, 0)


def test_one_running_maintenance_makes_its_provider_and_us_owe(engine: Engine) -> None:
    """The end it gave passed 10 h ago; a repair of 10 h has no case, which should be there since 6 h."""
    tell(engine, *RUNNING)

    found = seen(engine)

    assert owed(found) == [
        ("Dora, Provider", "Give back the last 3 nodes", "10 h", "promise"),
        ("Health rota", "Open a support case for 1 node in repair", "6 h", "our own rule"),
        ("Dora, Provider", "Hand back 2 nodes", "", ""),
        ("Dora, Provider", "Repair 1 node", "", ""),
        ("Health rota", "Validate 1 node", "", ""),
    ]
    assert found.sentence == (
        "We wait for 2 parties, 2 of them late; the longest overdue is Dora, Provider, since Thu 18:00 UTC: "
        "give back the last 3 nodes."
    )
    assert found.parties["escalates_to"].tolist() == ["Bruno", ""]
    assert found.parties["overdue_words"].tolist() == ["1 of 3", "1 of 2"]


def test_a_contract_is_what_is_due_and_its_clock_is_shown(engine: Engine) -> None:
    """45 h are granted: the node taken 50 h ago is late by 5, the one of 40 h ago is not."""
    tell(engine, *RUNNING)

    found = seen(engine, Slas((Sla("return", 45, "p"),)))

    (clock,) = found.clocks.itertuples()
    assert (clock.what, clock.late_words) == ("Hand back 2 nodes, 1 of them longer than agreed", "5 h")
    assert (clock.state, clock.basis_words) == ("overdue", "return within 45 h")


def test_what_is_usual_is_learnt_by_the_worker_and_makes_stages_due(engine: Engine) -> None:
    """Forty stays of an hour are over; a node that has been there for thirty is late, and the row says why."""
    past = [
        fact
        for i in range(40)
        for fact in (
            told(Status.COMPLETED, 9, f"P-{i}"),
            transition("n-5", Stage.IN_MAINTENANCE, 1 + i / 100, maintenance=f"P-{i}"),
            transition("n-5", Stage.IN_SERVICE, 2 + i / 100, maintenance=f"P-{i}"),
        )
    ]
    tell(engine, *past, told(Status.IN_PROGRESS, 60), transition("n-0", Stage.IN_MAINTENANCE, 70))

    before = seen(engine)
    Forecaster(engine).step(NOW)
    after = seen(engine)

    with reading(engine) as connection:
        assert usual_as_of(connection) == NOW
        usual = read_usual(connection).of("p", "firmware", "in_maintenance")
    assert usual is not None
    assert usual.p50 == pytest.approx(1.0, rel=0.3)
    assert owed(before) == [("Dora, Provider", "Hand back 1 node", "", "")]
    assert [row[1] for row in owed(after)] == ["Hand back 1 node, all longer than usual"]
    assert after.owed["basis"].tolist() == ["usual time"]


def test_what_is_usual_of_a_past_instant_is_what_could_be_learnt_then(engine: Engine) -> None:
    """What the worker keeps is of now; the past is asked from the log, and a later fact does not change it."""
    tell(engine, *RUNNING)
    at = START + timedelta(hours=70)

    before = seen(engine, as_of=at)
    tell(engine, *(transition("n-4", Stage.IN_MAINTENANCE, 80 + i, maintenance="M-2") for i in range(3)))
    Forecaster(engine).step(NOW)
    after = seen(engine, as_of=at)

    assert owed(before) == owed(after)
    assert {row[3] for row in owed(before)} == {"usual time", "promise"}


def test_a_case_is_beside_its_node_and_takes_the_missing_case_away(engine: Engine) -> None:
    tell(engine, *RUNNING, case("CS-1", 91, "open", node="n-3", response=hours(95), resolution=hours(140), note="dead"))

    found = seen(engine)

    (row,) = found.cases.itertuples()
    assert (row.case_id, row.node_id, row.stage, row.state) == ("CS-1", "n-3", "repairing for 10 h", "overdue")
    assert ("Dora, Provider", "Answer case CS-1", "5 h", "support case") in owed(found)
    assert not [what for _, what, _, _ in owed(found) if what.startswith("Open a support case")]


def test_a_closed_case_waits_for_nothing_and_one_opened_again_does(engine: Engine) -> None:
    """Also told twice in one instant, and in the words of another system."""
    tell(
        engine,
        case("CS-1", 1, "open"), case("CS-1", 2, "Resolved"),
        case("CS-2", 1, "open"), case("CS-2", 2, "closed"), case("CS-2", 3, "In Progress"),
        case("CS-3", 1, "Waiting on Customer"), case("CS-3", 4, "", severity="sev1"),
        told(Status.COMPLETED, 5),
    )  # fmt: skip

    found = seen(engine)

    assert found.cases["case_id"].tolist() == ["CS-3", "CS-2"]
    assert ("Health rota", "Answer the provider on case CS-3", "3 d", "our own rule") in owed(found)


def test_commitments_are_owed_until_met_or_withdrawn(engine: Engine) -> None:
    """Also by a party that no directory names, and when they are taken back."""
    tell(
        engine,
        told(Status.COMPLETED, 5),
        commitment("C-1", 1, "desk", 50), commitment("C-1", 2, "desk", None, met=2),
        commitment("C-2", 1, "desk", 50), commitment("C-2", 2, "desk", None, withdrawn=True),
        commitment("C-3", 1, "boss", 90),
        commitment("C-4", 1, "nobody-knows", None),
    )  # fmt: skip

    found = seen(engine)

    assert owed(found) == [
        ("Bruno, Provider", "What boss said", "10 h", "promise"),
        ("nobody-knows", "What nobody-knows said", "", ""),
    ]


def test_a_start_is_to_be_confirmed_and_what_is_confirmed_is_to_begin(engine: Engine) -> None:
    """72 h before the start, which is in 62: late for 10. The other one should have begun 3 h ago."""
    tell(
        engine,
        told(Status.SCHEDULED, 10, "M-1", start=hours(162)),
        told(Status.CONFIRMED, 10, "M-2", start=hours(97)),
        told(Status.CONFIRMED, 10, "M-3", start=hours(162)),
    )

    assert owed(seen(engine)) == [
        ("Dora, Provider", "Confirm the start, or move it", "10 h", "our own rule"),
        ("Dora, Provider", "Begin, or say when", "3 h", "promise"),
    ]


@pytest.mark.parametrize(
    ("scope", "parties"),
    [
        ({}, {"Dora, Provider", "Other", "Rita"}),
        ({"provider": "p"}, {"Dora, Provider"}),
        ({"cluster": "d"}, {"Other"}),
        ({"team": "red"}, {"Dora, Provider", "Rita"}),
        ({"team": "blue"}, {"Other"}),
        ({"sku": "H200"}, set()),
    ],
)
def test_a_scope_sees_what_is_owed_in_it(engine: Engine, scope: dict[str, Any], parties: set[str]) -> None:
    """By the maintenance's nodes; a team also what its own people took on."""
    tell(
        engine,
        told(Status.IN_PROGRESS, 1, "M-1"), transition("n-0", Stage.IN_MAINTENANCE, 50),
        told(Status.IN_PROGRESS, 1, "M-2", provider="q", cluster="d"),
        transition("m-1", Stage.IN_MAINTENANCE, 50, maintenance="M-2"),
        commitment("C-1", 1, "red-lead", 200, maintenance=""),
    )  # fmt: skip

    assert set(seen(engine, **scope).owed["who"]) == parties


def test_a_maintenance_says_the_same_on_its_own_page(engine: Engine) -> None:
    """The rows of Who's up that are of it, to the word."""
    tell(engine, *RUNNING, case("CS-1", 91, "open", node="n-3"), commitment("C-1", 1, "desk", 90))
    slas = Slas((Sla("return", 45, "p"), Sla("response", 4)))

    with reading(engine) as connection:
        story = where_it_stands(connection, Scope(), NOW, "M-1", slas)

    assert story is not None
    assert story.waiting_for.to_dict() == seen(engine, slas).owed.to_dict()
    assert len(story.waiting_for) == 7


def test_facts_that_cannot_be_are_no_failure(engine: Engine) -> None:
    """Due in the year 9999, opened in the year 1, of a maintenance, a node and a provider that nobody knows."""
    end_of_time, beginning = (
        micros(datetime.fromisoformat("9999-12-31T23:59:59+00:00")),
        micros(datetime.fromisoformat("0001-01-01T00:00:00+00:00")),
    )
    tell(
        engine,
        case("CS-1", 1, "?!", "M-404", "n-404", provider="", opened=beginning, response=end_of_time),
        case("CS-2", 1, "open", "", opened=end_of_time, resolution=beginning, severity=""),
        told(Status.SCHEDULED, 1, "M-1", start=beginning, end=end_of_time),
        told(Status.IN_PROGRESS, 1, "M-2", start=end_of_time, end=beginning),
    )

    found = seen(engine, Slas((Sla("response", 4), Sla("resolution", 4), Sla("confirmation", 9))), zone="Asia/Tokyo")

    assert found.things == len(found.owed) > 0
    assert found.cases["case_id"].tolist() == ["CS-1", "CS-2"]
