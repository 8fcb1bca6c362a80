"""How long forecasts take: all that are open, one that is large, and a backtest that walks forward."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from bench.goals import Goal
from dashboard.forecast.engine import foresee_some, learn
from dashboard.forecast.foretell import grid_from
from dashboard.forecast.quantiles import back_in, capacity, returns_of
from dashboard.jobs.forecast import Forecaster, known_since, open_ids
from dashboard.jobs.judge import judge
from dashboard.log.chronicle import read_chronicle
from dashboard.log.database import opened, reading
from dashboard.model.outlook import FRACTIONS, LEVELS
from dashboard.model.rollout import Rollout

NODES, PATHS, FORECASTS = 10_000, 1_000, 1_000


@dataclass(frozen=True, slots=True)
class Forecasting:
    """Seconds, and how many forecasts they made."""

    opened: int
    all_open: float
    unchanged: float
    large: float
    busy: float  # of it, of the processor
    judged: int
    judging: float

    def goals(self) -> list[Goal]:
        """What it should come to."""
        walked = self.judging * FORECASTS / max(self.judged, 1)
        return [
            Goal(f"{self.opened:,} open maintenances re-forecast", self.all_open, 60.0, "s"),
            Goal("the same again, nothing having changed", self.unchanged, 1.0, "s"),
            Goal(f"{NODES:,} nodes, {PATHS:,} paths", self.large, 1.0, "s"),
            Goal(f"walk-forward backtest of {FORECASTS:,} forecasts", walked, 300.0, "s"),
        ]

    def __str__(self) -> str:
        return (
            f"forecasts: {self.opened:,} open in {self.all_open:,.1f} s, again {self.unchanged:,.2f} s; "
            f"{NODES:,} nodes {self.large:,.2f} s, {self.busy:,.2f} s of them busy; "
            f"{self.judged:,} judged in {self.judging:,.0f} s"
        )


def forecast(database_url: str) -> Forecasting:
    """Forecasts what the log holds; it holds the forecasts and the judgements from then on."""
    with opened(database_url) as engine:
        now = datetime.now(UTC)
        forecaster = Forecaster(engine)
        with reading(engine) as connection:
            ids = open_ids(connection)
            rollouts = read_chronicle(connection, ids).at(now, ids).rollouts
            history = read_chronicle(connection)
        largest = _enlarged(max(rollouts, key=lambda each: each.node.size))
        known = history.at(known_since(now))
        experience = learn(known)

        def whole() -> None:
            grid = np.array([(at - now) / timedelta(hours=1) for at in grid_from(now)])
            returned, part = [], np.zeros(largest.nodes, dtype=np.int64)
            for futures in foresee_some(largest, known.hour_of_week, experience, np.random.default_rng(1), PATHS):
                returned.append(returns_of(futures, largest.gpus, FRACTIONS))
                capacity(futures, largest.gpus, part, 1, grid)
            back_in(returned, largest.gpus, FRACTIONS, LEVELS)

        all_open = _seconds(lambda: forecaster.step(now))
        unchanged = _seconds(lambda: forecaster.step(now + timedelta(seconds=1)))
        begun, done = time.perf_counter(), 0
        for done, _ in judge(engine, now):
            if done >= FORECASTS:
                break
        judging = time.perf_counter() - begun
        large, busy = (min(each) for each in zip(*(_both(whole) for _ in range(3)), strict=True))
        return Forecasting(len(ids), all_open, unchanged, large, busy, done, judging)


def _seconds(what: Callable[[], object]) -> float:
    return _both(what)[0]


def _both(what: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and by this process's own processor: others may share the machine."""
    begun, busy = time.perf_counter(), time.process_time()
    what()
    return time.perf_counter() - begun, time.process_time() - busy


def _enlarged(rollout: Rollout) -> Rollout:
    """The same maintenance with its nodes, racks and facts repeated, up to NODES."""
    times = -(-NODES // rollout.nodes)
    part = np.repeat(np.arange(times), rollout.node.size)
    order = np.argsort(np.tile(rollout.at, times), kind="stable")
    node = np.tile(rollout.node, times) + part * rollout.nodes
    kept = node[order] < NODES
    racks = int(rollout.rack.max()) + 1
    return replace(
        rollout,
        max_unavailable=rollout.max_unavailable * times,
        rack=(np.tile(rollout.rack, times) + np.repeat(np.arange(times), rollout.nodes) * racks)[:NODES],
        gpus=np.tile(rollout.gpus, times)[:NODES],
        node=node[order][kept],
        stage=np.tile(rollout.stage, times)[order][kept],
        at=np.tile(rollout.at, times)[order][kept],
    )
