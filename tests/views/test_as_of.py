"""The page at a past instant shows what was known then, and nothing else."""

import dataclasses
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import Connection, Engine

from dashboard.configuration import read_slas
from dashboard.jobs.transfer import export_dataset, import_dataset
from dashboard.log.database import opened, reading
from dashboard.model.scope import Scope
from dashboard.views.can_i_run import can_i_run
from dashboard.views.capacity import what_is_out
from dashboard.views.expectations import who_is_up
from dashboard.views.freshness import freshness
from dashboard.views.lifecycle import lifecycle
from dashboard.views.maintenance import where_it_stands
from dashboard.views.maintenances import what_is_planned
from dashboard.views.partner import between_us
from dashboard.views.signals import signals
from dashboard.views.status import status

SAMPLE = Path(__file__).resolve().parents[2] / "sample_data"
NOW = datetime(2026, 11, 18, 15, 30, tzinfo=UTC)
CONTRACTS = read_slas(SAMPLE / "contracts.toml")
INSTANTS = (datetime(2026, 4, 14, 9, 30, tzinfo=UTC), datetime(2026, 11, 17, 20, tzinfo=UTC))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The sample, imported."""
    with opened(f"sqlite:///{tmp_path_factory.mktemp('whole') / 'log.db'}") as engine:
        import_dataset(engine, SAMPLE, NOW)
        yield engine


@pytest.fixture(scope="module")
def told(whole: Engine) -> Callable[[datetime], dict[str, Any]]:
    """What every page shows of the sample as of an instant."""

    @cache
    def of(at: datetime) -> dict[str, Any]:
        with reading(whole) as connection:
            return shown(connection, at)

    return of


def shown(connection: Connection, at: datetime) -> dict[str, Any]:
    """What every page would show as of `at`."""
    scope = Scope(as_of=at, zone="Europe/Berlin")
    planned = what_is_planned(connection, scope, NOW)
    ids = planned.table["maintenance_id"].tolist()[:3]
    return {
        "capacity": what_is_out(connection, scope, NOW),
        "team": what_is_out(connection, dataclasses.replace(scope, team="vision"), NOW),
        "can I run": can_i_run(connection, scope, NOW, 512, 24),
        "maintenances": planned,
        "lifecycle": lifecycle(connection, scope, NOW),
        "signals": signals(connection, scope, NOW),
        "status": status(connection, scope, NOW),
        "who is up": who_is_up(connection, scope, NOW, CONTRACTS),
        "partner": between_us(connection, scope, NOW, "nimbus", CONTRACTS),
        "freshness": freshness(connection, scope, NOW),
        **{name: where_it_stands(connection, scope, NOW, name) for name in ids},
    }


def assert_same(one: Any, other: Any, where: str) -> None:
    """Equal to the bit, frames and arrays included."""
    if isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(one, other, obj=where)
    elif isinstance(one, np.ndarray):
        assert np.array_equal(one, other), where
    elif dataclasses.is_dataclass(one):
        for field in dataclasses.fields(one):
            assert_same(getattr(one, field.name), getattr(other, field.name), f"{where}.{field.name}")
    elif isinstance(one, dict):
        assert one.keys() == other.keys(), where
        for key in one:
            assert_same(one[key], other[key], f"{where}[{key}]")
    else:
        assert one == other, where


@pytest.mark.parametrize("at", INSTANTS, ids=["in spring", "yesterday evening"])
def test_a_past_page_is_what_its_export_imports_to(
    whole: Engine, told: Callable[[datetime], dict[str, Any]], tmp_path: Path, at: datetime
) -> None:
    """Every figure, table, sentence and forecast."""
    export_dataset(whole, tmp_path / "then", at)

    now = told(at)
    with opened(f"sqlite:///{tmp_path / 'then.db'}") as engine:
        import_dataset(engine, tmp_path / "then", NOW)
        with reading(engine) as connection:
            then = shown(connection, at)

    assert_same(now, then, "page")
    assert now["capacity"].out > 0
    assert len(now) > 6


def test_the_same_facts_give_the_same_forecast_on_postgresql(
    told: Callable[[datetime], dict[str, Any]], postgres_database: str
) -> None:
    """To the bit, whatever database keeps them."""
    at = INSTANTS[1]

    on_sqlite = told(at)
    with opened(postgres_database) as engine:
        import_dataset(engine, SAMPLE, NOW)
        with reading(engine) as connection:
            on_postgresql = shown(connection, at)

    assert_same(on_sqlite, on_postgresql, "page")
