"""Where does a rollout stop: waves that wait for the whole of the one before, learnt from where past ones stopped."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dashboard.forecast.hours import Opens, SoonOpens
from dashboard.forecast.noise import Singles
from dashboard.forecast.places import Stay, queue
from dashboard.forecast.pooling import Cell, Floats
from dashboard.forecast.slots import Turnover
from dashboard.forecast.spells import SKEW
from dashboard.model.rollout import Codes

PROMPT = SKEW  # hours; a hand-over within is none
LONGEST = 24.0 * 14
MANY = 8  # stops; whoever stops more often has another habit
_OTHER_KIND, _OTHER = 0.3, 0.03  # what a rollout of another kind, or provider, counts for
_DOUBT = 0.3  # rollouts without a stop that are believed in before any was seen
_NEAR = 0.04  # share of the nodes within which a stop is the same stop
_UNSAID = 0.02  # what a plan counts for that leaves idle places unexplained


@dataclass(frozen=True, slots=True)
class Stops:
    """Where one rollout stopped until all that were out had been given back. (stops,) each.

    after : nodes that had gone out by then
    pauses : hours from the last that was given back until the next went out, in office hours' reckoning
    """

    after: Codes
    pauses: Floats


NONE = Stops(np.empty(0, dtype=np.int64), np.empty(0))


def stops_of(held: Turnover, room: int, opens: Opens) -> Stops:
    """A stop is where places stayed free, though there was room for more, until nobody was out.

    room : places that there are
    """
    order = np.argsort(held.took, kind="stable")
    took, gave = held.took[order], held.gave[order]
    if room < 2 or took.size < 3:
        return NONE
    last = np.maximum.accumulate(gave)[:-1]
    clear = np.isfinite(last) & (last <= took[1:] + 1e-6)
    late = took[1:] - due(held, room, opens)[1 : took.size] > PROMPT
    begins = np.diff(took) > 1e-6
    after = np.flatnonzero(clear & late & begins) + 1
    pauses = np.clip(took[after] - opens(last[after - 1]), 0.0, LONGEST)
    return Stops(after, pauses)


def due(held: Turnover, room: int, opens: Opens) -> Floats:
    """When each node, in their order, and the one after the last, could have gone out: (nodes that went + 1,)."""
    took, gave = np.sort(held.took), np.sort(held.gave)
    at = np.full(took.size + 1, took.min(initial=0.0))
    count = max(took.size + 1 - room, 0)
    free = gave[:count]
    at[room:] = np.where(np.isfinite(free), opens(np.where(np.isfinite(free), free, 0.0)), np.inf)
    return at


def restart(waited: float, pauses: Floats, paths: int, rng: np.random.Generator) -> Singles:
    """Hours until a rollout goes on that has waited so long: as its like did, or else as long again, more or less.

    What nothing explains has a remaining wait as long as the wait so far, by the median (Pareto of index 1, which the
    Copernican argument gives: Gott 1993).
    """
    again = waited * (1.0 / (1.0 - rng.random(paths)) - 1.0)
    longer = pauses[pauses > waited]
    if longer.size:
        usual = rng.choice(longer, paths) - waited
        again = np.where(rng.random(paths) < longer.size / (longer.size + 1), usual, again)
    return np.minimum(again, LONGEST).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Ahead:
    """What is to come, for some paths.

    rows   : (rows,) paths
    after  : (stops,) rising, how many of the waiting nodes go before each stop; 0 where it stops now
    pauses : (rows, stops) hours
    """

    rows: Codes
    after: Codes
    pauses: Singles


@dataclass(frozen=True, slots=True)
class Waves:
    """Where finished rollouts stopped.

    patterns : cell -> shares of the nodes after which a rollout stopped, () for straight through -> how many did so
    pauses   : provider -> hours of each stop
    """

    patterns: dict[Cell, dict[tuple[float, ...], int]]
    pauses: dict[str, Floats]

    def ahead(
        self, cell: Cell, seen: Stops, gone: int, nodes: int, *, idle: bool, paths: int, rng: np.random.Generator
    ) -> Iterator[Ahead]:
        """Draws, for each path, a past rollout that stopped where this one did, and stops where that one went on to.

        seen : this one's stops so far; gone : nodes that went out; idle : whether a place is free that none takes
        """
        plans: dict[tuple[int, ...], float] = {}
        for shares, weight in self._weights(cell).items():
            left = _left(np.array(shares), seen.after / nodes, gone / nodes)
            if left is None:
                continue
            at = np.maximum(np.rint(left * nodes).astype(np.int64) - gone, 0)
            plan = tuple(sorted({place for place in at.tolist() if place < nodes - gone}))
            unsaid = idle and (not plan or plan[0] > 0)
            plans[plan] = plans.get(plan, 0.0) + weight * (_UNSAID if unsaid else 1.0)
        if not plans:
            plans[()] = 1.0
        chances = np.array(list(plans.values()))
        drawn = rng.choice(chances.size, paths, p=chances / chances.sum())
        pauses = np.concatenate([self.pauses_of(cell[0]), seen.pauses])
        for i, plan in enumerate(plans):
            rows = np.flatnonzero(drawn == i)
            if rows.size:
                shape = (rows.size, len(plan))
                rest = rng.choice(pauses, shape) if plan and pauses.size else np.zeros(shape)
                yield Ahead(rows, np.array(plan, dtype=np.int64), rest.astype(np.float32))

    def pauses_of(self, provider: str) -> Floats:
        """Hours of each of its stops; everybody's where it is new."""
        return self.pauses.get(provider, self.pauses.get("", np.empty(0)))

    def stopped(self, cell: Cell) -> tuple[int, int]:
        """How many rollouts of this cell stopped on their way, of how many."""
        seen = self.patterns.get(cell, {})
        return sum(seen.values()) - seen.get((), 0), sum(seen.values())

    def _weights(self, cell: Cell) -> dict[tuple[float, ...], float]:
        """Each pattern, and how much it counts for this cell: its provider's, or where that is new, everybody's."""
        weights: dict[tuple[float, ...], float] = {(): _DOUBT}
        known = any(each[0] == cell[0] for each in self.patterns)
        for theirs, counts in self.patterns.items():
            if known and theirs[0] != cell[0]:
                continue
            weight = 1.0 if theirs == cell else _OTHER_KIND if theirs[0] == cell[0] else _OTHER
            for shares, count in counts.items():
                weights[shares] = weights.get(shares, 0.0) + weight * count
        return weights


