"""How long does something usually take: quantiles of the laws that history taught, for a node or a case of its like."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

import numpy as np
from scipy.special import ndtr

from dashboard.forecast.durations import SHORTEST, Law, fit_durations
from dashboard.forecast.experience import Experience
from dashboard.forecast.fitting import SCALES, Stays
from dashboard.forecast.pooling import Cell
from dashboard.model.cases import Case
from dashboard.model.instants import HOUR, micros
from dashboard.model.slas import RESOLUTION, RESPONSE
from dashboard.model.stages import STAGES
from dashboard.model.usual import Like, Usual, UsualTimes

QUANTILES = (0.5, 0.9, 0.95)
USUAL_OF_CASES = {RESPONSE: 6.0, RESOLUTION: 48.0}
"""Median hours, believed where no case was seen."""

_HALVINGS = 60
_FAR = 12.0  # standard deviations


def usual_times(experience: Experience, cases: Sequence[Case], as_of: datetime) -> UsualTimes:
    """What is usual at `as_of`: of each stage by provider and kind, of each step of a case by provider and severity.

    The law of one node in a maintenance of its like of which nothing is known yet: the spread among nodes, racks and
    maintenances, and what is not known of their mean. For what was never seen there are rows of a provider and of all.
    """
    found: dict[Like, Usual] = {}
    for stage, durations in experience.durations.items():
        _tell(found, STAGES[stage].value, durations.members, durations.law)
    for what, median in USUAL_OF_CASES.items():
        fitted = fit_durations(_stays(cases, what, micros(as_of)), median)
        _tell(found, what, fitted.members, fitted.law)
    return UsualTimes(found)


def _tell(found: dict[Like, Usual], what: str, seen: Iterable[Cell], law: Callable[[Cell], Law]) -> None:
    cells = set(seen)
    for cell in sorted(cells | {(provider, "") for provider, _ in cells} | {("", "")}):
        found[cell[0], cell[1], what] = Usual(*quantiles(law(cell)))


def quantiles(law: Law) -> tuple[float, ...]:
    """Hours within which half, nine in ten and nineteen in twenty are over.

    The mean is normal, and a maintenance's own spread is one of SCALES: a mixture of lognormals, inverted by halving.
    """
    shares = law.scales / law.scales.sum()
    sigma = np.sqrt(law.variance + law.phi2 + law.rho2 + law.sigma2 * SCALES)
    low = np.full(len(QUANTILES), law.mean - _FAR * sigma.max())
    high = np.full(len(QUANTILES), law.mean + _FAR * sigma.max())
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        below = ndtr((middle[:, None] - law.mean) / sigma) @ shares < QUANTILES
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return tuple(law.hours(each) for each in np.clip((low + high) / 2, -20.0, 20.0).tolist())


def _stays(cases: Sequence[Case], what: str, now: int) -> Stays:
    """How long each case took to be answered or solved, or has taken so far."""
    cells = tuple(sorted({(each.provider_id, each.severity) for each in cases}))
    index = {cell: i for i, cell in enumerate(cells)}
    ends = [each.answered_at if what == RESPONSE else each.closed_at for each in cases]
    lasted = [((now if end is None else end) - each.opened_at) / HOUR for each, end in zip(cases, ends, strict=True)]
    each_one = np.arange(len(cases), dtype=np.int64)
    return Stays(
        np.log(np.maximum(np.array(lasted, dtype=float), SHORTEST)),
        np.array([end is None for end in ends], dtype=bool),
        each_one,
        each_one,
        np.array([index[each.provider_id, each.severity] for each in cases], dtype=np.int64),
        tuple(each.case_id for each in cases),
        cells,
    )
