"""What a finished maintenance is told to have been is what its facts say, and goes where they go."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from dashboard.forecast.because import PUTS
from dashboard.jobs.transfer import import_dataset, newest_instant
from dashboard.log.database import opened, reading
from dashboard.log.state import maintenances
from dashboard.model.outlook import FRACTIONS, LEVELS, Forecast
from dashboard.model.scope import Scope
from dashboard.model.stages import Status
from dashboard.settings import sample_data
from dashboard.views.account import moved
from dashboard.views.maintenance import where_it_stands

NOW = datetime.fromisoformat("2026-11-18T15:20:00+00:00")
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with opened(f"sqlite:///{tmp_path_factory.mktemp('account')}/log.db") as made:
        import_dataset(made, sample_data(), newest_instant(sample_data()) or NOW)
        yield made


def test_a_finished_maintenance_says_what_was_promised_and_where_the_time_went(engine: Engine) -> None:
    with reading(engine) as connection:
        over = [
            name
            for name, each in sorted(maintenances(connection).items())
            if each.maintenance.status is Status.COMPLETED and each.by_node
        ]
        story = where_it_stands(connection, Scope(), NOW, over[-1])

    assert story is not None
    assert story.account[0].startswith("Promised was ")
    assert "95 % were back" in story.account[0]
    assert any(each.startswith("Of ") and "node-hours out" in each for each in story.account)


def test_one_that_was_cancelled_before_it_began_says_just_that(engine: Engine) -> None:
    with reading(engine) as connection:
        story = where_it_stands(connection, Scope(), NOW, "M-1101")

    assert story is not None
    assert story.account == ("Cancelled before any node went out.",)


def test_a_running_one_has_no_account_yet(engine: Engine) -> None:
    with reading(engine) as connection:
        story = where_it_stands(connection, Scope(), NOW, "M-1129")

    assert story is not None
    assert story.account == ()


def test_a_maintenance_without_nodes_tells_nothing_of_stages(engine: Engine) -> None:
    with reading(engine) as connection:
        whole = [
            name
            for name, each in sorted(maintenances(connection).items())
            if each.maintenance.status is Status.COMPLETED and not each.by_node
        ]
        story = where_it_stands(connection, Scope(), NOW, whole[0])

    assert story is not None
    assert not any("node-hours" in each for each in story.account)


def said(as_of: datetime, likely: datetime, *because: str) -> Forecast:
    quantiles = dict.fromkeys(LEVELS, likely)
    return Forecast("M-1", as_of, "test", dict.fromkeys(FRACTIONS, quantiles), None, (), (), because)


def test_an_eta_that_moved_says_by_how_much_and_what_is_new() -> None:
    made = [
        said(NOW - 3 * HOUR, NOW + 9 * HOUR, "118 nodes have yet to go out."),
        said(NOW, NOW + 15 * HOUR, "118 nodes have yet to go out.", "7 nodes failed validation."),
    ]

    assert moved(made, NOW, Scope(zone="UTC")) == "6 h later than said Wed 12:20 UTC. 7 nodes failed validation."


def test_an_eta_that_moved_because_the_start_did_says_so_first() -> None:
    def starting(made: Forecast, at: datetime) -> Forecast:
        return replace(made, starts=dict.fromkeys(LEVELS, at))

    before = starting(said(NOW - 3 * HOUR, NOW + 60 * HOUR), NOW + 40 * HOUR)
    last = said(NOW, NOW + 90 * HOUR, "80 of 80 nodes have yet to go out.")

    moved_on, hardly = (moved([before, starting(last, at)], NOW, Scope(zone="UTC")) for at in (
        NOW + 64 * HOUR, NOW + 50 * HOUR,
    ))  # fmt: skip

    assert moved_on == "30 h later than said Wed 12:20 UTC. It is to start 24 h later."
    assert hardly == "30 h later than said Wed 12:20 UTC. 80 of 80 nodes have yet to go out."


def test_an_eta_that_hardly_moved_says_nothing() -> None:
    made = [said(NOW - 3 * HOUR, NOW + 9 * HOUR), said(NOW, NOW + 9.2 * HOUR)]

    assert moved(made, NOW, Scope()) == ""
    assert moved(made[:1], NOW, Scope()) == ""


def test_what_is_new_but_moves_it_the_other_way_is_no_reason() -> None:
    costs = f"7 nodes failed validation.{PUTS}95 % back 9 hours later."
    made = [said(NOW - 3 * HOUR, NOW + 15 * HOUR), said(NOW, NOW + 9 * HOUR, costs)]

    assert moved(made, NOW, Scope(zone="UTC")) == "6 h earlier than said Wed 12:20 UTC."
    assert moved(made[::-1], NOW, Scope(zone="UTC")).startswith("6 h later")
