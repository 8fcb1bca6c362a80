"""The rules that every source keeps, whatever it reads: its world is found by the name of its type."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from dashboard.jobs.collect import How
from dashboard.log.append import newest_recorded
from dashboard.log.database import opened, reading
from dashboard.log.tables import FACT_TABLES
from dashboard.sources import SOURCES
from tests.sources.asked import Asked
from tests.sources.faults import FAULTS, TOKEN, fail, patience
from tests.sources.loopback import Loopback
from tests.sources.worlds import World

TYPES = sorted(each.stem for each in Path(__file__).parent.joinpath("worlds").glob("[a-z]*.py"))
BY_OTHER_PEERS = {"mailbox", "slurm", "webhook"}  # a real IMAP server, a real Slurm, and what is pushed


@pytest.fixture(params=TYPES)
def world(request: pytest.FixtureRequest, server: Loopback, tmp_path: Path) -> World:
    """The world of each type."""
    folder = tmp_path / "world"
    folder.mkdir()
    found: World = import_module(f"tests.sources.worlds.{request.param}").world(server, folder)
    return found


@pytest.fixture(scope="module")
def empty_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log with its schema, to be copied: faster than to make one."""
    path = tmp_path_factory.mktemp("log") / "log.db"
    with opened(f"sqlite:///{path}"):
        pass
    return path


@pytest.fixture
def logs(empty_log: Path, tmp_path: Path) -> Iterator[Any]:
    """Makes logs with nothing in them."""
    with ExitStack() as stack:

        @contextmanager
        def one(number: int) -> Iterator[Engine]:
            path = tmp_path / f"log-{number}.db"
            shutil.copy(empty_log, path)
            with opened(f"sqlite:///{path}") as engine:
                yield engine

        numbers = iter(range(99))
        yield lambda: stack.enter_context(one(next(numbers)))


def held(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """Every fact in the log, in some order."""
    with reading(engine) as connection:
        return {
            name: sorted(map(tuple, connection.execute(select(table))), key=repr) for name, table in FACT_TABLES.items()
        }


def position(engine: Engine) -> int:
    with reading(engine) as connection:
        return newest_recorded(connection)[0]


def told(engine: Engine, world: World, records: Sequence[Any]) -> tuple[dict[str, list[tuple[Any, ...]]], Any]:
    """What the log holds when a world has said this and no more."""
    world.says(records)
    done = Asked(engine, world.source(), world.nodes).again()
    return held(engine), done


def test_every_type_has_a_world() -> None:
    """A new source has a module in worlds, or a suite against a real peer."""
    assert {*TYPES, *BY_OTHER_PEERS} == set(SOURCES)


def test_the_same_again_says_nothing_and_writes_nothing(logs: Any, world: World) -> None:
    """After every step of its world; and from its beginning, nothing comes twice."""
    engine = logs()
    asked = Asked(engine, world.source(), world.nodes)
    news = []
    for records in world.steps:
        world.says(records)
        news.append(asked.again().new)
        asked.again()  # what was read within an overlap is known by now
        before = position(engine)
        idle = asked.again()
        assert (idle.how, idle.new, idle.set_aside, position(engine)) == (How.DONE, 0, 0, before)
        facts = held(engine)
        again = asked.anew()
        assert (again.how, again.new, held(engine)) == (How.DONE, 0, facts)

    assert news[0] > 0
    assert sum(each > 0 for each in news) >= 2


def test_a_worker_that_takes_over_goes_on_where_the_last_one_was(logs: Any, world: World) -> None:
    """All that a source remembers is in its cursor: a new worker at every step brings the same facts."""
    one, many = logs(), logs()
    asked = Asked(one, world.source(), world.nodes)
    for records in world.steps:
        world.says(records)
        asked.again()
    named = world.nodes
    for minutes, records in enumerate(world.steps, 1):
        world.says(records)
        another = Asked(many, world.source(), named)
        named = ()
        another.again(minutes)

    assert held(many) == held(one)


def test_what_is_nonsense_costs_no_neighbour(logs: Any, world: World) -> None:
    engine, other = logs(), logs()
    clean, _ = told(engine, world, world.steps[0])
    beside, done = told(other, world, [*world.junk, *world.steps[0]])

    assert done.how is How.DONE
    for name, rows in clean.items():
        assert set(rows) <= set(beside[name])


def test_an_answer_with_nothing_in_it_is_no_fault(logs: Any, world: World) -> None:
    _, done = told(logs(), world, [])

    assert (done.how, done.error, done.set_aside) == (How.DONE, "", 0)


def test_records_may_come_in_any_order_and_twice(logs: Any, world: World) -> None:
    """Twice where a name can be listed once only."""
    records = list(world.steps[0])
    once, _ = told(logs(), world, records)
    backwards, _ = told(logs(), world, records[::-1])
    twice, _ = told(logs(), world, records * 2 if world.whole else records)

    assert backwards == once
    assert twice == once


def test_after_every_fault_it_says_what_is_wrong_and_goes_on(logs: Any, world: World, server: Loopback) -> None:
    """In one sentence without a secret, under its name; nothing is lost and nothing twice."""
    engine = logs()
    world.says(world.steps[0])
    asked = Asked(engine, world.source(), world.nodes)
    asked.again()
    facts = held(engine)
    for name in FAULTS if world.over_http else ():
        failing = Asked(engine, world.source(timeout=patience(name), largest_mb=0.2))
        failing.now = asked.now
        fail(server, name)
        failed = failing.again()
        asked.now = failing.now

        assert failed.how is How.FAILED, name
        assert failed.error.startswith("w: "), name
        assert TOKEN not in failed.error
        assert "\n" not in failed.error
    world.says(world.steps[0])
    recovered = Asked(engine, world.source())
    recovered.now = asked.now
    done = recovered.again()

    assert (done.how, done.new, held(engine)) == (How.DONE, 0, facts)
