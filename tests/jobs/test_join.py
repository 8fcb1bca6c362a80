"""What two sources tell of one maintenance is found out, said in the log with its reason, and can be undone."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from dashboard.jobs.join import Joiner, take_apart
from dashboard.log.append import append
from dashboard.log.database import appending, reading
from dashboard.log.read import history
from dashboard.log.state import maintenances
from dashboard.model.instants import micros
from dashboard.model.scope import Scope
from dashboard.model.stages import Stage, Status
from dashboard.views.contradictions import contradictions
from dashboard.views.tellings import tellings, whole_of

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def update(name: str, source: str, at: datetime, status: str = "scheduled", **told: object) -> tuple[object, ...]:
    ends = told.get("ends")
    return (name, micros(at), source, status, "firmware", "", "p", "c", micros(NOW + HOUR),
            micros(ends) if isinstance(ends, datetime) else None, None, told.get("ref", ""), "")  # fmt: skip


def move(name: str, node: str, stage: Stage, at: datetime, source: str) -> tuple[object, ...]:
    return (name, node, stage, micros(at), micros(at), source, "")


def tell(engine: Engine, **facts: list[tuple[object, ...]]) -> None:
    fleet: dict[str, list[tuple[object, ...]]] = {
        "clusters": [("c", "p", "", "", 8)],
        "nodes": [(f"n-{i}", "c", "", 8, "") for i in range(4)],
    }
    with appending(engine) as connection:
        append(connection, fleet | facts, NOW, "test")


def two_tellings(engine: Engine) -> None:
    """The fleet's own controller names the nodes, the provider's mail the end; both the reference."""
    tell(
        engine,
        maintenance_updates=[
            update("M-1", "controller", NOW - 9 * HOUR, ref="CHG-1", ends=NOW + 5 * HOUR),
            update("mail:7", "mail", NOW - 8 * HOUR, ref="chg-1", ends=NOW + 7 * HOUR),
            update("M-2", "controller", NOW - 8 * HOUR, ref="CHG-2"),
        ],
        maintenance_nodes=[("M-1", "n-1", micros(NOW - 9 * HOUR), False)],
    )


def test_what_is_told_twice_is_joined_once_with_its_reason(engine: Engine) -> None:
    two_tellings(engine)
    joiner = Joiner(engine)

    first, again = joiner.step(NOW), joiner.step(NOW + HOUR)

    with reading(engine) as connection:
        story = tellings(connection, Scope(), NOW, "M-1")
        known = maintenances(connection)
        assert whole_of(connection, Scope(), "mail:7") == "M-1"
    assert (first, again) == (1, 0)
    assert set(known) == {"M-1", "M-2"}
    assert story.parts["maintenance_id"].tolist() == ["M-1", "mail:7"]
    assert story.parts["because"].tolist() == ["", "the same reference of the provider’s: CHG-1"]
    assert story.contradictions == (
        "controller plans its end for Mon 17:00 UTC; mail plans its end for Mon 19:00 UTC.",
    )


def test_what_somebody_took_apart_stays_apart(engine: Engine) -> None:
    two_tellings(engine)
    joiner = Joiner(engine)
    joiner.step(NOW)

    take_apart(engine, "mail:7", NOW + HOUR)
    joiner.step(NOW + 2 * HOUR)
    Joiner(engine).step(NOW + 3 * HOUR)

    with reading(engine) as connection:
        assert set(maintenances(connection)) == {"M-1", "M-2", "mail:7"}
        assert len(history(connection, "joins")) == 2
        assert whole_of(connection, Scope(as_of=NOW + HOUR / 2), "mail:7") == "M-1"


def test_the_later_telling_is_found_when_it_comes(engine: Engine) -> None:
    """Each look is at what was told since the last one."""
    tell(engine, maintenance_updates=[update("M-1", "controller", NOW - 9 * HOUR, ref="CHG-1")])
    joiner = Joiner(engine)
    before = joiner.step(NOW)

    tell(engine, maintenance_updates=[update("mail:7", "mail", NOW, ref="CHG-1")])

    assert (before, joiner.step(NOW)) == (0, 1)


def test_one_source_says_it_is_over_while_its_nodes_are_out(engine: Engine) -> None:
    tell(
        engine,
        maintenance_updates=[update("M-1", "controller", NOW - 3 * HOUR, "completed")],
        node_transitions=[
            move("M-1", "n-1", Stage.CORDONED, NOW - 5 * HOUR, "k8s"),
            move("M-1", "n-2", Stage.CORDONED, NOW - 5 * HOUR, "k8s"),
            move("M-1", "n-2", Stage.IN_SERVICE, NOW - 4 * HOUR, "k8s"),
        ],
    )

    with reading(engine) as connection:
        (found,) = contradictions(connection, Scope(), NOW)
        before = contradictions(connection, Scope(as_of=NOW - 4 * HOUR), NOW)
    assert found.said == "controller says it is completed since Mon 09:00 UTC; 1 node still cordoned."
    assert found.since == NOW - 3 * HOUR
    assert before == []


def test_two_sources_disagree_on_where_nodes_are(engine: Engine) -> None:
    """Half an hour they may be behind each other; after that it is told."""
    two_tellings(engine)
    Joiner(engine).step(NOW)
    tell(
        engine,
        node_transitions=[
            move("M-1", "n-1", Stage.CORDONED, NOW, "controller"),
            move("mail:7", "n-1", Stage.IN_SERVICE, NOW + 2 * HOUR, "mail"),
        ],
    )

    with reading(engine) as connection:
        soon = [each.said for each in contradictions(connection, Scope(), NOW + 2.5 * HOUR)]
        late = [each.said for each in contradictions(connection, Scope(), NOW + 4 * HOUR)]
    said = "Of M-1 and mail:7, one has 1 node back and another still has them out."
    assert said not in soon
    assert said in late


def test_a_maintenance_that_is_over_for_one_and_runs_for_the_other_is_told(engine: Engine) -> None:
    two_tellings(engine)
    Joiner(engine).step(NOW)
    tell(
        engine,
        maintenance_updates=[
            update("M-1", "controller", NOW, Status.IN_PROGRESS),
            update("mail:7", "mail", NOW + HOUR, Status.COMPLETED),
        ],
    )

    with reading(engine) as connection:
        open_, *_ = contradictions(connection, Scope(as_of=NOW + HOUR / 2), NOW)
        said = [each.said for each in contradictions(connection, Scope(), NOW + 3 * HOUR, ["M-1"])]
    assert "plans its end" in open_.said
    assert "mail says it is completed; controller says it is in progress." in said
