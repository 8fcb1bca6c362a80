"""Calibration: who was too sure gets wider, who was right is left alone, and nothing is asked with hindsight."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

from dashboard.forecast.calibration import NO_CALIBRATION, Calibration, calibrate
from dashboard.forecast.hindsight import Foresee
from dashboard.forecast.promises import most_back
from dashboard.forecast.quantiles import Futures
from dashboard.forecast.spells import spells_of
from dashboard.model.rollout import Knowledge, Rollout
from dashboard.model.stages import CODE, Stage, Status
from tests.forecast.worlds import knowledge

NODES = 10
NAN = float("nan")


def finished(name: str, lasted: float, provider: str = "csp") -> Rollout:
    """All nodes went out together, and came back together."""
    out, back = np.full(NODES, -lasted - 5.0), np.full(NODES, -5.0)
    return Rollout(
        maintenance_id=name, provider=provider, kind="firmware", sku="", cluster="c", status=Status.COMPLETED,
        announced=-lasted - 6.0, started=-lasted - 5.0, planned_start=NAN, planned_end=NAN, first_planned_end=NAN,
        claimed_end=NAN, max_unavailable=NAN, rack=np.arange(NODES), gpus=np.full(NODES, 8),
        node=np.tile(np.arange(NODES), 2),
        stage=np.repeat([CODE[Stage.IN_MAINTENANCE], CODE[Stage.IN_SERVICE]], NODES),
        at=np.concatenate([out, back]), closed=-5.0,
    )  # fmt: skip


def lasting(count: int, seed: int, provider: str = "csp") -> list[Rollout]:
    """Their log-hours are standard normal."""
    hours = np.exp(np.random.default_rng(seed).standard_normal(count))
    return [finished(f"{provider}-{i}", float(each), provider) for i, each in enumerate(hours)]


def foretelling(spread: float) -> Foresee:
    """Says of all nodes that log-hours are normal with this spread: right where it is one."""

    def foresee(rollout: Rollout, hour_of_week: float, rng: np.random.Generator, paths: int) -> Futures:
        end_at = np.tile(np.exp(spread * rng.standard_normal((paths, 1))), (1, rollout.nodes))
        return Futures(np.zeros_like(end_at), end_at, np.zeros(end_at.shape, dtype=bool))

    return foresee


def coverage(calibration: Calibration, spread: float, provider: str = "csp") -> float:
    """The share of new ones that fell between the 10 % and 90 % quantiles, once paths are kept as calibrated."""
    hits = []
    for i, actual in enumerate(np.exp(np.random.default_rng(77).standard_normal(400))):
        running = replace(finished(f"new-{i}", -4.999, provider), status=Status.IN_PROGRESS, closed=NAN)
        out = running.stage == CODE[Stage.IN_MAINTENANCE]
        running = replace(running, node=running.node[out], stage=running.stage[out], at=running.at[out])
        rng = np.random.default_rng(i)
        futures, correction = foretelling(spread)(running, 0.0, rng, 400), calibration.of(provider, spells_of(running))
        most = most_back((futures if correction is None else correction.of(futures)).end_at)
        low, high = np.quantile(most, [0.1, 0.9])
        hits.append(low <= actual <= high)
    return float(np.mean(hits))


def test_who_was_too_sure_gets_wider() -> None:
    calibration = calibrate(knowledge(*lasting(60, seed=1)), foretelling(0.35))

    assert coverage(NO_CALIBRATION, 0.35) < 0.45
    assert coverage(calibration, 0.35) > coverage(NO_CALIBRATION, 0.35) + 0.05


def test_who_was_too_vague_gets_sharper() -> None:
    calibration = calibrate(knowledge(*lasting(60, seed=2)), foretelling(2.0))

    assert coverage(NO_CALIBRATION, 2.0) > 0.95
    assert coverage(calibration, 2.0) < coverage(NO_CALIBRATION, 2.0) - 0.02


@pytest.mark.parametrize("seed", range(3))
def test_who_was_right_is_hardly_moved(seed: int) -> None:
    """What others took is heard, for it says the same: it is off by what sixty say of all."""
    calibration = calibrate(knowledge(*lasting(60, seed=seed)), foretelling(1.0))

    assert coverage(calibration, 1.0) == pytest.approx(coverage(NO_CALIBRATION, 1.0), abs=0.05)


def test_a_few_forecasts_tell_nothing() -> None:
    assert calibrate(knowledge(*lasting(8, seed=3)), foretelling(0.1)) == NO_CALIBRATION


def test_a_provider_is_corrected_on_its_own_where_there_is_enough() -> None:
    """Of two, one hardly varies, and the other twice as much as foretold."""

    def taking(provider: str, power: float) -> list[Rollout]:
        return [finished(f"{provider}-{i}", float(-each.at.min() - 5.0) ** power, provider)
                for i, each in enumerate(lasting(30, seed=4))]  # fmt: skip

    calibration = calibrate(knowledge(*taking("steady", 0.1), *taking("wild", 2.0)), foretelling(1.0))

    assert coverage(calibration, 1.0, "steady") < coverage(calibration, 1.0, "wild") - 0.015


def test_nothing_is_asked_with_hindsight() -> None:
    seen: list[Rollout] = []

    def foresee(rollout: Rollout, hour_of_week: float, rng: np.random.Generator, paths: int) -> Futures:
        seen.append(rollout)
        return foretelling(1.0)(rollout, hour_of_week, rng, paths)

    calibrate(knowledge(*lasting(20, seed=6)), foresee)

    assert seen
    for each in seen:
        assert each.status is Status.IN_PROGRESS
        assert np.isnan(each.closed)
        assert (each.at <= 0).all()


def test_the_same_facts_are_calibrated_alike_to_the_bit() -> None:
    known: Knowledge = knowledge(*lasting(40, seed=8))

    assert pickle.dumps(calibrate(known, foretelling(0.5))) == pickle.dumps(calibrate(known, foretelling(0.5)))
