"""When can I have N GPUs for D hours."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Connection

from dashboard.model.outlook import HORIZON_DAYS
from dashboard.model.scope import Scope
from dashboard.views import words
from dashboard.views.ahead import Ahead, look_ahead

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CanIRun:
    """When N GPUs are free for D hours, at the viewer's certainty.

    `clusters`, best first: cluster, provider, region, sku, free_now (GPUs), earliest (aware datetime, NaT where it is
    not within 14 days), words ("now", "in 14 h, Tue 18:00 CET", "not within 14 days"), why.
    """

    sentence: str
    clusters: pd.DataFrame


def can_i_run(connection: Connection, scope: Scope, now: datetime, gpus: int, hours: float) -> CanIRun:
    """Asks each cluster in scope when `gpus` of it stay in service for `hours`, at the scope's certainty."""
    ahead = look_ahead(connection, scope, now)
    rows = []
    for cluster, whole in ahead.fleet.by_cluster.items():
        free = free_paths(ahead, cluster)
        place = earliest_start(free, ahead.together.hours, gpus, hours, scope.certainty)
        at = None if place is None else ahead.together.at[place]
        said = (
            "now" if place == 0 else words.when(at, ahead.now, scope.zone) if at else f"not within {HORIZON_DAYS} days"
        )
        name = ahead.fleet.provider_name(ahead.fleet.provider_of(cluster))
        region = str(ahead.fleet.clusters[cluster]["region"]) if cluster in ahead.fleet.clusters else ""
        free_now = max(round(float(np.median(free[:, 0]))), 0)
        rows.append((cluster, name, region, ahead.fleet.sku_of(cluster), free_now, at, said, _why(place, whole, gpus)))
    columns = ["cluster", "provider", "region", "sku", "free_now", "earliest", "words", "why"]
    frame = pd.DataFrame(rows, columns=columns)
    frame = frame.assign(earliest=pd.to_datetime(frame["earliest"], utc=True))
    frame = frame.sort_values(["earliest", "free_now"], ascending=[True, False], na_position="last", ignore_index=True)
    return CanIRun(_sentence(frame, ahead, scope, gpus, hours), frame)


def free_paths(ahead: Ahead, cluster: str) -> Floats:
    """GPUs in service of a cluster in each simulated future, (paths, instants)."""
    whole = ahead.fleet.by_cluster.get(cluster, 0.0)
    gone = ahead.together.gone(cluster)
    nodes = ahead.picture.nodes
    told = nodes[(nodes["cluster_id"] == cluster) & ~nodes["maintenance_id"].isin(list(ahead.forecasts))]
    told = told.drop_duplicates("node_id")  # out or lost, and nothing says until when
    free: Floats = whole - float((told["gpus"] * told["weight"]).sum()) - gone
    return free


def earliest_start(free: Floats, at: Floats, gpus: int, hours: float, certainty: float) -> int | None:
    """The first instant from which at least `gpus` stay free for `hours` in a share `certainty` of the futures.

    free : (paths, instants);  at : (instants,) hours. None: at no instant whose run ends within them.
    """
    short = np.where(free < gpus - 0.5, at, np.inf)
    next_short = np.minimum.accumulate(short[:, ::-1], axis=1)[:, ::-1]
    kept = (next_short >= at + hours).mean(axis=0)
    possible = (kept >= certainty) & (at + hours <= at[-1])
    return int(np.argmax(possible)) if possible.any() else None


def _why(place: int | None, whole: float, gpus: int) -> str:
    if round(whole) < gpus:
        return f"has {words.gpus(whole)} in all"
    if place is None:
        return "maintenance leaves too few"
    return "free as it stands" if place == 0 else "waits for GPUs to come back"


def _sentence(frame: pd.DataFrame, ahead: Ahead, scope: Scope, gpus: int, hours: float) -> str:
    length = f"{hours / 24:g} days" if hours >= 48 else f"{hours:g} h"
    sure = words.percent(scope.certainty)
    asked = f"{words.gpus(gpus)} for {length}"
    found = frame[frame["earliest"].notna()]
    if found.empty:
        return f"No cluster has {asked} within {HORIZON_DAYS} days at {sure} certainty."
    best = found.iloc[0]
    if best["words"] == "now":
        others = int((found["words"] == "now").sum()) - 1
        more = f", and {others} other cluster{'s' if others > 1 else ''}" if others else ""
        return f"{asked}: start now on {best['cluster']}{more} ({sure} certain)."
    start = words.when(best["earliest"].to_pydatetime(), ahead.now, scope.zone)
    return f"{asked}: plan to start {start}, on {best['cluster']} ({sure} certain)."
