"""When does a waiting node get its turn: a queue for places, first come, first served."""

from dataclasses import dataclass

import numpy as np

from dashboard.forecast.hours import SoonOpens
from dashboard.forecast.noise import Singles
from dashboard.forecast.pooling import Floats
from dashboard.model.rollout import Codes

ALL = slice(None)
_FEW = 24  # places up to which the earliest is found by looking at each


@dataclass(frozen=True, slots=True)
class Stay:
    """How long each node holds its place, and how long that is left free after it, once nodes are taken.

    hold, pause : (paths, nodes); None where a place is taken again as soon as it can be
    """

    hold: Singles
    pause: Singles | None = None

    def of(self, rows: Codes | slice = ALL, columns: slice | int = ALL) -> "Stay":
        """Of some paths and nodes."""
        return Stay(self.hold[rows, columns], None if self.pause is None else self.pause[rows, columns])

    def gives(self, at: Singles, opens: SoonOpens) -> Singles:
        """When places may be taken again that are taken at those instants."""
        given = at + self.hold
        return given if self.pause is None else np.asarray(opens(given) + self.pause)


def places(held: Singles, slots: Codes, earliest: Floats) -> Singles:
    """When each place comes free, (paths, places): held ones when their node gives them back, others at `earliest`.

    held : (paths, held) hours until each is given back; slots, earliest : (paths,). Where more are held than there are
    places, those that are given back first are not taken again: inf
    """
    over = held.shape[1] - slots
    if held.shape[1] and (over > 0).any():
        held = np.where(held.argsort(axis=1).argsort(axis=1) < over[:, None], np.float32(np.inf), held)
    spare = np.maximum(slots - held.shape[1], 0 if held.shape[1] else 1)
    more = np.arange(spare.max(initial=0))
    free = np.where(more < spare[:, None], earliest[:, None], np.float32(np.inf))
    return np.concatenate([held, free.astype(np.float32)], axis=1)


def queue(free: Singles, stay: Stay, opens: SoonOpens, went: Singles | None = None) -> Singles:
    """When each waiting node goes out: in order, each into the place that comes free first.

    free    : (paths, places)  when each place comes free; inf where a path has fewer places
    opens   : the first instant from each given one on at which nodes are taken, never falling
    returns : (paths, waiting), in `went` where that is given

    Paths with about as many places are done together. No loop over paths.
    """
    width = np.isfinite(free).sum(axis=1)
    alike = np.ceil(np.log2(np.maximum(width, 1)) * 2).astype(np.int64)
    went = np.empty_like(stay.hold) if went is None else went
    for each in np.unique(alike).tolist():
        row = np.flatnonzero(alike == each)
        most = max(int(width[row].max()), 1)
        table = np.sort(free[row], axis=1)[:, :most]
        one = _one_by_one if most <= _FEW else _by_batches
        if row.size == alike.size:
            one(table, stay, opens, went)
        else:
            part = stay.of(row)
            went[row] = one(table, part, opens, np.empty_like(part.hold))
    return went


def _one_by_one(table: Singles, stay: Stay, opens: SoonOpens, went: Singles) -> Singles:
    row = np.arange(table.shape[0])
    for node in range(went.shape[1]):
        place = table.argmin(axis=1)
        at = opens(table[row, place])
        went[:, node] = at
        table[row, place] = stay.of(columns=node).gives(at, opens)
    return went


def _by_batches(table: Singles, stay: Stay, opens: SoonOpens, went: Singles) -> Singles:
    """As many nodes at a time as a third of the places.

    The k-th of a batch goes at the k-th smallest of the times at which places come free, those given back by nodes of
    the batch before it included: a fixed point, reached from above in as many rounds as places change hands in between.
    """
    step = max(table.shape[1] // 3, 1)
    for begin in range(0, went.shape[1], step):
        batch = stay.of(columns=slice(begin, begin + step))
        count = batch.hold.shape[1]
        if count < table.shape[1]:
            table.partition(count - 1, axis=1)
        first = np.sort(table[:, :count], axis=1)
        at = np.array(opens(first))
        gives = batch.gives(at, opens)
        unsettled = np.flatnonzero(gives.min(axis=1) < first[:, -1])
        turn = first[unsettled]
        while unsettled.size:
            merged = np.sort(np.concatenate([first[unsettled], gives[unsettled]], axis=1), axis=1)
            moved = (merged[:, :count] != turn).any(axis=1)
            still = np.flatnonzero(~moved)
            gives[unsettled[still]] = merged[still, count:]
            unsettled, turn = unsettled[moved], merged[moved, :count]
            at[unsettled] = opens(turn)
            gives[unsettled] = batch.of(unsettled).gives(at[unsettled], opens)
        went[:, begin : begin + count] = at
        table[:, :count] = gives
    return went
