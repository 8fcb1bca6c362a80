"""How good was a forecast, once it is known what came true."""

from collections.abc import Sequence

import numpy as np

from dashboard.forecast.pooling import Floats
from dashboard.forecast.spells import IN_SERVICE, REMOVED, spells_of, tidied
from dashboard.model.rollout import Rollout
from dashboard.model.stages import CLOSED


def crps(quantiles: Floats, levels: Sequence[float], actual: float) -> float:
    """Twice the mean pinball loss over the levels, in the unit of the quantiles; lower is better.

    It approaches the continuous ranked probability score as levels are added (Gneiting and Raftery 2007), and is the
    mean absolute error where all quantiles are one point.

    quantiles : (levels,)
    """
    level, gap = np.asarray(levels), actual - np.asarray(quantiles)
    return float(2.0 * np.mean(np.maximum(level * gap, (level - 1.0) * gap)))


def crps_of_draws(drawn: Floats, actual: Floats, weight: Floats) -> Floats:
    """Continuous ranked probability scores, (asked,), of draws as they are (Gneiting and Raftery 2007, eq. 21).

    drawn : (asked, draws) rising; weight : (draws,) of each, 1 in all
    """
    return np.asarray(np.abs(drawn - actual[:, None]) @ weight - apart(drawn, weight))


def apart(drawn: Floats, weight: Floats) -> Floats:
    """Half the mean distance of two draws, (asked,). drawn : (asked, draws) rising; weight : (draws,) 1 in all"""
    return np.asarray(drawn @ (weight * (2.0 * np.cumsum(weight) - weight - 1.0)))


def pit(quantiles: Floats, levels: Sequence[float], actual: float) -> float:
    """At which level the actual fell: the probability integral transform (Dawid 1984), 0 to 1.

    Interpolated between levels; beyond the outermost it falls, as far as its tail is known, in the middle of the rest.
    """
    if actual < quantiles[0]:
        return float(levels[0]) / 2
    if actual > quantiles[-1]:
        return (1 + float(levels[-1])) / 2
    # Where quantiles coincide, what equals them fell in their middle.
    low, high = np.interp(actual, quantiles, levels), -np.interp(-actual, -quantiles[::-1], -np.asarray(levels)[::-1])
    return float((low + high) / 2)


def reached(rollout: Rollout, fraction: float) -> float:
    """Hours since as_of at which that share of the GPUs that were not lost was back; nan where it is not yet so.

    A maintenance that reported no node was back when it was closed.
    """
    rollout = tidied(rollout)
    spells = spells_of(rollout)
    if not np.isfinite(spells.since).any():
        return rollout.closed if rollout.status in CLOSED else float("nan")
    home, kept = spells.now == IN_SERVICE, spells.now != REMOVED
    at, gpus = spells.since[home], rollout.gpus[home]
    order = np.argsort(at, kind="stable")
    enough = np.flatnonzero(np.cumsum(gpus[order]) >= fraction * rollout.gpus[kept].sum() - 1e-9)
    return float(at[order][enough[0]]) if enough.size else float("nan")
