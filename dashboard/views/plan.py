"""What if this maintenance were moved, went more or fewer at once, or in two parts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from dashboard.forecast.engine import Experience, learn
from dashboard.forecast.foretell import Place, foretell_in_parts
from dashboard.forecast.spells import spells_of, tidied
from dashboard.log.chronicle import read_chronicle
from dashboard.log.read import in_force_of
from dashboard.log.state import Known
from dashboard.model.instants import full_hour, instant
from dashboard.model.outlook import LIKELY, Forecast, ReturnCurve
from dashboard.model.planning import Alternative, alternatives
from dashboard.model.scope import Scope
from dashboard.model.stages import ANNOUNCED, CLOSED, Status
from dashboard.views import words
from dashboard.views.ahead import Ahead, look_ahead, open_ids
from dashboard.views.kept import Kept
from dashboard.views.outlooks import Together, curve, together
from dashboard.views.summaries import ALMOST, Summary, summaries

ALIKE = 60
"""Maintenances to learn from: the provider's own first, the newest of each."""
_learnt: Kept[tuple[datetime, tuple[str, ...]], Experience] = Kept(8)
"""What was known at the full hour, and whose history was learnt from: while facts come in, it stays as it is."""
AT_ONCE = {
    0.0: "all at once",
    0.5: "half as many at once",
    1.5: "half as many again at once",
    2.0: "twice as many at once",
}
MOST_CLASHES = 12


@dataclass(frozen=True, slots=True)
class Plan:
    """A maintenance beside what it could be instead.

    `choices`: (id, words) of what can be planned, the next first.
    `beside`, a row a question: what, today, instead, difference (words).
    `today`, `instead`: GPUs out in scope, of everything together.
    `clashes`, a row a maintenance that takes from the same team or cluster in the same days: maintenance_id, title,
    shares (teams, or the cluster), begins, ends (when both are likely out), together (GPUs of both out at most then).
    `decisions`, newest first: recorded_at, what, why, decided_by, signed_off_by, knowing.
    """

    now: datetime
    choices: tuple[tuple[str, str], ...]
    maintenance_id: str
    title: str
    sentence: str
    begun: bool
    what: str  # the alternative in words, "" for none
    debt: str  # what a deferral builds up, in words
    beside: pd.DataFrame
    today: ReturnCurve
    instead: ReturnCurve
    clashes: pd.DataFrame
    decisions: pd.DataFrame


def plan(connection: Connection, scope: Scope, now: datetime, maintenance_id: str, change: Alternative) -> Plan | None:
    """The maintenance under this alternative, beside today's plan; None where nothing is open to be planned."""
    ahead = look_ahead(connection, scope, now)
    known = ahead.picture.known
    open_ = [name for name in open_ids(ahead.picture) if known[name].maintenance.status not in CLOSED]
    rows = {each.maintenance_id: each for each in summaries(connection, ahead, open_, scope)}
    chosen = sorted(rows.values(), key=_next_first)
    if not chosen:
        return None
    one = rows.get(maintenance_id, chosen[0])
    today, instead = _both(connection, ahead, one.maintenance_id, change)
    others = [made for name, made in ahead.forecasts.items() if name != one.maintenance_id]
    pair = [together([*others, each], ahead.fleet, ahead.now) for each in (today, instead)]
    alone = [together([each], ahead.fleet, ahead.now) for each in (today, instead)]
    begun = one.actual_start is not None
    return Plan(
        now=ahead.now,
        choices=tuple((each.maintenance_id, f"{each.title} ({each.cluster or each.provider})") for each in chosen),
        maintenance_id=one.maintenance_id,
        title=one.title,
        sentence=_sentence(one, (today, instead), alone, change, ahead.now, scope=scope),
        begun=begun,
        what=_what(change, begun),
        debt="" if begun else _debt(known[one.maintenance_id], one, change),
        beside=_beside((today, instead), alone, pair, ahead.now, scope),
        today=curve(pair[0].at, pair[0].total),
        instead=curve(pair[1].at, pair[1].total),
        clashes=_clashes(ahead, rows, one, instead, scope),
        decisions=_decisions(connection, one.maintenance_id, ahead.at),
    )


