"""What is out for me, and when is it back."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from dashboard.model.instants import micros
from dashboard.model.outlook import HORIZON_DAYS, LIKELY, Fan, Mark, ReturnCurve
from dashboard.model.scope import Scope
from dashboard.views import words
from dashboard.views.ahead import Ahead, look_ahead, open_ids
from dashboard.views.fleet import Fleet
from dashboard.views.outlooks import curve, together
from dashboard.views.standing import out_over_time
from dashboard.views.summaries import ALMOST, Summary, summaries


@dataclass(frozen=True, slots=True)
class Dip:
    """The next planned fall of capacity in scope."""

    maintenance_id: str
    title: str
    at: datetime
    gpus: int  # at its deepest, at the viewer's certainty
    words: str  # "in 3 d, Thu 18:00 CET"


@dataclass(frozen=True, slots=True)
class WhatIsOut:
    """Capacity in one look.

    `behind`, a row a maintenance that has GPUs out: maintenance_id, title, provider, cluster, gpus_out, gpus_total,
    likely_back, plan_on (both for 95 % of its GPUs, aware datetimes), promised, waiting_for, risk.
    `teams`, a row a team that loses something now or in the coming 14 days: team, allocated, out_now, most_out
    (GPUs, at the viewer's certainty, over the coming 14 days), most_out_at, basis ("by node" or "pro rata").
    `clusters`, a row a cluster in scope: cluster, provider, region, sku, gpus, in_service, out, lost.
    """

    now: datetime
    sentence: str
    gpus: int
    out: int
    lost: int
    likely_back: datetime | None  # when 95 % of what is out now is back, as likely as not; None: nothing is out
    likely_words: str  # "in 14 h, Tue 18:00 CET", "beyond 14 days" or "nothing is out"
    plan_on: datetime | None  # the same at the viewer's certainty
    plan_on_words: str
    dip: Dip | None
    fan: Fan
    behind: pd.DataFrame
    teams: pd.DataFrame
    clusters: pd.DataFrame
    basis: str  # how a team's share is known: "", "by node", "pro rata to allocations" or both
    trend: tuple[int, ...]  # GPUs out over the last 7 days, evenly spaced, for a sparkline


DAYS_OF_FACT = timedelta(days=7)
POINTS = 337  # one every half an hour
EVERY_SIX_HOURS = 12


def what_is_out(connection: Connection, scope: Scope, now: datetime) -> WhatIsOut:
    """Capacity in one look."""
    ahead = look_ahead(connection, scope, now)
    touching = summaries(connection, ahead, open_ids(ahead.picture), scope)
    return as_it_is(connection, ahead, touching, scope)


def as_it_is(connection: Connection, ahead: Ahead, touching: list[Summary], scope: Scope) -> WhatIsOut:
    """The same of what was read already; `touching`: the summaries of all that is open."""
    now, out = ahead.now, ahead.picture.gpus_out
    likely = ahead.together.back_by(ALMOST, LIKELY) if out else None
    plan_on = ahead.together.back_by(ALMOST, scope.certainty) if out else None
    dip = next_dip(ahead, touching, scope)
    since = now - DAYS_OF_FACT
    past = out_over_time(connection, ahead.picture, micros(since), micros(now), ahead.at, POINTS)
    return WhatIsOut(
        now=now,
        sentence=sentence(ahead, scope, plan_on, dip),
        gpus=ahead.fleet.gpus,
        out=out,
        lost=ahead.picture.gpus_lost,
        likely_back=likely,
        likely_words=_when_back(out, likely, now, scope.zone),
        plan_on=plan_on,
        plan_on_words=_when_back(out, plan_on, now, scope.zone),
        dip=dip,
        fan=_fan(ahead, touching, past, since),
        behind=_behind(touching),
        teams=_teams(ahead, scope),
        clusters=clusters_of(ahead),
        basis=ahead.fleet.basis(scope.team) if scope.team else "",
        trend=tuple(past[::EVERY_SIX_HOURS]),
    )


def _when_back(out: int, at: datetime | None, now: datetime, zone: str) -> str:
    if not out:
        return "nothing is out"
    return words.when(at, now, zone) if at else f"beyond {HORIZON_DAYS} days"


def sentence(ahead: Ahead, scope: Scope, plan_on: datetime | None, dip: Dip | None) -> str:
    """What could be sent as it is."""
    out, total, now = ahead.picture.gpus_out, ahead.fleet.gpus, ahead.now
    whose = f" of {ahead.fleet.team_name(scope.team)}" if scope.team else ""
    if not total:
        return "No GPUs are known here."
    if not out:
        ending = f" The next dip takes {words.gpus(dip.gpus)} {dip.words}." if dip else ""
        return f"All {words.gpus(total)}{whose} are in service.{ending}"
    half = ahead.together.back_by(0.5, LIKELY)
    first = f"{words.count(out)} of {words.gpus(total)}{whose} {'is' if out == 1 else 'are'} out."
    if half is None:
        return f"{first} No forecast says yet when they are back."
    later = f"beyond {HORIZON_DAYS} days" if plan_on is None else words.clock(plan_on, now, scope.zone)
    return f"{first} Half are likely back by {words.clock(half, now, scope.zone)}; plan on {later} for 95 %."


def next_dip(ahead: Ahead, touching: list[Summary], scope: Scope) -> Dip | None:
    """The next maintenance that has yet to take GPUs in scope."""
    coming = [each for each in touching if each.likely_start and each.likely_start > ahead.now and each.gpus]
    if not coming:
        return None
    first = min(coming, key=lambda each: (each.likely_start, each.maintenance_id))
    alone = together([ahead.forecasts[first.maintenance_id]], ahead.fleet, ahead.now).total
    deepest = round(float(np.quantile(alone.max(axis=1), scope.certainty)))
    at = first.likely_start or ahead.now
    return Dip(first.maintenance_id, first.title, at, deepest or first.gpus, words.when(at, ahead.now, scope.zone))


def _fan(ahead: Ahead, touching: list[Summary], past: list[int], since: datetime) -> Fan:
    step = (ahead.now - since) / (POINTS - 1)
    at = tuple(since + step * i for i in range(POINTS))
    coming = curve(ahead.together.at, ahead.together.total) if ahead.forecasts else ReturnCurve((), {})
    promises = [each for each in touching if each.promised and each.out]
    marks = [
        Mark(each.promised, each.title, "provider", passed=each.promised < ahead.now)
        for each in sorted(promises, key=lambda each: -each.out)[:5]
        if each.promised and each.promised > since
    ]
    return Fan(ahead.now, at, tuple(past), coming, ahead.fleet.gpus, ahead.fleet.given, tuple(marks))


def _behind(touching: list[Summary]) -> pd.DataFrame:
    rows = [
        (s.maintenance_id, s.title, s.provider, s.cluster, s.out, s.gpus, s.likely_end, s.plan_on_end, s.promised,
         s.waiting_for.name, s.risk)
        for s in sorted(touching, key=lambda each: (-each.out, each.maintenance_id))
        if s.out
    ]  # fmt: skip
    columns = ["maintenance_id", "title", "provider", "cluster", "gpus_out", "gpus_total", "likely_back", "plan_on",
               "promised", "waiting_for", "risk"]  # fmt: skip
    return _instants(pd.DataFrame(rows, columns=columns), "likely_back", "plan_on", "promised")


def _instants(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Columns of instants as such, also where they are empty."""
    return frame.assign(**{name: pd.to_datetime(frame[name], utc=True) for name in columns})


def _teams(ahead: Ahead, scope: Scope) -> pd.DataFrame:
    fleet, rows = ahead.fleet, []
    given: dict[str, int] = {}
    for (cluster, team), gpus in fleet.allocated.items():
        if fleet.in_scope(cluster) and scope.team in (None, team):
            given[team] = given.get(team, 0) + gpus
    named = {team for cluster, team in fleet.totals if team and fleet.in_scope(cluster) and scope.team in (None, team)}
    whose = ahead.picture.out.groupby(["cluster_id", "team_id"], as_index=False)["gpus"].sum()
    out_now = list(whose[["cluster_id", "team_id", "gpus"]].itertuples(index=False, name=None))
    for team in sorted(named | set(given)):
        seen = ahead.together.seen_by(_as_team(fleet, team))
        out = round(sum(gpus * fleet.share(cluster, named_team, team) for cluster, named_team, gpus in out_now))
        worst = np.quantile(seen.total, scope.certainty, axis=0)
        most, place = float(worst.max(initial=0.0)), int(np.argmax(worst)) if worst.size else 0
        if out or round(most):
            rows.append(
                (fleet.team_name(team), given.get(team), out, max(round(most), out), seen.at[place], fleet.basis(team))
            )
    columns = ["team", "allocated", "out_now", "most_out", "most_out_at", "basis"]
    return _instants(pd.DataFrame(rows, columns=columns), "most_out_at").sort_values("most_out", ascending=False)


def _as_team(fleet: Fleet, team: str) -> Fleet:
    scope = Scope(team, fleet.scope.provider, fleet.scope.cluster, fleet.scope.sku)
    return Fleet(scope, fleet.providers, fleet.clusters, fleet.teams, fleet.parties, fleet.allocated, fleet.totals)


def clusters_of(ahead: Ahead) -> pd.DataFrame:
    """A row a cluster in scope, as WhatIsOut has them."""
    out, fleet = ahead.picture.out, ahead.fleet
    by_cluster = (out["gpus"] * out["weight"]).groupby(out["cluster_id"]).sum()
    gone = ahead.picture.nodes[~ahead.picture.nodes["is_out"]].drop_duplicates("node_id")
    lost = (gone["gpus"] * gone["weight"]).groupby(gone["cluster_id"]).sum()
    rows = []
    for cluster, gpus in fleet.by_cluster.items():
        away, never = round(float(by_cluster.get(cluster, 0.0))), round(float(lost.get(cluster, 0.0)))
        region = str(fleet.clusters[cluster]["region"]) if cluster in fleet.clusters else ""
        name = fleet.provider_name(fleet.provider_of(cluster))
        rows.append(
            (cluster, name, region, fleet.sku_of(cluster), round(gpus), round(gpus) - away - never, away, never)
        )
    columns = ["cluster", "provider", "region", "sku", "gpus", "in_service", "out", "lost"]
    return pd.DataFrame(rows, columns=columns)
