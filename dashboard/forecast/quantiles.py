"""By when is a share of the GPUs back, and how many are out: what many simulated futures say together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dashboard.forecast.pooling import Floats
from dashboard.forecast.spells import Flags
from dashboard.model.outlook import Paths
from dashboard.model.rollout import Codes

HORIZON = 24.0 * 365 * 5  # hours; nothing is forecast beyond


@dataclass(frozen=True, slots=True)
class Futures:
    """What may become of each node, (paths, nodes) each. Hours since as_of.

    out_at  : when it goes out; <= 0 where it has; inf where it never will
    back_at : when it is back; <= 0, and the real time, where it is; inf where it is lost
    lost    : whether it is removed
    gone_at : when it is removed; inf where it is not
    """

    out_at: Floats
    back_at: Floats
    lost: Flags
    gone_at: Floats


def back(futures: Futures, gpus: Codes, fractions: Sequence[float], levels: Sequence[float]) -> Floats:
    """Hours by which each fraction of the GPUs is back, (fractions, levels), finite and rising in both.

    Lost nodes leave the total of their path. What is reached already has its real time, what is not is >= 0.
    """
    share = np.asarray(fractions, dtype=float)
    paths, nodes = futures.back_at.shape
    if not nodes or not paths or not np.any(gpus > 0):
        return np.zeros((share.size, len(levels)))
    weight = np.maximum(gpus, 0).astype(float)
    known_lost = (futures.lost & (futures.gone_at <= 0)).all(axis=0)
    kept = np.where(known_lost, 0.0, weight)
    is_back = np.asarray((futures.back_at <= 0).all(axis=0))
    reached = is_back @ kept >= share * kept.sum() - 1e-9
    order = np.argsort(futures.back_at, axis=1)
    alive = np.where(futures.lost, 0.0, weight)
    running = np.cumsum(np.take_along_axis(alive, order, axis=1), axis=1)
    sorted_at = np.take_along_axis(futures.back_at, order, axis=1)
    found = np.zeros((share.size, len(levels)))
    for i, each in enumerate(share):
        if reached[i]:
            found[i] = _real(futures.back_at[0], kept, is_back, float(each))
            continue
        need = each * running[:, -1] - 1e-9
        at = np.minimum((running < need[:, None]).sum(axis=1), nodes - 1)
        hours = sorted_at[np.arange(paths), at]
        hours = np.clip(np.where(np.isfinite(hours), hours, 0.0), 0.0, HORIZON)
        found[i] = np.quantile(hours, np.clip(levels, 0.0, 1.0))
    rising = np.argsort(share, kind="stable")
    found[rising] = np.maximum.accumulate(found[rising], axis=0)
    by_level = np.argsort(levels, kind="stable")
    found[:, by_level] = np.maximum.accumulate(found[:, by_level], axis=1)
    return found


def _real(back_at: Floats, kept: Floats, is_back: Flags, fraction: float) -> float:
    """When the fraction was in fact reached."""
    at = np.where(is_back, back_at, np.inf)
    order = np.argsort(at, kind="stable")
    index = int(np.searchsorted(np.cumsum(kept[order]), fraction * kept.sum() - 1e-9))
    hours = at[order][min(index, at.size - 1)]
    return float(hours) if np.isfinite(hours) else 0.0


def gpus_out(futures: Futures, gpus: Codes, part: Codes, parts: int, grid: Floats) -> Paths:
    """GPUs out at each instant of the grid, (parts, paths, instants), by the nodes' part (nodes,)."""
    ends = np.minimum(futures.back_at, futures.gone_at)
    return _between((futures.out_at, ends), gpus, part, parts, grid)


def gpus_lost(futures: Futures, gpus: Codes, part: Codes, parts: int, grid: Floats) -> Paths:
    """GPUs removed by each instant of the grid, (parts, paths, instants)."""
    return _between((futures.gone_at, np.full(futures.gone_at.shape, np.inf)), gpus, part, parts, grid)


def _between(times: tuple[Floats, Floats], gpus: Codes, part: Codes, parts: int, grid: Floats) -> Paths:
    """GPUs at each instant t with begins <= t < ends: steps counted where they fall on the grid, then summed up."""
    begins, ends = times
    paths, _ = begins.shape
    instants = grid.size
    size = parts * paths * (instants + 1)
    row = (part * paths)[None, :] + np.arange(paths)[:, None]
    weight = np.broadcast_to(gpus.astype(float), begins.shape).ravel()
    steps = np.zeros(size)
    for at, sign in ((begins, 1.0), (np.maximum(ends, begins), -1.0)):
        index = row * (instants + 1) + np.searchsorted(grid, at)
        steps += sign * np.bincount(index.ravel(), weight, size)
    counts = np.cumsum(steps.reshape(parts, paths, instants + 1)[..., :-1], axis=-1)
    return np.asarray(np.rint(counts), dtype=np.int32)
