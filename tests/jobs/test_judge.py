"""Past forecasts are judged with nothing that was recorded later, once each."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete

from dashboard.forecast.engine import ENGINE
from dashboard.jobs.judge import SHARES, judge
from dashboard.jobs.transfer import import_dataset, newest_instant
from dashboard.log.chronicle import read_chronicle
from dashboard.log.database import appending, opened, reading
from dashboard.log.judgements import read_judgements
from dashboard.log.state import maintenances
from dashboard.log.tables import FACT_TABLES
from dashboard.model.instants import instant, micros
from dashboard.model.judgement import PHASES, PROMISE, USUAL, Judgement
from dashboard.model.scope import Scope
from dashboard.settings import sample_data
from dashboard.views.trust import trust

REACH = timedelta(days=45)


@pytest.fixture(scope="module")
def newest() -> datetime:
    found = newest_instant(sample_data())
    assert found
    return found


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory, newest: datetime) -> Iterator[Engine]:
    with opened(f"sqlite:///{tmp_path_factory.mktemp('judge')}/log.db") as made:
        import_dataset(made, sample_data(), newest)
        for _ in judge(made, newest, REACH):
            pass
        yield made


def said(engine: Engine) -> list[Judgement]:
    with reading(engine) as connection:
        return read_judgements(connection, ENGINE, 0, 2**62)


def test_every_finished_maintenance_is_judged_at_each_phase_of_its_life(engine: Engine, newest: datetime) -> None:
    found = said(engine)

    assert len({each.maintenance_id for each in found}) >= 10
    assert {each.phase for each in found} == set(PHASES)
    assert all(each.as_of < each.actual <= newest for each in found)
    assert all(USUAL in each.rivals for each in found)
    assert any(PROMISE in each.rivals for each in found)


def test_where_no_node_is_told_of_it_is_asked_as_promised_time_passes(engine: Engine, newest: datetime) -> None:
    """That nine tenths of its time have passed is known only of what is over."""
    whole = {(each.maintenance_id, each.phase): each.as_of for each in said(engine) if each.provider_id == "orrery"}
    with reading(engine) as connection:
        rollouts = read_chronicle(connection).at(newest).rollouts
    promised = {each.maintenance_id: (each.started, each.first_planned_end - each.started) for each in rollouts}
    later = {(name, phase): as_of for (name, phase), as_of in whole.items() if phase != PHASES[0]}

    assert {phase for _, phase in later} >= {"first returns", "half back"}
    for (name, phase), as_of in later.items():
        begun, length = promised[name]
        passed = (as_of - newest) / timedelta(hours=1) - begun
        assert passed == pytest.approx(SHARES[PHASES.index(phase) - 1] * length, abs=0.02)


def test_before_the_start_is_a_day_before_it_was_first_planned(engine: Engine) -> None:
    """That it was put off is not known yet, unless somebody said so."""
    with reading(engine) as connection:
        known = {name: each.maintenance for name, each in maintenances(connection).items()}
    before = {each.maintenance_id: each.as_of for each in said(engine) if each.phase == PHASES[0]}
    planned = {name: known[name].first_planned_start for name in before}

    assert any(first != known[name].planned_start for name, first in planned.items())
    for name, as_of in before.items():
        first = planned[name]
        assert first is not None
        assert as_of == pytest.approx(instant(first) - timedelta(days=1), abs=timedelta(minutes=1))


def test_judging_again_adds_nothing(engine: Engine, newest: datetime) -> None:
    assert list(judge(engine, newest + timedelta(seconds=7), REACH)) == []


def test_a_judged_forecast_knew_nothing_that_was_recorded_later(
    engine: Engine, newest: datetime, tmp_path: Path
) -> None:
    """The last one of all is forecast again from a log that ends at its instant: it says the same."""
    last = max(said(engine), key=lambda each: each.as_of)
    transitions = FACT_TABLES["node_transitions"]

    with opened(f"sqlite:///{tmp_path}/alone.db") as alone:
        import_dataset(alone, sample_data(), newest)
        with appending(alone) as connection:
            connection.execute(
                delete(transitions).where(
                    transitions.c.recorded_at > micros(last.as_of), transitions.c.maintenance_id != last.maintenance_id
                )
            )
        for _ in judge(alone, newest, REACH):
            break
        again = {(each.maintenance_id, each.as_of, each.fraction): each for each in said(alone)}

    assert again[last.maintenance_id, last.as_of, last.fraction].said == last.said


def test_the_page_counts_what_the_log_holds(engine: Engine, newest: datetime) -> None:
    found = said(engine)
    with reading(engine) as connection:
        whole = trust(connection, Scope(), newest)
        part = trust(connection, Scope(provider="nimbus"), newest)
        before = trust(connection, Scope(as_of=newest - timedelta(days=30)), newest)

    inside = [each.said[0.1] <= each.actual <= each.said[0.9] for each in found]
    assert whole.forecasts == len(found)
    assert whole.held == pytest.approx(sum(inside) / len(inside))
    assert sum(whole.pit) == pytest.approx(1.0)
    assert part.forecasts == sum(each.provider_id == "nimbus" for each in found)
    assert before.forecasts == sum(each.actual <= newest - timedelta(days=30) for each in found)
    assert whole.scores.set_index(["by", "name"]).loc[("all", "All"), "forecasts"] == len(found)
    assert set(whole.said["maintenance_id"]) <= {each.maintenance_id for each in found}


def test_nothing_judged_is_said_to_be_so(engine: Engine) -> None:
    with reading(engine) as connection:
        none = trust(connection, Scope(as_of=datetime(2020, 1, 1, tzinfo=UTC)), datetime(2020, 1, 1, tzinfo=UTC))

    assert none.forecasts == 0
    assert none.sentence == "No forecast has been held against what came true yet."
