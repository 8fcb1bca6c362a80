"""Collecting: whatever fails and whenever, nothing is lost, nothing comes twice, and the log says how it goes."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, event, func, select
from sqlalchemy.exc import OperationalError

from dashboard.errors import LogUnavailable, SourceUnavailable
from dashboard.jobs.collect import LEASE, LONGEST_PAUSE, Collector, How, register
from dashboard.log.append import newest_recorded
from dashboard.log.aside import count_by_source, read_aside
from dashboard.log.database import reading, writing
from dashboard.log.source_states import State, read_anew, read_state
from dashboard.log.tables import FACT_TABLES
from dashboard.model.instants import micros
from dashboard.sources.json_api import JsonApi
from dashboard.sources.seam import Batch, Batches, Secret, Source
from tests.sources.faults import FAULTS, TOKEN, fail, patience
from tests.sources.loopback import Handler, Loopback

START = datetime(2026, 3, 2, tzinfo=UTC)
FACTS: dict[str, dict[str, Any]] = {
    "nodes": {"node_id": "host", "cluster_id": {"value": "c"}, "gpus": {"value": "8"}},
    "node_transitions": {"maintenance_id": "change", "node_id": "host", "stage": "state", "occurred_at": "at"},
}
CORDONED = {"change": "M-1", "host": "n-1", "state": "cordoned", "at": "2026-03-01T10:00:00Z"}
BACK = {"change": "M-1", "host": "n-1", "state": "in_service", "at": "2026-03-01T12:00:00Z"}


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at

    def go(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def api(url: str, **options: Any) -> JsonApi:
    held = Secret(where="the environment variable THEIR_TOKEN", held=SecretStr(TOKEN))
    told = {"name": "fleet", "type": "json", "url": url, "records": "items", "facts": FACTS, "token": held}
    return JsonApi.model_validate(told | {"timeout": 15, "largest_mb": 0.2} | options)


def collector(engine: Engine, source: Source, clock: Clock, worker: str = "w-1") -> Collector:
    register(engine, [source])
    return Collector(engine, source, worker, clock, lambda: 0.5)


def transitions(engine: Engine) -> list[str]:
    """The stages that the log holds, in their order."""
    table = FACT_TABLES["node_transitions"]
    with reading(engine) as connection:
        return list(connection.scalars(select(table.c.stage).order_by(table.c.occurred_at)))


def state(engine: Engine, source: str = "fleet") -> State:
    with reading(engine) as connection:
        found = read_state(connection, source)
    assert found is not None
    return found


@pytest.mark.parametrize("name", FAULTS)
def test_after_every_fault_nothing_is_lost_nothing_comes_twice_and_it_recovers(
    engine: Engine, server: Loopback, name: str
) -> None:
    """One fact before the fault, one that arises during it, and the log says in words what is wrong meanwhile."""
    clock = Clock()
    source = collector(engine, api(f"{server.url}/items", timeout=patience(name)), clock)
    server.says({"items": [CORDONED]})
    source.poll()

    words = fail(server, name)
    failed = source.poll()
    during = state(engine)
    server.says({"items": [CORDONED, BACK]})
    clock.at = failed.due_at
    recovered = source.poll()

    assert (failed.how, failed.new) == (How.FAILED, 0)
    assert words in failed.error
    assert (during.error, during.failures, during.failing_since) == (failed.error, 1, micros(START))
    assert failed.due_at > START
    assert (recovered.how, recovered.new) == (How.DONE, 1)
    assert transitions(engine) == ["cordoned", "in_service"]
    after = state(engine)
    assert (after.error, after.failures, after.failing_since) == ("", 0, None)
    assert after.rows == 3


def test_pauses_grow_and_end(engine: Engine, server: Loopback) -> None:
    """5 s, doubled with each failure, up to five minutes, spread by a quarter to each side."""
    clock = Clock()
    source = collector(engine, api(server.url), clock)
    fail(server, "500")
    pauses = []

    for _ in range(9):
        due_at = source.poll().due_at
        pauses.append((due_at - clock.at).total_seconds())
        clock.at = due_at

    assert pauses == [5, 10, 20, 40, 80, 160, LONGEST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE]


def test_a_source_is_not_asked_before_the_time_it_gave(engine: Engine, server: Loopback) -> None:
    clock = Clock()
    fail(server, "429")

    done = collector(engine, api(server.url), clock).poll()

    assert done.due_at == START + timedelta(seconds=120)
    assert state(engine).due_at == micros(done.due_at)


def test_the_log_turns_from_good_to_bad_and_back_once_each(engine: Engine, server: Loopback) -> None:
    """Pages are woken when a source begins to fail and when it is well again, not by every failure."""
    clock = Clock()
    source = collector(engine, api(server.url), clock)
    server.says({"items": []})
    source.poll()
    positions = [position(engine)]

    for reply in ("500", "500", ""):
        fail(server, reply) if reply else server.says({"items": []})
        source.poll()
        positions.append(position(engine))

    assert positions == [0, 1, 1, 2]


def position(engine: Engine) -> int:
    with reading(engine) as connection:
        return newest_recorded(connection)[0]


class Scripted(Source):
    """Yields what a test has prepared, from the batch on that the cursor names."""

    batches: tuple[Batch, ...] = ()
    breaks_after: int = 99

    def poll(self, cursor: str | None, now: datetime) -> Batches:
        for i, each in enumerate(self.batches[int(cursor or 0) :], int(cursor or 0)):
            if i == self.breaks_after:
                raise SourceUnavailable("scripted: is away")
            yield each


def batch(number: int, hour: int, **rest: Any) -> Batch:
    at = micros(START - timedelta(hours=24 - hour))
    row = ("M-1", "n-1", "cordoned", at, at, "scripted", "")
    return Batch({"nodes": [("n-1", "c", "", 8, "")], "node_transitions": [row]}, str(number + 1), **rest)


def test_the_cursor_moves_with_the_facts_or_not_at_all(engine: Engine) -> None:
    """The database fails between the facts and the commit: neither is there, and both come with the next poll."""
    clock = Clock()
    source = Scripted(name="scripted", batches=(batch(0, 1), batch(1, 2)))
    broken = collector(engine, source, clock)
    told: list[str] = []

    @event.listens_for(engine, "before_cursor_execute")
    def _(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        told.append(statement)

    @event.listens_for(engine, "commit")
    def _(_connection: object) -> None:
        if sum('INSERT INTO "node_transitions"' in each for each in told) == 1 and not told.count("broken"):
            told.append("broken")
            raise RuntimeError("the power fails")

    failed = broken.poll()
    lost = (transitions(engine), state(engine, "scripted").cursor)
    again = broken.poll()

    assert failed.how is How.FAILED
    assert lost == ([], None)
    assert (again.how, again.new) == (How.DONE, 3)
    assert transitions(engine) == ["cordoned", "cordoned"]
    assert state(engine, "scripted").cursor == "2"


def test_a_log_out_of_reach_loses_nothing(engine: Engine, server: Loopback) -> None:
    """The database fails in the middle of an append, as when it is gone or its disk is full; then it is back."""
    clock = Clock()
    source = collector(engine, api(server.url), clock)
    server.says({"items": [CORDONED]})
    source.poll()
    server.says({"items": [CORDONED, BACK]})
    gone = [True, True]

    @event.listens_for(engine, "before_cursor_execute")
    def _(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if 'INSERT INTO "node_transitions"' in statement and gone and gone.pop():
            raise OperationalError(statement, {}, Exception("disk I/O error"))

    for _attempt in range(2):
        with pytest.raises(LogUnavailable, match="disk I/O error"):
            source.poll()
    done = source.poll()

    assert (done.how, done.new) == (How.DONE, 1)
    assert transitions(engine) == ["cordoned", "in_service"]


def test_batches_before_a_failure_count(engine: Engine) -> None:
    """What came is kept, with the cursor after it; the next poll goes on there."""
    clock = Clock()
    batches = (batch(0, 1), batch(1, 2))

    failed = collector(engine, Scripted(name="scripted", batches=batches, breaks_after=1), clock).poll()
    between = state(engine, "scripted")
    clock.go(60)
    done = collector(engine, Scripted(name="scripted", batches=batches), clock).poll()

    assert (failed.how, failed.new, between.cursor) == (How.FAILED, 2, "1")
    assert (done.how, done.new) == (How.DONE, 1)


def test_a_source_nobody_foresaw_fails_alone_and_in_words(engine: Engine) -> None:
    class Wild(Source):
        def poll(self, cursor: str | None, now: datetime) -> Batches:
            yield Batch({TOKEN: [()]}, str(1 / len(cursor or "")))

    done = collector(engine, Wild(name="wild"), Clock()).poll()

    assert done.how is How.FAILED
    assert done.error.startswith("wild: its answer could not be read (ZeroDivisionError)")
    assert TOKEN not in done.error


def test_an_idle_poll_writes_nothing(engine: Engine, server: Loopback) -> None:
    """Where nothing is new, the log is not touched; that the source was well is written down now and then."""
    clock = Clock()
    source = collector(engine, api(server.url, interval=10), clock)
    server.says({"items": [CORDONED]})
    source.poll()
    writes: list[str] = []
    event.listen(
        engine,
        "before_cursor_execute",
        lambda *args: writes.append(args[2]) if args[2].split()[0] in ("INSERT", "UPDATE", "DELETE") else None,
    )

    idle = []
    for _ in range(60):
        clock.go(10)
        idle.append(source.poll().how)

    assert set(idle) == {How.DONE}
    assert len(writes) <= 600 / (LEASE.total_seconds() / 2)
    assert micros(clock.at) - state(engine).succeeded_at <= LEASE / timedelta(microseconds=1)  # type: ignore[operator]


def test_an_idle_poll_of_an_interface_with_an_etag_moves_no_body(engine: Engine, server: Loopback) -> None:
    clock = Clock()
    source = collector(engine, api(server.url), clock)
    server.says({"items": [CORDONED]}, ETag='"v1"')
    source.poll()
    server.reply = lambda handler: handler.send_body(304, b"")

    done = source.poll()

    assert (done.how, done.new) == (How.DONE, 0)
    assert server.asked[-1].headers["if-none-match"] == '"v1"'


def test_what_is_no_fact_is_set_aside_until_the_source_is_corrected(engine: Engine, server: Loopback) -> None:
    """It costs no neighbour, is kept once with its reason and the record itself, and goes when it is right."""
    clock = Clock()
    source = collector(engine, api(server.url), clock)
    bad = CORDONED | {"host": "n-2", "state": "asleep <b>"}
    server.says({"items": [bad, CORDONED]})

    first, again = source.poll(), source.poll()
    with reading(engine) as connection:
        kept = read_aside(connection, 10)
        counted = count_by_source(connection, ["fleet", "other"])
    server.says({"items": [bad | {"state": "drained"}, CORDONED]})
    source.poll()
    with reading(engine) as connection:
        left = count_by_source(connection, ["fleet"])

    assert (first.new, first.set_aside, again.set_aside) == (3, 1, 0)
    assert counted == {"fleet": 1, "other": 0}
    assert kept[0]["reason"].startswith("node_transitions: stage 'asleep <b>' is none of ")
    assert '"host": "n-2"' in kept[0]["raw"]
    assert left == {"fleet": 0}


def test_a_corrected_mapping_reads_everything_again(engine: Engine, server: Loopback) -> None:
    """What was set aside by a wrong one becomes facts; another pace, or another token, has nothing read again."""
    clock = Clock()
    server.says({"items": [CORDONED | {"state": "EMPTY"}]})
    words: dict[str, Any] = {"field": "state", "values": {"EMPTY": "drained"}}
    right = FACTS | {"node_transitions": FACTS["node_transitions"] | {"stage": words}}

    wrong = collector(engine, api(server.url), clock).poll()
    corrected = collector(engine, api(server.url, facts=right), clock).poll()
    with reading(engine) as connection:
        left = count_by_source(connection, ["fleet"])
    cursor = state(engine).cursor
    register(engine, [api(server.url, facts=right, interval=7)])

    assert (wrong.new, wrong.set_aside, corrected.new, left) == (1, 1, 1, {"fleet": 0})
    assert (state(engine).cursor, state(engine).interval) == (cursor, 7.0)
    assert transitions(engine) == ["drained"]


def test_a_source_that_somebody_wants_read_again_is_read_from_its_beginning(engine: Engine, server: Loopback) -> None:
    """By whoever has it in hand, at a turn soon to come: what is right by then is a fact, and nothing comes twice."""
    clock = Clock()
    source = collector(engine, api(server.url, since_param="since", since_field="at"), clock)
    server.says({"items": [BACK | {"state": "asleep"}, CORDONED]})
    source.poll()
    server.says({"items": []})
    source.poll()
    with writing(engine) as connection:
        read_anew(connection, "fleet")
    server.says({"items": [BACK, CORDONED]})
    clock.go(LEASE.total_seconds())

    done = [source.poll(), source.poll()]
    with reading(engine) as connection:
        left = count_by_source(connection, ["fleet"])

    assert [each.params.get("since") for each in server.asked[-2:]] == [None, BACK["at"]]
    assert ([each.new for each in done], left, state(engine).options) == ([1, 0], {"fleet": 0}, source.source.options())
    assert transitions(engine) == ["cordoned", "in_service"]


def test_a_node_that_nobody_names_is_set_aside(engine: Engine) -> None:
    at = micros(START)
    row = ("M-1", "stranger", "cordoned", at, at, "scripted", "")
    source = Scripted(name="scripted", batches=(Batch({"node_transitions": [row]}, "1"),))

    done = collector(engine, source, Clock()).poll()

    assert (done.new, done.set_aside) == (0, 1)
    assert transitions(engine) == []


def test_words_that_no_database_stores_cost_no_neighbour(engine: Engine, server: Loopback) -> None:
    """A NUL or half a character in one record."""
    server.says({"items": [CORDONED | {"host": "n-\x00"}, CORDONED | {"change": "\ud800"}, CORDONED]})

    done = collector(engine, api(server.url), Clock()).poll()

    assert (done.new, done.set_aside) == (2, 3)
    assert transitions(engine) == ["cordoned"]


def test_what_has_no_clock_is_a_fact_from_when_it_was_seen_and_once(engine: Engine) -> None:
    """A source that shows how things are now: the same again says nothing, a change does, and what folds, folds."""
    clock = Clock()

    def shown(status: str, title: str = "") -> Batch:
        row = ("M-1", None, "", status, "", title, "", "", None, None, None, "", "")
        return Batch({"maintenance_updates": [row]}, "")

    said = [shown("scheduled", "firmware"), shown("scheduled"), shown("in_progress"), shown("scheduled", "firmware")]
    new = []
    for each in said:
        clock.go(60)
        new.append(collector(engine, Scripted(name="scripted", batches=(each,)), clock).poll().new)

    assert new == [1, 0, 1, 1]
    table = FACT_TABLES["maintenance_updates"]
    with reading(engine) as connection:
        seen = list(connection.scalars(select(table.c.recorded_at).order_by(table.c.recorded_at)))
    assert seen == [micros(START + timedelta(seconds=60 * minute)) for minute in (1, 3, 4)]


def test_a_transition_without_a_clock_is_known_from_when_it_was_seen_and_once(engine: Engine, server: Loopback) -> None:
    """When we knew is not when it happened: what a forecast knew at an instant stays true."""
    clock = Clock()
    source = collector(engine, api(server.url), clock)
    server.says({"items": [CORDONED]})
    source.poll()
    clock.go(60)
    server.says({"items": [CORDONED, BACK]})
    source.poll()

    table = FACT_TABLES["node_transitions"]
    with reading(engine) as connection:
        seen = list(connection.scalars(select(table.c.recorded_at).order_by(table.c.recorded_at)))
    assert seen == [micros(START), micros(START + timedelta(seconds=60))]


def test_two_workers_do_not_ask_the_same_source(engine: Engine, server: Loopback) -> None:
    """One has it in hand; the other takes over when the first has let go, or gave no sign of life for a while."""
    clock = Clock()
    server.says({"items": [CORDONED]})
    first, second = (collector(engine, api(server.url), clock, worker) for worker in ("w-1", "w-2"))

    hows = [first.poll().how, second.poll().how]
    asked = len(server.asked)
    first.let_go()
    hows.append(second.poll().how)
    clock.go(2 * LEASE.total_seconds())  # w-2 is dead
    hows.append(first.poll().how)

    assert hows == [How.DONE, How.HELD, How.DONE, How.DONE]
    assert asked == 1
    assert transitions(engine) == ["cordoned"]


def test_of_many_workers_that_come_at_once_one_asks(engine: Engine, server: Loopback) -> None:
    """The others are told so, and wait for nobody; what the one brings is there once."""

    def reply(handler: Handler) -> None:
        time.sleep(0.3)
        handler.send_json({"items": [CORDONED]})

    server.reply = reply
    workers = [collector(engine, api(server.url), Clock(), f"w-{i}") for i in range(8)]
    with ThreadPoolExecutor(8) as pool:
        hows = sorted(each.how for each in pool.map(Collector.poll, workers))

    assert hows == [How.DONE, *[How.HELD] * 7]
    assert len(server.asked) == 1
    assert transitions(engine) == ["cordoned"]


def test_a_worker_that_woke_up_too_late_changes_nothing(engine: Engine) -> None:
    """It lost the source while it waited for an answer: what it brings is undone, with the cursor."""
    clock = Clock()
    taken: list[How] = []

    class Slow(Scripted):
        def poll(self, cursor: str | None, now: datetime) -> Batches:
            clock.go(LEASE.total_seconds() * 2)
            taken.append(other.poll().how)
            yield batch(7, 3)

    slow = collector(engine, Slow(name="scripted"), clock, "slow")
    other = collector(engine, Scripted(name="scripted", batches=(batch(0, 1),)), clock, "other")

    done = slow.poll()

    assert taken == [How.DONE]
    assert done.how is How.HELD
    assert len(transitions(engine)) == 1
    assert state(engine, "scripted").cursor == "1"


def test_the_log_holds_no_secret(engine: Engine, server: Loopback) -> None:
    """Neither the fault nor anything else that is written down shows the token."""
    fail(server, "401")

    collector(engine, api(server.url), Clock()).poll()

    with reading(engine) as connection:
        assert connection.scalar(select(func.count()).select_from(FACT_TABLES["nodes"])) == 0
    assert TOKEN not in repr(state(engine))
