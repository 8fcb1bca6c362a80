"""Facts go in once, in any order, and the tables that make now fast follow."""

import threading
from datetime import timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from dashboard.errors import LogUnavailable, UsageError
from dashboard.log.append import append, newest_recorded
from dashboard.log.database import appending, migrate, open_log, reading
from dashboard.log.derive import rebuild
from dashboard.log.notice_tables import notices
from dashboard.log.read import in_force
from dashboard.log.tables import metadata
from dashboard.model.instants import micros
from dashboard.model.stages import Stage, Status
from tests.log.stories import FLEET, NOW, Fact, clear, derived, facts, membership, standing, tell, transition, update

made_up = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def test_the_schema_is_what_the_tables_say(engine: Engine) -> None:
    """The migrations come to exactly the metadata, and running them again changes nothing."""
    migrate(engine)

    with engine.connect() as connection:
        assert notices.name in metadata.tables
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_the_same_facts_again_change_nothing(engine: Engine) -> None:
    """Position and tables stay as they were."""
    told = [update(Status.IN_PROGRESS, 1), membership("n-1", 1), transition("n-1", Stage.CORDONED, 2)]
    first = tell(engine, told)
    before = derived(engine)

    again = tell(engine, told)

    assert (first, again) == (1, None)
    assert derived(engine) == before


@made_up
@given(told=facts(), data=st.data())
def test_the_order_of_arrival_does_not_matter(engine: Engine, told: list[Fact], data: st.DataObject) -> None:
    """In one go, or shuffled, cut into pieces and partly told twice: the derived tables are the same."""
    clear(engine)
    tell(engine, told)
    whole = derived(engine)
    shuffled = data.draw(st.permutations(told + told[:3]))
    cut = data.draw(st.integers(0, len(shuffled)))

    clear(engine)
    tell(engine, shuffled[:cut])
    tell(engine, shuffled[cut:])

    assert derived(engine) == whole


@made_up
@given(told=facts())
def test_rebuilding_changes_nothing(engine: Engine, told: list[Fact]) -> None:
    """What is derived step by step is what the log comes to."""
    clear(engine)
    for fact in told:
        tell(engine, [fact])
    before = derived(engine)

    with appending(engine) as connection:
        rebuild(connection)

    assert derived(engine) == before


@made_up
@given(told=facts(), later=facts())
def test_a_past_instant_gives_the_same_answer_for_ever(engine: Engine, told: list[Fact], later: list[Fact]) -> None:
    """As of T a log says what a log says that was never told anything recorded after T."""
    instant = 6
    at = micros(NOW - timedelta(days=30) + timedelta(hours=instant))
    clock = {"node_transitions": 4, "maintenance_updates": 1, "maintenance_nodes": 2, "joins": 1}
    known = [fact for fact in told + later if fact[1][clock[fact[0]]] <= at]
    clear(engine)
    tell(engine, known)
    then = standing(engine, None)

    tell(engine, told)
    tell(engine, later)

    assert standing(engine, at) == then


def test_a_later_word_on_a_node_counts_from_when_it_was_brought(engine: Engine) -> None:
    """Reference data has no clock: the first word was always true, a different one is true from now."""
    moved = NOW + timedelta(days=1)
    tell(engine, [])

    with appending(engine) as connection:
        append(connection, {"nodes": [("n-1", "c", "other rack", 8, "")]}, moved, "test")

    with reading(engine) as connection:
        before = {row["node_id"]: row["rack"] for row in in_force(connection, "nodes", micros(moved) - 1)}
        after = {row["node_id"]: row["rack"] for row in in_force(connection, "nodes", micros(moved))}
    assert (before["n-1"], after["n-1"]) == ("r", "other rack")


def test_the_newest_recorded_instant_is_told(engine: Engine) -> None:
    """An empty log has none; then it is the latest clock of knowledge, not of occurrence."""
    with reading(engine) as connection:
        empty = newest_recorded(connection)

    tell(engine, [transition("n-1", Stage.CORDONED, at=2, known=5)])

    with reading(engine) as connection:
        position, newest = newest_recorded(connection)
    assert empty == (0, None)
    assert position == 1
    assert newest == NOW - timedelta(days=30) + timedelta(hours=5)


def test_a_reader_never_passes_over_a_position_that_commits_later(engine: Engine) -> None:
    """While one append is open, another waits: positions become visible in their order."""
    tell(engine, [])
    rows = {"node_transitions": [transition("n-2", Stage.CORDONED, 2)[1]]}
    second = threading.Thread(target=tell, args=(engine, [transition("n-1", Stage.CORDONED, 1)]))

    with appending(engine) as connection:
        first = append(connection, rows, NOW, "slow")
        second.start()
        second.join(timeout=0.5)
        waited = second.is_alive()
        with reading(engine) as looking:
            seen = newest_recorded(looking)[0]
    second.join(timeout=30)

    with reading(engine) as looking:
        after = newest_recorded(looking)[0]
    assert waited
    assert (seen, first, after) == (1, 2, 3)


def test_what_fails_leaves_nothing(engine: Engine) -> None:
    """An append is a transaction: an error in its middle takes all of it back."""

    def half() -> None:
        with appending(engine) as connection:
            append(connection, FLEET, NOW, "test")
            raise RuntimeError("the power went")

    with pytest.raises(RuntimeError):
        half()

    with reading(engine) as connection:
        assert newest_recorded(connection) == (0, None)
        assert in_force(connection, "nodes") == []


@pytest.mark.parametrize("url", ["mysql://a:secret@b/c", "no url at all", "sqlite+nothing:///x"])
def test_a_url_that_cannot_be_a_log_is_one_sentence(url: str) -> None:
    """It says what to use instead, and never the password."""
    with pytest.raises(UsageError) as told:
        open_log(url)

    assert "sqlite" in str(told.value)
    assert "secret" not in str(told.value)
    assert "\n" not in str(told.value)


def test_a_database_out_of_reach_is_one_sentence() -> None:
    """The server's name is in it, the password is not."""
    engine = open_log("postgresql://someone:secret@127.0.0.1:1/nowhere")

    with pytest.raises(LogUnavailable) as told, reading(engine):
        pass

    engine.dispose()
    assert "127.0.0.1:1" in str(told.value)
    assert "secret" not in str(told.value)
    assert "\n" not in str(told.value)
