"""Which facts move a forecast most, in plain words: each fact is left out, and the forecast made again."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache

import numpy as np

from dashboard.forecast.departures import queue_of
from dashboard.forecast.durations import SHORTEST, Law
from dashboard.forecast.engine import Experience, foresee
from dashboard.forecast.paces import Drawn
from dashboard.forecast.quantiles import back
from dashboard.forecast.spells import IN_SERVICE, IS_OUT, REMOVED, REPAIRING, Flags, Spells, spells_of, tidied
from dashboard.forecast.untold import Untold
from dashboard.forecast.waves import Waves
from dashboard.model.outlook import Forecast
from dashboard.model.rollout import Rollout
from dashboard.model.stages import CLOSED, STAGES

MOST = 3
PUTS = " That puts "
"""Parts what a fact is from what it does."""

_FEW, _MORE = 30, 200  # paths drawn to find what matters; and where that leaves a doubt, as the forecast has
_DOUBT = 2.0  # times what is told at the least, up to which an effect may be told by chance; or may not be
_LEVELS = (0.1, 0.5, 0.9)
_SHARES = (0.95, 1.0)
_LEAST = 0.5  # hours; less is no news
_NOISE = 0.15  # of the forecast's 80 % range, below which an effect may be the draw's
_STALLED = 4.0  # office hours
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Reason:
    """A fact in words, and the same question as if it were not so."""

    words: str
    rollout: Rollout
    experience: Experience


@dataclass(frozen=True, slots=True)
class Foretold:
    """The forecast as it was made, and what was drawn for it."""

    forecast: Forecast
    drawn: Drawn

    @property
    def hours(self) -> np.ndarray:
        """(shares, levels) when each share is back, in hours since as_of."""
        back, as_of = self.forecast.back, self.forecast.as_of
        return np.array([[(back[share][level] - as_of) / _HOUR for level in _LEVELS] for share in _SHARES])


def because(
    rollout: Rollout, hour_of_week: float, experience: Experience, seed: int, told: Foretold | None = None
) -> tuple[str, ...]:
    """Up to three sentences, what moves the forecast most first. Counts of hours and days only, no dates.

    A fact's effect is the change of the likely time when it is left out, all draws being the same (Strumbelj and
    Kononenko 2010 call it the situational difference); one within the noise of the draws is not told.
    """
    rollout = tidied(rollout)
    spells = spells_of(rollout)
    home = (spells.now == IN_SERVICE) | (spells.now == REMOVED)
    if not rollout.nodes or home.all() or rollout.status in CLOSED:
        return ()
    first, last = [*_stall(rollout, spells, hour_of_week, experience)], [*_novelty(rollout, experience)]
    reasons = [
        *_repairs(rollout, spells, experience),
        *_silent(rollout, spells, experience),
        *_queue(rollout, spells, experience),
        *_hours(rollout, spells, experience),
        *_staffing(rollout, spells, hour_of_week, experience),
        *_stops(rollout, spells, experience),
        *_pace(rollout, spells, hour_of_week, experience),
        *_stuck(rollout, spells, hour_of_week, experience),
        *_promise(rollout, spells, experience),
    ]
    if not reasons:
        return (*first, *last)

    drawn = Drawn() if told is None else told.drawn

    @cache
    def said(paths: int) -> tuple[np.ndarray, np.ndarray]:
        """The likely hours, (shares,), and the least change that is told."""
        found = told.hours if told and paths == _MORE else hours(rollout, experience, paths)
        return found[:, 1], np.maximum(_NOISE * (found[:, 2] - found[:, 0]), _LEAST)

    def hours(of: Rollout, learnt: Experience, paths: int) -> np.ndarray:
        futures = foresee(of, hour_of_week, learnt, np.random.default_rng(seed), paths, drawn)
        return back(futures, of.gpus, _SHARES, _LEVELS)

    def later(reason: Reason, paths: int) -> tuple[np.ndarray, np.ndarray]:
        likely, least = said(paths)
        return likely - hours(reason.rollout, reason.experience, paths)[:, 1], least

    found: list[tuple[float, str]] = []
    for each in reasons:
        effect, least = later(each, _FEW)
        if ((np.abs(effect) > least / _DOUBT) & (np.abs(effect) < least * _DOUBT)).any():
            effect, least = later(each, _MORE)
        moves = np.where(np.abs(effect) >= least, effect, 0.0)
        if moves.any():
            found.append((abs(moves[0]) + abs(moves[1]) / 4, each.words + _effect(moves)))
    ranked = [words for _, words in sorted(found, key=lambda each: -each[0])]
    return tuple([*first, *ranked, *last][:MOST])


def _effect(later: np.ndarray) -> str:
    """What leaving it out says: of 95 % where that moves, else of the last node."""
    most, last = later.tolist()
    hours, what = (most, "95 %") if most else (last, "the last node")
    return f"{PUTS}{what} back {span(abs(hours), abs(hours))} {'later' if hours > 0 else 'sooner'}."


def span(low: float, high: float) -> str:
    """A range of hours in words: "3-9 hours", "1-4 days"; one number where both ends read the same."""
    if high < 1:
        return _range(max(round(low * 60), 1), max(round(high * 60), 1), "minute")
    if high >= 36:
        return _range(max(round(low / 24), 1), max(round(high / 24), 1), "day")
    return _range(max(round(low), 1), max(round(high), 1), "hour")


def _range(low: int, high: int, unit: str) -> str:
    return f"{high} {unit}{'s' if high > 1 else ''}" if low >= high else f"{low}-{high} {unit}s"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _usual(law: Law) -> tuple[float, float]:
    """The middle half of one stay, hours."""
    spread = 0.674 * float(np.sqrt(law.sigma2 + law.rho2 + law.phi2))
    return law.hours(law.mean - spread), law.hours(law.mean + spread)


def _without(rollout: Rollout, nodes: Flags) -> Rollout:
    """The rollout as if these nodes were back by now."""
    which = np.flatnonzero(nodes)
    return replace(
        rollout,
        node=np.append(rollout.node, which),
        stage=np.append(rollout.stage, np.full(which.size, IN_SERVICE)),
        at=np.append(rollout.at, np.zeros(which.size)),
    )


def _repairs(rollout: Rollout, spells: Spells, experience: Experience) -> Iterator[Reason]:
    in_repair = spells.now == REPAIRING
    failed = int(in_repair.sum())
    if not failed:
        return
    took = span(*_usual(experience.durations[REPAIRING].law_of(rollout)))
    came_from = np.isin(spells.node, np.flatnonzero(in_repair)) & (spells.following == REPAIRING)
    what = "failed validation" if came_from.any() else "in repair"
    verb = "" if came_from.any() else (" is" if failed == 1 else " are")
    words = f"{_count(failed, 'node')}{verb} {what}; such repairs take {took} at this provider."
    yield Reason(words, _without(rollout, in_repair), experience)


def _silent(rollout: Rollout, spells: Spells, experience: Experience) -> Iterator[Reason]:
    silent = int(np.sum(experience.untold.of_rollout(rollout, spells, experience.durations).now != spells.now))
    if silent:
        counts = "it counts" if silent == 1 else "they count"
        words = f"Of {_count(silent, 'node')} nothing was told for so long that {counts} as back: records get lost."
        yield Reason(words, rollout, replace(experience, untold=Untold()))


def _queue(rollout: Rollout, spells: Spells, experience: Experience) -> Iterator[Reason]:
    waiting = int(spells.waiting.sum())
    if not waiting:
        return
    words = f"{waiting:,} of {_count(rollout.nodes, 'node')} {'has' if waiting == 1 else 'have'} yet to go out"
    if 1 <= rollout.max_unavailable < rollout.nodes:
        told, usual = rollout.max_unavailable, experience.slots.usual(rollout, spells)
        words += (
            f", about {usual:,.0f} at once, though {told:,.0f} may be"
            if usual < told
            else f", at most {told:,.0f} at once"
        )
        free = replace(experience, slots=replace(experience.slots, decided=True))
        yield Reason(words + ".", replace(rollout, max_unavailable=float(rollout.nodes)), free)
    elif waiting < rollout.nodes:
        yield Reason(words + ".", _without(rollout, spells.waiting), experience)


def _hours(rollout: Rollout, spells: Spells, experience: Experience) -> Iterator[Reason]:
    is_open = experience.hours_of(rollout.provider).is_open
    if not spells.waiting.any() or is_open.all():
        return
    words = f"This provider takes nodes in {int(is_open.sum())} of the week's 168 hours."
    yield Reason(words, rollout, replace(experience, hours={}))


def _staffing(rollout: Rollout, spells: Spells, hour_of_week: float, experience: Experience) -> Iterator[Reason]:
    staffing = experience.durations[REPAIRING].law_of(rollout).staffing
    if staffing is None or not (spells.now == REPAIRING).any():
        return
    times, later = staffing.fastest, staffing.busy_in(hour_of_week)
    words = f"Long repairs get on {times:.1f} times as fast in working hours here as outside them"
    words += f"; the next begin in {span(later, later)}." if later else ", and these are such."
    unstaffed = replace(experience.durations[REPAIRING], staffing={})
    yield Reason(words, rollout, replace(experience, durations=experience.durations | {REPAIRING: unstaffed}))


def _stops(rollout: Rollout, spells: Spells, experience: Experience) -> Iterator[Reason]:
    cell = (rollout.provider, rollout.kind)
    stopped, seen = experience.waves.stopped(cell)
    if not spells.waiting.any() or not stopped:
        return
    words = (
        f"{stopped:,} of {_count(seen, 'rollout')} of its kind at this provider went in waves,"
        " each waiting for the one before to be back."
    )
    yield Reason(words, rollout, replace(experience, waves=Waves({}, {})))


def _pace(rollout: Rollout, spells: Spells, hour_of_week: float, experience: Experience) -> Iterator[Reason]:
    """The stage whose own times are furthest from the usual, counted in hours."""
    found: list[tuple[float, str]] = []
    for stage, durations in experience.durations.items():
        here = (spells.stage == stage) & (spells.following >= 0)
        cell = (rollout.provider, rollout.kind)
        if here.sum() < 3 or not durations.members.get(cell):
            continue
        law = durations.law_of(rollout)
        took = law.work(spells.entered[here], spells.left[here], hour_of_week)
        logs = law.warped(np.log(np.maximum(took, SHORTEST)))
        off = float(logs.mean()) - law.mean
        certain = float(np.sqrt(law.sigma2 / here.sum() + law.variance))
        if abs(off) < max(0.15, 2 * certain):
            continue
        ratio = law.hours(law.mean + off) / law.hours(law.mean)
        how = f"{max(ratio, 1 / ratio):.1f} times {'longer' if off > 0 else 'shorter'}"
        name = STAGES[stage].value.replace("_", " ").capitalize()
        words = f"{name} takes {how} here than usual for this provider and kind"
        hours = abs(law.hours(law.mean + off) - law.hours(law.mean))
        found.append((hours, f"{words}, by {_count(int(here.sum()), 'node')}."))
    if found:
        usual = {stage: replace(each, usual=True) for stage, each in experience.durations.items()}
        yield Reason(max(found)[1], rollout, replace(experience, durations=usual))


def _stuck(rollout: Rollout, spells: Spells, hour_of_week: float, experience: Experience) -> Iterator[Reason]:
    """The node that has stayed longest against what is usual in its stage, where that is rare."""
    worst, words, node = 3.0, "", np.zeros(spells.now.size, dtype=bool)
    for stage in np.unique(spells.now[IS_OUT[spells.now]]).tolist():
        law = experience.durations[stage].law_of(rollout)
        waited = max(-float(spells.since[spells.now == stage].min()), SHORTEST)
        # By the clock: what sticks now and then is rare all the same.
        spread = law.warp.spread if law.warp else float(np.sqrt(law.sigma2 + law.rho2 + law.phi2))
        worked = max(float(law.work(np.array([-waited]), np.zeros(1), hour_of_week)[0]), SHORTEST)
        z = np.log(worked / law.hours(law.mean)) / spread
        if z > worst:
            name = STAGES[stage].value.replace("_", " ")
            worst, words = z, f"A node is {name} for {span(waited, waited)}; {span(*_usual(law))} is usual."
            node = (spells.now == stage) & (spells.since <= -waited + 1e-9)
    if words:
        yield Reason(words, _without(rollout, node), experience)


def _promise(rollout: Rollout, spells: Spells, experience: Experience) -> Iterator[Reason]:
    slip = experience.promises.slip
    cell = (rollout.provider, rollout.kind)
    cases = sum(len(names) for each, names in slip.members.items() if each[0] == rollout.provider)
    if cases < 3 or not np.isfinite(rollout.planned_end - rollout.planned_start):
        return
    ratio = float(np.exp(slip.law(cell, rollout.maintenance_id).mean))
    words = (
        f"Nine in ten nodes were back after {ratio:.1f} times what was promised, by {cases} promises of this provider."
    )
    nan = float("nan")
    unsaid = replace(rollout, planned_end=nan, first_planned_end=nan, claimed_end=nan)
    yield Reason(words, unsaid, experience)


def _stall(rollout: Rollout, spells: Spells, hour_of_week: float, experience: Experience) -> Iterator[str]:
    if not spells.waiting.any():
        return
    line = queue_of(rollout, spells, np.zeros((1, rollout.nodes), np.float32), experience, np.random.default_rng(0))
    waited = line.waited(experience.hours_of(rollout.provider), hour_of_week)
    if waited >= _STALLED:
        yield f"No node has gone out for {span(waited, waited)} though there is room, so the range is wide."


def _novelty(rollout: Rollout, experience: Experience) -> Iterator[str]:
    cell = (rollout.provider, rollout.kind)
    own = [n for n in experience.promises.length.members.get(cell, ()) if n != rollout.maintenance_id]
    if len(own) < 3:
        seen = "None" if not own else f"Only {len(own)}"
        verb = "were" if len(own) > 1 else "was"
        yield f"{seen} of its kind {verb} seen at this provider before, so the forecast leans on others."