def _left(shares: Floats, seen: Floats, gone: float) -> Floats | None:
    """The stops of a pattern that are yet to come; None where it does not agree with those seen so far."""
    left = np.ones(shares.size, dtype=bool)
    for each in seen:
        off = np.where(left, np.abs(shares - each), np.inf)
        if off.min(initial=np.inf) > _NEAR:
            return None
        left[off.argmin()] = False
    if (left & (shares < gone - _NEAR)).any():
        return None
    return np.maximum(shares[left], gone)


def learn_waves(rollouts: list[tuple[Cell, int, Stops]]) -> Waves:
    """Counts the patterns of rollouts whose nodes all went out. cell, nodes, stops."""
    patterns: dict[Cell, dict[tuple[float, ...], int]] = {}
    pauses: dict[str, list[Floats]] = {}
    for cell, nodes, stops in rollouts:
        if stops.after.size > MANY:
            continue
        counts = patterns.setdefault(cell, {})
        shares = tuple(np.round(stops.after / nodes, 3).tolist())
        counts[shares] = counts.get(shares, 0) + 1
        for name in (cell[0], ""):
            pauses.setdefault(name, []).append(stops.pauses)
    return Waves(patterns, {name: np.concatenate(each) for name, each in pauses.items()})


def in_waves(plan: Ahead, free: Singles, busy: Singles, stay: Stay, slots: Codes, opens: SoonOpens) -> Singles:
    """When each waiting node goes out: a queue that is stopped, at each of the plan's stops, until all are given back.

    free : (paths, places), inf where a path has fewer; slots : (paths,); returns : (paths, waiting)
    busy : (paths,) when the last of those that are out is given back
    """
    went = np.empty_like(stay.hold)
    begin = 0
    for each, pause in zip(plan.after.tolist(), plan.pauses.T, strict=True):
        wave = stay.of(columns=slice(begin, each))
        queue(free, wave, opens, went[:, begin:each])
        busy = np.maximum(busy, (went[:, begin:each] + wave.hold).max(axis=1, initial=-np.inf))
        place = np.arange(slots.max(initial=1))
        free = np.where(place < slots[:, None], (opens(busy) + pause)[:, None], np.float32(np.inf)).astype(np.float32)
        begin = each
    queue(free, stay.of(columns=slice(begin, None)), opens, went[:, begin:])
    return went
