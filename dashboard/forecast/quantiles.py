"""By when is a share of the GPUs back, and how many are out: what many simulated futures say together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dashboard.forecast.noise import Singles
from dashboard.forecast.pooling import Floats
from dashboard.forecast.spells import Flags
from dashboard.model.outlook import Paths
from dashboard.model.rollout import Codes

HORIZON = 24.0 * 365 * 5  # hours; nothing is forecast beyond
_BITS = 31  # of a sort key, for the node's index
_SOON = 1e-6  # hours
_AT_ONCE = 250_000  # nodes x paths counted together: what fits a processor's cache
_LONG = 100_000  # hours of a grid, up to which a table is worth it

Times = Floats | Singles


@dataclass(frozen=True, slots=True)
class Futures:
    """What may become of each node, (paths, nodes) each. Hours since as_of.

    out_at  : when it goes out; <= 0 where it has; inf where it never will
    end_at  : when it is back or removed, not before out_at; <= 0 where it is already
    lost    : whether it is removed
    known_at : (nodes,) the real time of what is back or removed already, to the second; nan elsewhere
    node : (nodes,) which node of the rollout each column is; None where they are in order
    """

    out_at: Times
    end_at: Times
    lost: Flags
    known_at: Floats | None = None
    node: Codes | None = None

    def columns(self, of_nodes: Codes) -> Codes:
        """(nodes,) what is said of nodes, in the order of the columns."""
        return of_nodes if self.node is None else of_nodes[self.node]

    def taken(self, paths: Codes) -> "Futures":
        """These paths of it."""
        return replace(self, out_at=self.out_at[paths], end_at=self.end_at[paths], lost=self.lost[paths])

    def moved(self, now: Floats, then: Floats) -> "Futures":
        """The same paths with each one's `now` become its `then`, (paths,) hours: what comes by then stretches with it,
        what comes later moves along. Where it is over, <= 0, nothing does."""
        was, is_at = (np.maximum(each, 0.0)[:, None].astype(np.float32) for each in (now, np.where(now > 0, then, 0.0)))
        return replace(self, out_at=_along(self.out_at, was, is_at), end_at=_along(self.end_at, was, is_at))

    @property
    def back_at(self) -> Times:
        """When it is back, (paths, nodes); inf where it is lost."""
        return np.asarray(np.where(self.lost, self.end_at.dtype.type(np.inf), self.end_at))


def _along(at: Times, now: Singles, then: Singles) -> Times:
    """Times as they are when `now` becomes `then`: up to it they stretch, what comes later moves along; the past stays.

    at : (paths, nodes); now, then : (paths, 1)
    """
    moved = np.array(at, dtype=np.float32)
    coming = np.flatnonzero(moved.max(axis=0, initial=-np.inf) > 0)
    if not coming.size:
        return moved
    stretch, columns = then / np.maximum(now, np.float32(_SOON)), neighbours(coming)
    rows = max(_AT_ONCE // coming.size, 1)
    for begin in range(0, moved.shape[0], rows):
        path = slice(begin, begin + rows)
        was = moved[path, columns]
        upto = np.minimum(was, now[path])
        later = was - upto
        upto *= stretch[path]
        upto += later
        moved[path, columns] = np.where(was > 0, upto, was)
    return moved


@dataclass(frozen=True, slots=True)
class Returns:
    """What some paths say of the return of shares of the GPUs.

    hours   : (shares, paths) when each is reached, from 0 to HORIZON
    is_back, gone : (nodes,) back, or removed, in all of them already
    at      : (nodes,) when, of those
    """

    hours: Floats
    is_back: Flags
    gone: Flags
    at: Times


def returns_of(futures: Futures, gpus: Codes, fractions: Sequence[float]) -> Returns:
    """Sums up futures of some paths, that of a large maintenance not all need to be held at once."""
    share = np.asarray(fractions, dtype=float)
    paths, nodes = futures.end_at.shape
    weight = np.maximum(futures.columns(gpus), 0).astype(float)
    over = futures.end_at.max(axis=0, initial=-np.inf) <= 0
    at = futures.known_at if futures.known_at is not None else futures.end_at[0] if paths else np.zeros(nodes)
    is_back, gone = over & ~futures.lost.any(axis=0), over & futures.lost.all(axis=0)
    hours = np.zeros((share.size, paths))
    if np.any(weight[~over] > 0):
        hours = _reached(futures, weight, share, over, float(weight[is_back].sum()))
    told = is_back, gone, at
    if futures.node is not None:
        place = np.argsort(futures.node)
        told = told[0][place], told[1][place], told[2][place]
    return Returns(hours, *told)


def back(futures: Futures, gpus: Codes, fractions: Sequence[float], levels: Sequence[float]) -> Floats:
    """Hours by which each fraction of the GPUs is back, (fractions, levels), finite and rising in both.

    Lost nodes leave the total of their path. What is reached already has its real time, what is not is >= 0.
    """
    return back_in([returns_of(futures, gpus, fractions)], gpus, fractions, levels)


def back_in(some: Sequence[Returns], gpus: Codes, fractions: Sequence[float], levels: Sequence[float]) -> Floats:
    """The same of all paths, from what is said of some of them each."""
    share, hours = np.asarray(fractions, dtype=float), np.concatenate([each.hours for each in some], axis=1)
    found = np.zeros((share.size, len(levels)))
    if not hours.size or not np.any(gpus > 0):
        return found
    gone, is_back = (np.logical_and.reduce(each) for each in zip(*((r.gone, r.is_back) for r in some), strict=True))
    kept = np.where(gone, 0.0, np.maximum(gpus, 0).astype(float))
    reached = is_back @ kept >= share * kept.sum() - 1e-9
    for i, each in enumerate(share):
        if reached[i]:
            found[i] = _real(some[0].at, kept, is_back, float(each))
        else:
            found[i] = np.quantile(hours[i], np.clip(levels, 0.0, 1.0))
    rising = np.argsort(share, kind="stable")
    found[rising] = np.maximum.accumulate(found[rising], axis=0)
    by_level = np.argsort(levels, kind="stable")
    found[:, by_level] = np.maximum.accumulate(found[:, by_level], axis=1)
    return found


def _reached(futures: Futures, weight: Floats, share: Floats, over: Flags, there: float) -> Floats:
    """When each path reaches each share of the weight that is not lost, (shares, paths), hours from 0 to HORIZON.

    over : (nodes,) whose way has ended in all paths: they are not sorted, for of their weight so much is `there`
    """
    paths = futures.end_at.shape[0]
    hours = np.empty((share.size, paths))
    some = np.flatnonzero(~over & (weight > 0))
    weight = weight[some]
    columns = neighbours(some)
    rows = max(_AT_ONCE // some.size, 1)
    for begin in range(0, paths, rows):
        path = slice(begin, begin + rows)
        at = np.maximum(futures.end_at[path, columns], 0, dtype=np.float32, casting="same_kind")
        lost = futures.lost[path, columns]
        at[lost] = np.inf
        if (weight == weight[:1]).all():
            found = _counted(at, at.shape[1] - lost.sum(axis=1), there / weight[0], share)
        else:
            found = _weighed(at, weight, there, share)
        hours[:, path] = np.where(np.isfinite(found), found, 0.0)
    return np.clip(hours, 0.0, HORIZON)


def neighbours(nodes: Codes) -> slice | Codes:
    """The same columns, as a slice where they are neighbours: that copies nothing. nodes : rising"""
    first, last = int(nodes[0]), int(nodes[-1])
    return slice(first, last + 1) if last - first + 1 == nodes.size else nodes


def _counted(at: Singles, kept: Codes, there: float, share: Floats) -> Singles:
    """When each path reaches each share of its times but those lost and of so many already there, (shares, paths).

    kept : (paths,) how many are not lost, whose times are infinite
    """
    path = np.arange(at.shape[0])
    rank = np.ceil(share[:, None] * (kept + there) - there - 1e-9).astype(np.int64) - 1
    at.sort(axis=1)
    return np.asarray(np.where(rank < 0, np.float32(0), at[path, np.clip(rank, 0, at.shape[1] - 1)]))


def _weighed(at: Singles, weight: Floats, there: float, share: Floats) -> Singles:
    """The same by weight. Times >= 0 sort as the integers that their bits are: one key with the node, no argsort."""
    key = (at.view(np.int32).astype(np.int64) << _BITS) | np.arange(weight.size)
    key.sort(axis=1)
    ordered = (key >> _BITS).astype(np.int32).view(np.float32)
    running = np.where(np.isfinite(ordered), weight[key & ((1 << _BITS) - 1)], 0.0).cumsum(axis=1) + there
    rank = np.array([(running < each * running[:, -1:] - 1e-9).sum(axis=1) for each in share])
    return np.asarray(ordered[np.arange(at.shape[0]), np.minimum(rank, ordered.shape[1] - 1)])


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
    shape = (parts, futures.end_at.shape[0], grid.size)
    gpus, part = futures.columns(gpus), futures.columns(part)
    lasts = _each(futures.end_at.max(axis=0) > 0)
    is_out = lasts & _each(futures.out_at.max(axis=0) <= 0)
    coming = lasts & ~is_out & _each(futures.out_at.min(axis=0) < np.inf)
    mortal = _each(futures.lost.any(axis=0))
    left, out, lost = (np.zeros(shape, dtype=np.int32) for _ in range(3))
    for each, count, nodes in _alike(gpus, part):
        here, later, gone = (nodes[which[nodes]] for which in (is_out, coming, mortal))
        if here.size:
            left[each] += count * (here.size - _happened(futures.end_at, here, grid))
        if later.size:
            went = _happened(futures.out_at, later, grid)
            out[each] += count * (went - _happened(futures.end_at, later, grid))
        if gone.size:
            lost[each] += count * _happened(futures.end_at, gone, grid, futures.lost)
    return Capacity(out + left, left, lost)


def together(some: Sequence[Capacity]) -> Capacity:
    """That of all paths, from that of some of them each."""
    if len(some) == 1:
        return some[0]
    return Capacity(*(np.concatenate([getattr(c, name) for c in some], axis=1) for name in ("out", "left", "lost")))


def _each(nodes: object) -> Flags:
    """(nodes,) flags."""
    return np.asarray(nodes, dtype=bool)


def _alike(gpus: Codes, part: Codes) -> Iterator[tuple[int, int, Codes]]:
    """Yields part, GPUs and the nodes of that part that have so many."""
    most = int(gpus.max(initial=0)) + 1
    found, which = np.unique(part * most + np.maximum(gpus, 0), return_inverse=True)
    for i, key in enumerate(found.tolist()):
        each, count = divmod(key, most)
        if count > 0:
            yield each, count, np.flatnonzero(which == i)


def _happened(at: Times, nodes: Codes, grid: Floats, counted: Flags | None = None) -> Paths:
    """How many of these nodes' times, those counted, have come by each instant of the grid, (paths, instants)."""
    paths, instants = at.shape[0], grid.size
    columns = neighbours(nodes)
    come = np.empty((paths, instants), np.int32)
    rows = max(_AT_ONCE // nodes.size, 1)
    for begin in range(0, paths, rows):
        block = _instant(at[begin : begin + rows, columns], grid)
        if counted is not None:
            block[~counted[begin : begin + rows, columns]] = instants
        count = block.shape[0]
        block += np.arange(0, count * (instants + 1), instants + 1)[:, None]
        steps = np.bincount(block.ravel(), minlength=count * (instants + 1)).reshape(count, -1)
        come[begin : begin + count] = steps[:, :-1].cumsum(axis=1)
    return come


def _instant(at: Times, grid: Floats) -> Codes:
    """The first instant of the grid that is not before each time, by table where the grid goes by whole hours."""
    hours = grid[1:] - grid[1] if grid.size > 1 else grid[:0]
    if not hours.size or np.abs(hours - np.rint(hours)).max() > 1e-6 or hours[-1] > _LONG:
        return np.asarray(np.searchsorted(grid, at), dtype=np.int64)
    last = round(float(hours[-1]))
    table = np.searchsorted(hours, np.arange(last + 2) - 0.5) + 1
    hour = at - at.dtype.type(grid[1])
    np.ceil(np.clip(hour, 0, last + 1, out=hour), out=hour)
    found = np.take(table, hour.astype(np.int64), mode="clip")
    if at.min() <= grid[0]:
        found *= at > grid[0]
    return found
