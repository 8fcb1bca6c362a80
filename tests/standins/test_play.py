"""The stand-ins play the sample on, and what sources collect from them is where the play stands."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from dashboard.configuration import read_sources
from dashboard.jobs.collect import Collector, register
from dashboard.jobs.join import Joiner
from dashboard.jobs.transfer import import_dataset, newest_instant
from dashboard.log.database import opened, reading
from dashboard.log.state import maintenances, of_maintenances
from dashboard.model.stages import OUT, Status
from dashboard.settings import sample_data
from dashboard.standins.cast import cast
from dashboard.standins.house import configuration, roles, standing_in
from dashboard.standins.play import HOLDS, Play

HOUR = timedelta(hours=1)
SPEED = 30.0


@pytest.fixture(scope="module")
def now() -> datetime:
    found = newest_instant(sample_data())
    assert found
    return found


@pytest.fixture
def engine(sqlite_database: str, now: datetime) -> Iterator[Engine]:
    with opened(sqlite_database) as made:
        import_dataset(made, sample_data(), now)
        yield made


@pytest.fixture
def play(engine: Engine, now: datetime) -> Play:
    with reading(engine) as connection:
        return cast(connection, now, SPEED, seed=7)


def out(play: Play) -> int:
    return sum(node.stage in OUT for node in play.nodes.values())


def held(play: Play) -> Counter[str]:
    """Places taken, a maintenance."""
    return Counter(node.maintenance_id for node in play.nodes.values() if node.stage in HOLDS)


def test_the_play_begins_where_the_log_stands(engine: Engine, play: Play) -> None:
    with reading(engine) as connection:
        stands = {(each.maintenance_id, each.node_id): each.stage for each in of_maintenances(connection, play.plans)}

    assert out(play) > 100
    fresh = {move.node_id for move in play.moves}
    assert all(
        stands[each.maintenance_id, each.node_id] == each.stage
        for each in play.nodes.values()
        if each.node_id not in fresh
    )


def test_who_has_begun_goes_on_with_as_many_at_once_as_before(engine: Engine, play: Play) -> None:
    """Nothing jumps as the play begins: at most what the log has seen taken at once."""
    with reading(engine) as connection:
        stands = Counter(each.maintenance_id for each in of_maintenances(connection, play.plans) if each.stage in HOLDS)

    begun = [name for name in play.plans if stands[name] > 10]
    assert len(begun) >= 3
    assert all(held(play)[name] <= stands[name] * 1.1 for name in begun)


def test_nodes_come_back_and_no_more_go_out_than_may(play: Play, now: datetime) -> None:
    """Ten days of life in eight hours; every maintenance keeps to its places throughout."""
    begun, before = out(play), held(play)

    for step in range(1, 80):
        play.until(now + step * HOUR / 10)
        assert all(count <= max(play.plans[name].at_once, before[name]) for name, count in held(play).items())

    assert out(play) < begun / 2
    assert any(plan.status is Status.COMPLETED for plan in play.plans.values())
    assert [move.at for move in play.moves] == sorted(move.at for move in play.moves)


def test_the_same_seed_is_the_same_play(engine: Engine, play: Play, now: datetime) -> None:
    with reading(engine) as connection:
        again = cast(connection, now, SPEED, seed=7)

    for each in (play, again):
        each.until(now + HOUR)

    assert play.moves == again.moves


def test_what_sources_collect_is_where_the_play_stands(
    engine: Engine, play: Play, now: datetime, tmp_path: Path
) -> None:
    """Through every interface that is played, over an hour, with polls that come as they like."""
    at = now
    with standing_in(play, lambda: at) as url:
        config = tmp_path / "sources.toml"
        config.write_text(configuration(play, url))
        sources = read_sources(config, {})
        register(engine, sources)
        collectors = [Collector(engine, each, "w", lambda: at, lambda: 0.5) for each in sources]
        for minutes in (1, 2, 9, 21, 40, 60):
            at = now + timedelta(minutes=minutes)
            done = {each.source.name: each.poll() for each in collectors}
            assert [each.error for each in done.values() if each.error] == []
        Joiner(engine).step(at)

    with reading(engine) as connection:
        known = maintenances(connection)
        stands = {(each.maintenance_id, each.node_id): each.stage for each in of_maintenances(connection, play.plans)}
    assert {each.type for each in sources} == {"json", "statuspage", "kubernetes"}
    assert play.moves
    told = {move.node_id for move in play.moves}
    apart = {
        name: (stands[play.nodes[name].maintenance_id, name], play.nodes[name].stage)
        for name in told
        if stands[play.nodes[name].maintenance_id, name] != play.nodes[name].stage
    }
    assert apart == {}
    moved = [plan for plan in play.plans.values() if plan.changed_at > now]
    assert moved
    assert all(known[plan.maintenance_id].maintenance.status is plan.status for plan in moved)
    joined = [plan.reference for plan in play.plans.values() if plan.provider_id == roles(play).statuspage]
    assert joined
    assert not [name for name in known if name.startswith(f"{roles(play).statuspage}-status:")]
