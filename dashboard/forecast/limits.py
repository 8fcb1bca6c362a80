"""What is meant by the most that may be out at once: so many places, all in use, or a ceiling that is kept under."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from functools import cache, partial

import numpy as np

from dashboard.forecast.hours import OfficeHours, Opens
from dashboard.forecast.past import Seen
from dashboard.forecast.pooling import Floats
from dashboard.forecast.slots import WAYS_TO_HOLD, Slots, Turnover, follows, growth, peak, places_at_most
from dashboard.forecast.units import Racks
from dashboard.forecast.waves import due

_FEW = 3  # maintenances before a limit is called a ceiling
_REACHED = 0.03  # mean distance, as a logarithm, of the most that were out from a limit that is reached
_LESS = 0.8  # a ceiling leaves less delay unexplained than so many places would, by this factor
_LONGEST = 24.0  # hours; no delay counts for more


def learn_slots(seen: Sequence[Seen], racks: Racks, hours: dict[str, OfficeHours], hour_of_week: float) -> Slots:
    """Which way of counting fits the told limits, or the hand-overs from node to node, and what the limits are.

    A limit that rollouts reach says how many places there are. One that they stay under does so only where nodes go
    out as that many places come free, and not as fewer would.
    """
    went = [each for each in seen if each.held[0].took.size]

    @cache
    def delays(i: int) -> Floats:
        return _delays(went[i], racks, hours, hour_of_week)

    misfit: defaultdict[str, Floats] = defaultdict(lambda: np.zeros(WAYS_TO_HOLD))
    limited: defaultdict[str, list[int]] = defaultdict(list)
    for i, each in enumerate(went):
        bound = _is_limited(each)
        wrong = _missed(each) if bound else _unfollowed(each)
        for name in (each.rollout.provider, ""):
            misfit[name] += wrong
            if bound:
                limited[name].append(i)
    way = {name: int(np.argmin(np.round(wrong, 6))) for name, wrong in misfit.items()}
    used: dict[str, Floats] = {}
    for name, those in limited.items():
        if len(those) < _FEW:
            continue
        part, used[name] = np.array([_used(went[i]) for i in those]), np.empty(0)
        if np.abs(np.log(part[:, way[name]])).mean() <= _REACHED:
            continue
        as_places, as_seen = sum((delays(i) for i in those), np.zeros((2, WAYS_TO_HOLD)))
        best = int(as_seen.argmin())
        if as_seen[best] < _LESS * as_places[way[name]]:
            way[name], used[name] = best, part[:, best]
    return _with_peaks(Slots(way, used=used), [each for each in went if each.held[0].took.size == each.rollout.nodes])


def _with_peaks(slots: Slots, whole: Sequence[Seen]) -> Slots:
    """The same with what the peaks of rollouts say that all went out, where no limit says how many places there are."""
    share: defaultdict[str, list[float]] = defaultdict(list)
    grows: defaultdict[str, list[Floats]] = defaultdict(list)
    for each in whole:
        provider, told = each.rollout.provider, bool(np.isfinite(each.rollout.max_unavailable))
        if told and not slots.used_by(provider).size:
            continue
        way = slots.way_of(provider)
        grown = growth(each.held[way])
        for name in (provider, ""):
            if not told:
                share[name].append(each.peaks[way] / each.rollout.nodes)
            if grown.size:
                grows[name].append(grown)
    return replace(
        slots,
        share={name: np.array(shares) for name, shares in share.items()},
        grows={name: np.array(rows) for name, rows in grows.items()},
    )


def _is_limited(each: Seen) -> bool:
    """Whether its limit was told, and came into play."""
    told = each.rollout.max_unavailable
    return bool(np.isfinite(told) and 1 <= told < min(each.rollout.nodes, each.held[0].took.size))


def _missed(each: Seen) -> Floats:
    """(ways,) by how much the most that were out missed the limit."""
    return np.minimum(np.abs(np.log(_used(each))), 2.0) * 5


def _used(each: Seen) -> Floats:
    """(ways,) the most that were out, as a share of the limit."""
    return np.array(each.peaks, dtype=float) / each.rollout.max_unavailable


def _unfollowed(each: Seen) -> Floats:
    """(ways,) share of nodes that went out without a place having come free just then."""
    handed = np.array([follows(way) for way in each.held], dtype=float)
    return np.asarray(1.0 - handed[:, 0] / np.maximum(handed[:, 1], 1.0))


def _delays(each: Seen, racks: Racks, hours: dict[str, OfficeHours], hour_of_week: float) -> Floats:
    """(2, ways) delays with as many places as were told, and with as many as were seen."""
    rollout, units = each.rollout, racks.units(each.cell, each.rollout.rack, np.isfinite(each.out_at))
    opens = partial(hours[rollout.provider].opens, hour_of_week=hour_of_week)
    found = np.zeros((2, WAYS_TO_HOLD))
    for i, held in enumerate(map(units.turnover, each.held)):
        most = peak(held)
        for j, room in enumerate((places_at_most(rollout.max_unavailable / units.size, most), most)):
            found[j, i] = _delay(held, room, opens)
    return found


def _delay(held: Turnover, room: int, opens: Opens) -> float:
    """Hours, of all that went out, between when that many places let each go and when it went."""
    late = np.abs(np.sort(held.took) - due(held, room, opens)[:-1])
    return float(np.minimum(late, _LONGEST).sum())