def _next_first(each: Summary) -> tuple[bool, float, str]:
    start = each.likely_start or each.planned_start
    return each.status not in ANNOUNCED, start.timestamp() if start else 0.0, each.maintenance_id


def _both(connection: Connection, ahead: Ahead, name: str, change: Alternative) -> tuple[Forecast, Forecast]:
    """As planned and instead, by what is learnt from those alike, with the same luck in both."""
    ids, hour = (name, *_alike(ahead.picture.known, name)), full_hour(ahead.now)

    def learnt() -> Experience:
        return learn(read_chronicle(connection, ids, ahead.at).at(hour))

    experience = _learnt.get(connection, (hour, ids), hour, learnt)
    chronicle = read_chronicle(connection, [name], ahead.at)
    known = chronicle.at(ahead.now, [name])
    rollout = tidied(known.rollouts[0])
    places = [Place(each.cluster_id, each.team_id) for each in chronicle.members(name, ahead.now)]
    at_once = experience.slots.usual(rollout, spells_of(rollout))

    def made(how: Alternative) -> Forecast:
        parts = alternatives(rollout, how, at_once)
        slots = replace(experience.slots, decided=how.times != 1)
        told = replace(experience, slots=slots)
        return foretell_in_parts(rollout, parts, places, known.hour_of_week, told, ahead.now)

    return made(Alternative()), made(change)


def _alike(known: dict[str, Known], name: str) -> list[str]:
    provider = known[name].maintenance.provider_id

    def nearest(each: str) -> tuple[bool, int]:
        told = known[each].maintenance
        return told.provider_id != provider, -(told.closed_at or told.status_at or 0)

    return sorted((each for each in known if each != name), key=nearest)[:ALIKE]


def _sentence(
    one: Summary,
    made: Sequence[Forecast],
    alone: Sequence[Together],
    change: Alternative,
    now: datetime,
    *,
    scope: Scope,
) -> str:
    ends = [[each.quantile(ALMOST, level) for level in (LIKELY, scope.certainty)] for each in made]
    said = [words.clock(at, now, scope.zone) for at in ends[1]]
    if change.is_none:
        return f"As planned, 95 % of “{one.title}” is likely back by {said[0]}; plan on {said[1]}."
    later = ends[1][1] - ends[0][1]
    moved = "at the same time" if abs(later) < timedelta(hours=1) else (
        f"{words.span(later)} {'later' if later > timedelta(0) else 'earlier'}"
    )  # fmt: skip
    most = [round(float(np.quantile(each.total.max(axis=1), scope.certainty))) for each in alone]
    before = f" instead of {words.count(most[0])}" if most[0] != most[1] else ""
    peak = f"takes {words.gpus(most[1])} at most{before}"
    said_first = _what(change, one.actual_start is not None)
    return f"{said_first}, “{one.title}” {peak}, and is back {moved}: plan on {said[1]}."


def _what(change: Alternative, begun: bool) -> str:
    parts = []
    if change.later and not begun:
        parts.append(f"{words.span(timedelta(hours=change.later))} {'later' if change.later > 0 else 'earlier'}")
    if change.times != 1:
        parts.append(AT_ONCE.get(change.times, f"{change.times:g} times as many at once"))
    if change.apart and not begun:
        parts.append(f"in two halves {words.span(timedelta(hours=change.apart))} apart")
    text = ", ".join(parts)
    return text[:1].upper() + text[1:]


def _debt(known: Known, one: Summary, change: Alternative) -> str:
    """Counted from the first date that was ever planned: a deferral of a deferred one goes on from there."""
    told = known.maintenance
    first = told.first_planned_start if told.first_planned_start is not None else told.planned_start
    if first is None or told.planned_start is None:
        return ""
    so_far = (told.planned_start - first) / 3.6e9
    hours = so_far + max(change.later, 0.0) + change.apart / 2
    if hours < 1 or (change.later <= 0 and not change.apart and told.status is not Status.DEFERRED):
        return ""
    days = one.gpus * hours / 24
    before = f", {words.span(timedelta(hours=so_far))} of it already" if so_far >= 1 else ""
    return (
        f"The {words.stage(one.kind)} work stays undone {words.span(timedelta(hours=hours))} longer "
        f"than first planned{before}: {words.count(days)} GPU-days of maintenance debt."
    )


