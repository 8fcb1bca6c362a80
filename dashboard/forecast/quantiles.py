"""By when is a share of the GPUs back, and how many are out: what many simulated futures say together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dashboard.forecast.noise import Singles
from dashboard.forecast.pooling import Floats
from dashboard.forecast.spells import Flags
from dashboard.model.outlook import Paths
from dashboard.model.rollout import Codes

HORIZON = 24.0 * 365 * 5  # hours; nothing is forecast beyond
_BITS = 31  # of a sort key, for the node's index
_LONG = 100_000  # hours of a grid, up to which a table is worth it

Times = Floats | Singles


@dataclass(frozen=True, slots=True)
class Futures:
    """What may become of each node, (paths, nodes) each. Hours since as_of.

    out_at  : when it goes out; <= 0 where it has; inf where it never will
    back_at : when it is back; <= 0, and the real time, where it is; inf where it is lost
    lost    : whether it is removed
    gone_at : when it is removed; inf where it is not
    known_at : (nodes,) the real time of what is back or removed already, to the second; nan elsewhere
    """

    out_at: Times
    back_at: Times
    lost: Flags
    gone_at: Times
    known_at: Floats | None = None


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
    is_back = np.asarray(futures.back_at.max(axis=0) <= 0)
    reached = is_back @ kept >= share * kept.sum() - 1e-9
    found = np.zeros((share.size, len(levels)))
    hours = _reached(futures.back_at, weight, share) if not reached.all() else np.zeros((share.size, paths))
    for i, each in enumerate(share):
        if reached[i]:
            at = futures.back_at[0] if futures.known_at is None else futures.known_at
            found[i] = _real(at, kept, is_back, float(each))
        else:
            found[i] = np.quantile(hours[i], np.clip(levels, 0.0, 1.0))
    rising = np.argsort(share, kind="stable")
    found[rising] = np.maximum.accumulate(found[rising], axis=0)
    by_level = np.argsort(levels, kind="stable")
    found[:, by_level] = np.maximum.accumulate(found[:, by_level], axis=1)
    return found


def _reached(back_at: Times, weight: Floats, share: Floats) -> Floats:
    """When each path reaches each share of the weight that is not lost, (shares, paths), hours from 0 to HORIZON."""
    paths = np.arange(back_at.shape[0])
    at = np.maximum(back_at, 0).astype(np.float32)
    some = weight[weight > 0]
    if (some == some[0]).all():
        ordered = np.sort(at if some.size == weight.size else at[:, weight > 0], axis=1)
        total = np.isfinite(ordered).sum(axis=1)
        rank = [np.maximum(np.ceil(each * total - 1e-9).astype(np.int64) - 1, 0) for each in share]
    else:
        # Times >= 0 sort as the integers that their bits are: time and weight in one key spare an argsort.
        key = (at.view(np.int32).astype(np.int64) << _BITS) | np.arange(weight.size)
        key.sort(axis=1)
        ordered = (key >> _BITS).astype(np.int32).view(np.float32)
        running = np.where(np.isfinite(ordered), weight[key & ((1 << _BITS) - 1)], 0.0).cumsum(axis=1)
        rank = [(running < each * running[:, -1:] - 1e-9).sum(axis=1) for each in share]
    hours = np.array([ordered[paths, np.minimum(each, ordered.shape[1] - 1)] for each in rank], dtype=float)
    return np.asarray(np.clip(np.where(np.isfinite(hours), hours, 0.0), 0.0, HORIZON))


def _real(back_at: Times, kept: Floats, is_back: Flags, fraction: float) -> float:
    """When the fraction was in fact reached."""
    at = np.where(is_back, back_at, np.inf)
    order = np.argsort(at, kind="stable")
    index = int(np.searchsorted(np.cumsum(kept[order]), fraction * kept.sum() - 1e-9))
    hours = at[order][min(index, at.size - 1)]
    return float(hours) if np.isfinite(hours) else 0.0


@dataclass(frozen=True, slots=True)
class Capacity:
    """GPUs at each instant of a grid, (parts, paths, instants) each: out; of those out now, not back yet; removed."""

    out: Paths
    left: Paths
    lost: Paths


def capacity(futures: Futures, gpus: Codes, part: Codes, parts: int, grid: Floats) -> Capacity:
    """GPUs out, left and lost over a rising grid of hours from 0 on, by the nodes' part, (nodes,)."""
    shape = (parts, futures.back_at.shape[0], grid.size)
    ends = np.maximum(np.where(futures.lost, futures.gone_at, futures.back_at), futures.out_at)
    never = futures.out_at.min(axis=0) == np.inf
    is_out = (futures.out_at.max(axis=0) <= 0) & (ends.max(axis=0) > 0)
    coming = ~is_out & (ends.max(axis=0) > grid[0]) & ~never
    left, out, lost = (np.zeros(shape, dtype=np.int32) for _ in range(3))
    for each, count, nodes in _alike(gpus, part):
        here = nodes[is_out[nodes]]
        if here.size:
            left[each] += count * (here.size - _happened(ends[:, here], grid))
        later = nodes[coming[nodes]]
        if later.size:
            gone = _happened(futures.out_at[:, later], grid)
            out[each] += count * (gone - _happened(ends[:, later], grid))
        mortal = nodes[futures.lost[:, nodes].any(axis=0)]
        if mortal.size:
            lost[each] += count * _happened(futures.gone_at[:, mortal], grid)
    return Capacity(out + left, left, lost)


def _alike(gpus: Codes, part: Codes) -> Iterator[tuple[int, int, Codes]]:
    """Yields part, GPUs and the nodes of that part that have so many."""
    pairs, which = np.unique(np.stack([part, gpus]), axis=1, return_inverse=True)
    for i, (each, count) in enumerate(pairs.T.tolist()):
        if count > 0:
            yield each, count, np.flatnonzero(which.ravel() == i)


def _happened(at: Times, grid: Floats) -> Paths:
    """How many of each row's times have come by each instant of the grid, (paths, instants)."""
    paths, instants = at.shape[0], grid.size
    row = np.arange(0, paths * (instants + 1), instants + 1, dtype=np.int32)
    steps = np.bincount((_instant(at, grid) + row[:, None]).ravel(), minlength=paths * (instants + 1))
    return np.asarray(steps.reshape(paths, -1)[:, :-1].cumsum(axis=1), dtype=np.int32)


def _instant(at: Times, grid: Floats) -> npt.NDArray[np.int32]:
    """The first instant of the grid that is not before each time, by table where the grid goes by whole hours."""
    hours = grid[1:] - grid[1] if grid.size > 1 else grid[:0]
    if not hours.size or np.abs(hours - np.rint(hours)).max() > 1e-6 or hours[-1] > _LONG:
        return np.searchsorted(grid, at).astype(np.int32)
    last = round(float(hours[-1]))
    table = np.searchsorted(hours, np.arange(last + 2) - 0.5).astype(np.int32) + 1
    hour = np.ceil(np.clip(at - at.dtype.type(grid[1]), 0, last + 1)).astype(np.int32)
    return np.asarray(table[hour] * (at > grid[0]), dtype=np.int32)
