"""A maintenance beside what it could be instead."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pandas as pd
import pytest
from sqlalchemy import Engine

from dashboard.jobs.decide import decide
from dashboard.jobs.forecast import Forecaster
from dashboard.jobs.transfer import import_dataset, newest_instant
from dashboard.log.database import opened, reading
from dashboard.model.decision import Decision
from dashboard.model.planning import Alternative
from dashboard.model.scope import Scope
from dashboard.settings import sample_data
from dashboard.views.plan import Plan, plan

NEXT = "M-1134"  # announced, four nodes at once
RUNNING = "M-1127"


@pytest.fixture(scope="module")
def now() -> datetime:
    found = newest_instant(sample_data())
    assert found
    return found


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory, now: datetime) -> Iterator[Engine]:
    with opened(f"sqlite:///{tmp_path_factory.mktemp('plan')}/log.db") as made:
        import_dataset(made, sample_data(), now)
        Forecaster(made).step(now)
        yield made


def planned(engine: Engine, now: datetime, name: str = NEXT, scope: Scope | None = None, **change: float) -> Plan:
    with reading(engine) as connection:
        found = plan(connection, scope or Scope(), now, name, Alternative(**change))
    assert found
    return found


def difference(story: Plan, what: str) -> str:
    return str(story.beside.set_index("what")["difference"][what])


def test_as_planned_nothing_differs(engine: Engine, now: datetime) -> None:
    story = planned(engine, now)

    assert set(story.beside["difference"]) == {"the same"}
    assert story.today == story.instead
    assert (story.what, story.debt) == ("", "")
    assert story.sentence.startswith("As planned, 95 % of “")


def test_three_days_later_everything_is_three_days_later_and_a_debt_builds(engine: Engine, now: datetime) -> None:
    """96 nodes of 8 GPUs that wait three days longer: 2,304 GPU-days."""
    story = planned(engine, now, later=72.0)

    assert difference(story, "95 % back, likely") == "3 d later"
    assert difference(story, "First node goes out, likely") == "3 d later"
    assert "2,304 GPU-days of maintenance debt" in story.debt
    assert story.sentence.startswith("3 d later, “")


def test_twice_as_many_at_once_take_more_and_are_back_earlier(engine: Engine, now: datetime) -> None:
    story = planned(engine, now, times=2.0)

    assert difference(story, "95 % back, likely").endswith("earlier")
    assert difference(story, "GPUs out at most, this one").endswith("more")
    assert story.instead.gpus_out != story.today.gpus_out


def test_what_runs_can_only_change_its_pace(engine: Engine, now: datetime) -> None:
    moved, faster = planned(engine, now, RUNNING, later=72.0), planned(engine, now, RUNNING, times=0.0)

    assert moved.begun
    assert difference(moved, "95 % back, likely") == "the same"
    assert moved.debt == ""
    assert faster.what == "All at once"


def test_a_clash_is_told_of_whoever_takes_from_the_same_team_meanwhile(engine: Engine, now: datetime) -> None:
    """All are of the team that loses to this one; a team's own scope counts only its GPUs."""
    story = planned(engine, now)

    assert len(story.clashes)
    assert story.clashes["maintenance_id"].is_unique
    assert NEXT not in set(story.clashes["maintenance_id"])
    assert (story.clashes["ends"] >= story.clashes["begins"]).all()


def test_a_decision_is_kept_with_what_was_known_and_the_past_knows_nothing_of_it(engine: Engine, now: datetime) -> None:
    later = now + timedelta(hours=1)
    told = Decision(NEXT, "Three days later", "The launch comes first", "Ada", "Grace", "Plan on Friday.")

    decide(engine, told, later)

    shown = planned(engine, later).decisions
    before = planned(engine, later, scope=Scope(as_of=now)).decisions
    assert shown[["what", "decided_by", "signed_off_by", "knowing"]].to_numpy().tolist() == [
        ["Three days later", "Ada", "Grace", "Plan on Friday."]
    ]
    assert shown["recorded_at"].tolist() == [pd.Timestamp(later)]
    assert before.empty


def test_nothing_open_is_nothing_to_plan(engine: Engine, now: datetime) -> None:
    with reading(engine) as connection:
        assert plan(connection, Scope(cluster="nowhere"), now, "", Alternative()) is None