def _beside(
    made: Sequence[Forecast], alone: Sequence[Together], whole: Sequence[Together], now: datetime, scope: Scope
) -> pd.DataFrame:
    def clocks(level: float) -> list[datetime]:
        return [each.quantile(ALMOST, level) for each in made]

    rows = []
    starts = [each.starts[LIKELY] if each.starts else None for each in made]
    if all(starts):
        rows.append(("First node goes out, likely", *_pair([each or now for each in starts], now, scope)))
    rows.append(("95 % back, likely", *_pair(clocks(LIKELY), now, scope)))
    rows.append((f"95 % back, plan on {words.percent(scope.certainty)}", *_pair(clocks(scope.certainty), now, scope)))
    for label, seen in (("GPUs out at most, this one", alone), ("GPUs out at most, everything", whole)):
        most = [round(float(np.quantile(each.total.max(axis=1), scope.certainty))) for each in seen]
        rows.append((label, words.count(most[0]), words.count(most[1]), _more(most[1] - most[0])))
    hours = [float(np.trapezoid(each.total.mean(axis=0), each.hours)) for each in alone]
    rows.append(
        ("GPU-hours out in 14 days", words.count(hours[0]), words.count(hours[1]), _more(round(hours[1] - hours[0])))
    )
    return pd.DataFrame(rows, columns=["what", "today", "instead", "difference"])


def _pair(at: Sequence[datetime], now: datetime, scope: Scope) -> tuple[str, str, str]:
    later = at[1] - at[0]
    same = abs(later) < timedelta(minutes=30)
    told = "the same" if same else f"{words.span(later)} {'later' if later > timedelta(0) else 'earlier'}"
    return words.clock(at[0], now, scope.zone), words.clock(at[1], now, scope.zone), told


def _more(number: int) -> str:
    return "the same" if not number else f"{words.count(abs(number))} {'more' if number > 0 else 'fewer'}"


def _clashes(ahead: Ahead, rows: dict[str, Summary], one: Summary, instead: Forecast, scope: Scope) -> pd.DataFrame:
    """The others that are likely out while this one is, and take from the same team, or the same cluster."""
    mine = together([instead], ahead.fleet, ahead.now)
    out, losers = np.median(mine.total, axis=0) > 0, _losers(instead)
    found = []
    for name, made in ahead.forecasts.items():
        shared = losers & _losers(made)
        if name not in rows or name == one.maintenance_id or not shared:
            continue
        other = together([made], ahead.fleet, ahead.now)
        both = np.flatnonzero(out & (np.median(other.total, axis=0) > 0))
        if both.size:
            most = float(np.quantile((mine.total + other.total)[:, both].max(axis=1), scope.certainty))
            teams = sorted({ahead.fleet.team_name(team) for _, team in shared if team})
            clusters = sorted({cluster for cluster, team in shared if not team})
            said = words.listed(teams or clusters)
            found.append((name, rows[name].title, said, mine.at[both[0]], mine.at[both[-1]], round(most)))
    frame = pd.DataFrame(found, columns=["maintenance_id", "title", "shares", "begins", "ends", "together"])
    frame = frame.assign(**{each: pd.to_datetime(frame[each], utc=True) for each in ("begins", "ends")})
    return frame.sort_values("together", ascending=False).head(MOST_CLASHES)


def _losers(made: Forecast) -> set[tuple[str, str]]:
    """Whom it takes from: teams wherever they are, and the cluster of what names none."""
    return {("", part.team_id) if part.team_id else (part.cluster_id, "") for part in made.parts}


def _decisions(connection: Connection, name: str, at: int | None) -> pd.DataFrame:
    columns = ["recorded_at", "what", "why", "decided_by", "signed_off_by", "knowing"]
    rows = sorted(in_force_of(connection, "decisions", [name], at), key=lambda row: -row["recorded_at"])
    told = [[instant(row["recorded_at"]), *(row[each] for each in columns[1:])] for row in rows]
    frame = pd.DataFrame(told, columns=columns)
    return frame.assign(recorded_at=pd.to_datetime(frame["recorded_at"], utc=True))
