"""Which facts move a forecast most, in plain words with numbers from the data."""

import numpy as np

from dashboard.forecast.durations import SHORTEST, Law
from dashboard.forecast.experience import Experience
from dashboard.forecast.quantiles import Futures
from dashboard.forecast.spells import IS_OUT, REPAIRING, Spells, spells_of, tidied
from dashboard.model.rollout import Rollout
from dashboard.model.stages import CLOSED, STAGES

MOST = 3
Reason = tuple[float, str]  # how much it moves the forecast, and the sentence


def because(rollout: Rollout, experience: Experience, futures: Futures) -> tuple[str, ...]:
    """Up to three sentences, what moves the forecast most first. Counts of hours and days only, no dates."""
    rollout = tidied(rollout)
    spells = spells_of(rollout)
    if not rollout.nodes or bool((futures.back_at <= 0).all()):
        return ()
    reasons = [
        *_repairs(rollout, spells, experience),
        *_queue(rollout, spells, experience, futures),
        *_pace(rollout, spells, experience),
        *_stuck(rollout, spells, experience),
        *_promise(rollout, spells, experience),
        *_novelty(rollout, experience),
    ]
    return tuple(words for _, words in sorted(reasons, key=lambda each: -each[0])[:MOST])


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
    return float(np.exp(law.mean - spread)), float(np.exp(law.mean + spread))


def _repairs(rollout: Rollout, spells: Spells, experience: Experience) -> list[Reason]:
    failed = int(np.sum(spells.now == REPAIRING))
    if not failed:
        return []
    took = span(*_usual(experience.durations[REPAIRING].law((rollout.provider, rollout.kind), rollout.maintenance_id)))
    came_from = np.isin(spells.node, np.flatnonzero(spells.now == REPAIRING)) & (spells.following == REPAIRING)
    what = "failed validation" if came_from.any() else "in repair"
    verb = "" if came_from.any() else (" is" if failed == 1 else " are")
    return [(3.0, f"{_count(failed, 'node')}{verb} {what}; such repairs take {took} at this provider.")]


def _queue(rollout: Rollout, spells: Spells, experience: Experience, futures: Futures) -> list[Reason]:
    waiting = int(spells.waiting.sum())
    if not waiting or rollout.status in CLOSED:
        return []
    words = f"{waiting:,} of {_count(rollout.nodes, 'node')} {'has' if waiting == 1 else 'have'} yet to go out"
    if waiting == rollout.nodes:
        words = (
            f"None of its {_count(waiting, 'node')} has gone out yet" if waiting > 1 else "Its node has yet to go out"
        )
    if 1 <= rollout.max_unavailable < rollout.nodes:
        words += f", at most {int(rollout.max_unavailable):,} at once"
    is_open = experience.hours_of(rollout.provider).is_open
    if not is_open.all():
        words += f"; this provider takes nodes in {int(is_open.sum())} of the week's 168 hours"
    return [(2.0 + waiting / max(rollout.nodes, 1), words + ".")]


def _pace(rollout: Rollout, spells: Spells, experience: Experience) -> list[Reason]:
    """The stage whose own times are furthest from the usual, counted in hours."""
    found: list[Reason] = []
    for stage, durations in experience.durations.items():
        here = (spells.stage == stage) & (spells.following >= 0)
        cell = (rollout.provider, rollout.kind)
        if here.sum() < 3 or not durations.members.get(cell):
            continue
        law = durations.law(cell, rollout.maintenance_id)
        logs = np.log(np.maximum(spells.left[here] - spells.entered[here], SHORTEST))
        off = float(logs.mean()) - law.mean
        certain = float(np.sqrt(law.sigma2 / here.sum() + law.variance))
        if abs(off) < max(0.15, 2 * certain):
            continue
        how = f"{np.exp(abs(off)):.1f} times {'longer' if off > 0 else 'shorter'}"
        name = STAGES[stage].value.replace("_", " ").capitalize()
        words = f"{name} takes {how} here than usual for this provider and kind"
        hours = abs(float(np.exp(law.mean + off) - np.exp(law.mean)))
        found.append((2.0 + min(abs(off), 1.0) * min(hours, 1.0), f"{words}, by {_count(int(here.sum()), 'node')}."))
    return sorted(found)[-1:]


def _stuck(rollout: Rollout, spells: Spells, experience: Experience) -> list[Reason]:
    """The node that has stayed longest against what is usual in its stage, where that is rare."""
    worst, words = 3.0, ""
    for stage in np.unique(spells.now[IS_OUT[spells.now]]).tolist():
        law = experience.durations[stage].law((rollout.provider, rollout.kind), rollout.maintenance_id)
        waited = max(-float(spells.since[spells.now == stage].min()), SHORTEST)
        z = (np.log(waited) - law.mean) / np.sqrt(law.sigma2 + law.rho2 + law.phi2)
        if z > worst:
            name = STAGES[stage].value.replace("_", " ")
            worst, words = z, f"A node is {name} for {span(waited, waited)}; {span(*_usual(law))} is usual."
    return [(2.5, words)] if words else []


def _promise(rollout: Rollout, spells: Spells, experience: Experience) -> list[Reason]:
    slip = experience.promises.slip
    cell = (rollout.provider, rollout.kind)
    cases = sum(len(names) for each, names in slip.members.items() if each[0] == rollout.provider)
    if cases < 3 or not np.isfinite(rollout.planned_end - rollout.planned_start):
        return []
    ratio = float(np.exp(slip.law(cell, rollout.maintenance_id).mean))
    began = bool((~spells.waiting).any())
    words = (
        f"Nine in ten nodes were back after {ratio:.1f} times what was promised, by {cases} promises of this provider."
    )
    return [(1.0 if began else 2.8, words)]


def _novelty(rollout: Rollout, experience: Experience) -> list[Reason]:
    cell = (rollout.provider, rollout.kind)
    own = [n for n in experience.promises.length.members.get(cell, ()) if n != rollout.maintenance_id]
    if len(own) >= 3:
        return []
    seen = "None" if not own else f"Only {len(own)}"
    return [(2.2, f"{seen} of its kind was seen at this provider before, so the forecast leans on others.")]
