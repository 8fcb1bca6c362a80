"""When in the week does a provider take nodes: office hours, learnt from when nodes went out."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dashboard.forecast.noise import Singles
from dashboard.forecast.pooling import Floats

Opens = Callable[[Floats], Floats]
"""The first instant at or after each at which nodes are taken; hours from now, of what was."""

SoonOpens = Callable[[Singles], Singles]
"""The same of what is drawn: millions of instants to come, in single precision."""

WEEK = 168
_ENOUGH = 0.05  # share of an open hour's takes below which an hour counts as closed
_AHEAD = 24 * 365 * 5  # hours
_FEW = 30  # takes before a habit is believed


@dataclass(frozen=True)
class OfficeHours:
    """For each hour of the week from Monday 00:00 UTC: hours to wait, from its beginning, until nodes are taken.

    opening : (169,)  the first instant, in hours of the week, at or after each hour's start at which it is open
    open_   : (168,)  whether nodes are taken in that hour
    """

    opening: Floats
    is_open: np.ndarray[tuple[int], np.dtype[np.bool_]]

    @property
    def always(self) -> bool:
        """Whether it makes no difference."""
        return bool(self.is_open.all())

    def opens(self, at: Floats, hour_of_week: float) -> Floats:
        """The first instant from `at` on at which a node is taken. Hours since an as_of at `hour_of_week`."""
        if self.always:
            return at
        week = (at + hour_of_week) % WEEK
        hour = np.minimum(week.astype(np.int64), WEEK - 1)
        return np.asarray(at + np.maximum(self.opening[hour] - week, 0.0))

    def between(self, begin: float, hour_of_week: float) -> float:
        """How many hours from `begin`, <= 0, to now nodes were taken in."""
        at = np.arange(min(max(begin, -WEEK * 8.0), 0.0) + 0.125, 0.0, 0.25)
        return float(np.mean(self.opens(at, hour_of_week) <= at) * -begin) if at.size else 0.0

    def from_now(self, hour_of_week: float) -> SoonOpens:
        """`opens` for many instants >= 0: the same, but from a table of the hours to come, as far as any matters."""
        if self.always:
            return lambda at: at
        first = float(np.floor(hour_of_week))
        begins = np.arange(_AHEAD) + first - hour_of_week
        week = ((begins + hour_of_week) % WEEK).astype(np.int64)
        opening = (begins - week + self.opening[week]).astype(np.float32)
        shift = np.float32(hour_of_week - first)

        def opens(at: Singles) -> Singles:
            hour = np.minimum(at + shift, np.float32(_AHEAD - 1)).astype(np.int32)
            return np.asarray(np.maximum(at, opening[hour]))

        return opens


def round_the_clock() -> OfficeHours:
    """No office hours."""
    return OfficeHours(np.arange(WEEK + 1.0), np.ones(WEEK, dtype=bool))


def fit_hours(taken: Floats, idle: Floats) -> OfficeHours:
    """Learns when nodes are taken.

    Hours of the day are pooled over working days and over weekends, for few weeks fill a week's every hour. An hour is
    closed where nodes waited for it with room to take them, or where none was taken though many were at other hours.

    taken : (takes,)  hours of the week, in [0, 168), at which nodes went out
    idle  : (168,)  hours that nodes waited though a slot was free, by hour of the week
    """
    if taken.size < _FEW:
        return round_the_clock()
    hour = np.minimum(taken.astype(np.int64), WEEK - 1)
    takes = np.bincount(hour, minlength=WEEK).astype(float).reshape(7, 24)
    waits = idle.reshape(7, 24)
    is_open = np.ones((7, 24), dtype=bool)
    for days in (slice(0, 5), slice(5, 7)):
        t, w = takes[days].sum(axis=0), waits[days].sum(axis=0)
        # A rate a waiting hour, or a share of a usual hour's takes: both must be small.
        usual = _usual(takes) * (days.stop - days.start)
        closed = (t <= _ENOUGH * usual) & (t <= 0.1 * w) & (w > 3.0)
        is_open[days] = ~closed
    if not is_open.any():
        return round_the_clock()
    return OfficeHours(_openings(is_open.ravel(), taken, hour), is_open.ravel())


def _usual(takes: Floats) -> float:
    """How many went out in the hour of the week in which the middle one of all did; few at odd hours change nothing."""
    rising = np.sort(takes, axis=None)
    return float(rising[np.searchsorted(np.cumsum(rising), takes.sum() / 2)])


def _openings(is_open: np.ndarray[tuple[int], np.dtype[np.bool_]], taken: Floats, hour: np.ndarray) -> Floats:
    """(169,) where each hour leads: to itself if open, else to the next open one, at the minute it begins there."""
    begins = np.arange(WEEK, dtype=float)
    minute = taken - hour
    for each in range(WEEK):
        if is_open[each] and not is_open[each - 1]:
            alike = [d * 24 + each % 24 for d in (range(5) if each < 120 else range(5, 7))]
            begins[each] += minute[np.isin(hour, alike)].min(initial=1.0) if np.isin(hour, alike).any() else 0.0
    opening = np.zeros(WEEK + 1)
    later = np.flatnonzero(is_open)[0] + WEEK + (begins[np.flatnonzero(is_open)[0]] % 1)
    for each in range(WEEK - 1, -1, -1):
        if is_open[each]:
            later = begins[each]
        opening[each] = later
    opening[WEEK] = opening[0] + WEEK
    return opening
