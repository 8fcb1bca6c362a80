"""Can I believe the ETA: what we said, and what it was."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import mean, median

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from dashboard.forecast.engine import ENGINE
from dashboard.log.judgements import read_judgements
from dashboard.log.state import maintenances
from dashboard.model.instants import micros
from dashboard.model.judgement import LINE, PHASES, PROMISE, USUAL, Judgement
from dashboard.model.outlook import LEVELS
from dashboard.model.scope import Scope
from dashboard.views import words
from dashboard.views.fleet import Fleet, instant_of, read_fleet
from dashboard.views.summaries import ALMOST

REACH = timedelta(days=365)
BINS = 10
LOW, HIGH = 0.1, 0.9
SHOWN = 25  # maintenances in "we said, it was"
FEW = 10  # forecasts below which a coverage is anecdote


@dataclass(frozen=True, slots=True)
class Trust:
    """How forecasts did, over the last year up to the instant shown.

    `levels`, a row a level: level, held (share of what came true by then), forecasts.
    `pit`: share of forecasts in each tenth of their own distribution; flat is right.
    `scores`, a row a group: by ("all", "provider", "kind", "phase"), name, forecasts, held (of the 80 % ranges), ours,
    promise, line, usual (mean CRPS in hours; nan where a rival had nothing to say of any).
    `said`, a row a maintenance, the last first: maintenance_id, title, provider, phase, as_of, likely, plan_on, was,
    off_hours (was - likely), inside (whether it fell in the 80 % range).
    """

    sentence: str
    forecasts: int
    maintenances: int
    held: float  # share of 80 % ranges that held; nan for none
    typical_hours: float  # median distance of the likely time from what it was
    promise_hours: float  # the same of the providers' promises, on forecasts made beside one
    better: float  # our mean score as a share of the best rival's, on the same forecasts; nan without one
    best_rival: str
    levels: pd.DataFrame
    pit: tuple[float, ...]
    scores: pd.DataFrame
    said: pd.DataFrame


def trust(connection: Connection, scope: Scope, now: datetime) -> Trust:
    """How forecasts of the maintenances in scope did; a team's are those of the clusters it has GPUs in."""
    at, now = instant_of(scope), scope.as_of or now
    fleet = read_fleet(connection, scope, at)
    found = [
        each
        for each in read_judgements(connection, ENGINE, micros(now - REACH), micros(now))
        if _in_scope(fleet, each, scope)
    ]
    almost = [each for each in found if each.fraction == ALMOST]
    held = _held(found)
    best, better = _best(found)
    typical = median(_off(each) for each in found) if found else float("nan")
    beside = [each.rivals[PROMISE] for each in found if PROMISE in each.rivals]
    promised = median(beside) if beside else float("nan")
    return Trust(
        sentence=_sentence(found, held, typical, promised),
        forecasts=len(found),
        maintenances=len({each.maintenance_id for each in found}),
        held=held,
        typical_hours=typical,
        promise_hours=promised,
        better=better,
        best_rival=best,
        levels=_levels(found),
        pit=_pit(found),
        scores=_scores(found, fleet),
        said=_said(connection, almost, fleet, at),
    )


def _in_scope(fleet: Fleet, judgement: Judgement, scope: Scope) -> bool:
    if judgement.cluster_id:
        mine = scope.team is None or any(
            cluster == judgement.cluster_id and fleet.weight(cluster, team) > 0 for cluster, team in fleet.totals
        )
        return mine and fleet.in_scope(judgement.cluster_id)
    return scope.provider in (None, judgement.provider_id) and not (scope.team or scope.cluster or scope.sku)


def _inside(judgement: Judgement) -> bool:
    return judgement.said[LOW] <= judgement.actual <= judgement.said[HIGH]


def _held(found: Sequence[Judgement]) -> float:
    return mean(map(_inside, found)) if found else float("nan")


def _off(judgement: Judgement) -> float:
    return abs(judgement.actual - judgement.likely) / timedelta(hours=1)


def _best(found: Sequence[Judgement]) -> tuple[str, float]:
    """The rival that came closest to us, and our score as a share of its, each on the forecasts that it made too."""
    ratios = {}
    for rival in (PROMISE, LINE, USUAL):
        both = [(each.crps, each.rivals[rival]) for each in found if rival in each.rivals]
        if both and sum(theirs for _, theirs in both) > 0:
            ratios[rival] = sum(ours for ours, _ in both) / sum(theirs for _, theirs in both)
    if not ratios:
        return "", float("nan")
    best = max(ratios, key=lambda each: ratios[each])
    return best, ratios[best]


def _levels(found: Sequence[Judgement]) -> pd.DataFrame:
    rows = [(level, mean(each.actual <= each.said[level] for each in found), len(found)) for level in LEVELS if found]
    return pd.DataFrame(rows, columns=["level", "held", "forecasts"])


def _pit(found: Sequence[Judgement]) -> tuple[float, ...]:
    counts, _ = np.histogram([each.pit for each in found], bins=BINS, range=(0.0, 1.0))
    return tuple((counts / max(len(found), 1)).tolist())


def _scores(found: Sequence[Judgement], fleet: Fleet) -> pd.DataFrame:
    groups: list[tuple[str, Callable[[Judgement], str], Sequence[str]]] = [
        ("all", lambda each: "All", ()),
        ("phase", lambda each: each.phase, PHASES),
        ("provider", lambda each: fleet.provider_name(each.provider_id) or "unnamed", ()),
        ("kind", lambda each: words.stage(each.kind) or "unnamed", ()),
    ]
    rows = []
    for by, name_of, order in groups:
        names = [each for each in order if any(name_of(j) == each for j in found)] or sorted(set(map(name_of, found)))
        for name in names:
            part = [each for each in found if name_of(each) == name]
            theirs = [_mean([each.rivals[rival] for each in part if rival in each.rivals])
                      for rival in (PROMISE, LINE, USUAL)]  # fmt: skip
            rows.append((by, name, len(part), _held(part), mean(each.crps for each in part), *theirs))
    return pd.DataFrame(rows, columns=["by", "name", "forecasts", "held", "ours", "promise", "line", "usual"])


def _mean(values: Sequence[float]) -> float:
    return mean(values) if values else float("nan")


def _said(connection: Connection, found: Sequence[Judgement], fleet: Fleet, at: int | None) -> pd.DataFrame:
    """The first forecast of each maintenance: the one that plans were made on."""
    first: dict[str, Judgement] = {}
    for each in found:
        first.setdefault(each.maintenance_id, each)
    chosen = sorted(first.values(), key=lambda each: each.actual, reverse=True)[:SHOWN]
    known = maintenances(connection, at)
    rows = [
        (
            each.maintenance_id,
            known[each.maintenance_id].maintenance.title if each.maintenance_id in known else each.maintenance_id,
            fleet.provider_name(each.provider_id), each.phase, each.as_of, each.likely, each.said[HIGH], each.actual,
            (each.actual - each.likely) / timedelta(hours=1), "yes" if _inside(each) else "no",
        )
        for each in chosen
    ]  # fmt: skip
    columns = ["maintenance_id", "title", "provider", "phase", "as_of", "likely", "plan_on", "was", "off_hours",
               "inside"]  # fmt: skip
    frame = pd.DataFrame(rows, columns=columns)
    return frame.assign(
        **{name: pd.to_datetime(frame[name], utc=True) for name in ("as_of", "likely", "plan_on", "was")}
    )


def _sentence(found: Sequence[Judgement], held: float, typical: float, promised: float) -> str:
    """What could be sent as it is."""
    if not found:
        return "No forecast has been held against what came true yet."
    number = f"{words.count(len(found))} forecast{'' if len(found) == 1 else 's'}"
    if len(found) < FEW:
        return f"Only {number} could be held against what came true: too few to tell."
    first = f"80 % ranges held {words.percent(held)} of the time, in {number} over the last year."
    ours = f"The likely time was off by {words.span(timedelta(hours=typical))} at the median"
    if np.isnan(promised):
        return f"{first} {ours}."
    return f"{first} {ours}, the providers’ own promises by {words.span(timedelta(hours=promised))}."
