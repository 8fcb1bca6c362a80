"""Signals for schedulers: the capacity of each cluster to come, and the nodes to avoid from when."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy import Connection

from dashboard.log.state import Standing, of_maintenances
from dashboard.model.instants import instant
from dashboard.model.outlook import Forecast
from dashboard.model.scope import Scope
from dashboard.model.stages import OUT, Stage, Status
from dashboard.views.ahead import Ahead, look_ahead, open_ids
from dashboard.views.can_i_run import free_paths
from dashboard.views.capacity import clusters_of
from dashboard.views.standing import as_told

CERTAINTIES = (0.5, 0.75, 0.9, 0.95)


@dataclass(frozen=True, slots=True)
class Avoid:
    """A node that work should leave alone, from `since` (aware) on.

    `until`: when to plan on it again, by the forecast of its whole maintenance at the viewer's certainty; None: nothing
    tells, or it will not come back. `stage`: where it stands; `draining`: it takes no new work, or soon will not, while
    running work may end.
    """

    node_id: str
    maintenance_id: str
    stage: str
    since: datetime
    until: datetime | None
    draining: bool


@dataclass(frozen=True, slots=True)
class Cluster:
    """One cluster. `in_service`: GPUs, with at least that certainty so many or more, one an instant of `at`."""

    cluster: str
    provider: str
    sku: str
    gpus: int
    in_service_now: int
    in_service: dict[float, tuple[int, ...]]
    avoid: tuple[Avoid, ...]


@dataclass(frozen=True, slots=True)
class Signals:
    """What a scheduler is told; `at` are the instants of every curve."""

    as_of: datetime
    certainty: float
    at: tuple[datetime, ...]
    clusters: tuple[Cluster, ...]


def signals(connection: Connection, scope: Scope, now: datetime) -> Signals:
    """Of each cluster in scope, as a scope counts it, at the scope's instant or `now`."""
    ahead = look_ahead(connection, scope, now)
    avoid = _avoid(connection, ahead, scope.certainty)
    facts = clusters_of(ahead).set_index("cluster")["in_service"]
    found = []
    for cluster, gpus in ahead.fleet.by_cluster.items():
        free = free_paths(ahead, cluster)
        levels = {each: np.quantile(free, 1 - each, axis=0, method="lower") for each in CERTAINTIES}
        found.append(
            Cluster(
                cluster,
                ahead.fleet.provider_of(cluster),
                ahead.fleet.sku_of(cluster),
                round(gpus),
                int(facts[cluster]),
                {
                    each: tuple(np.maximum(np.floor(line + 1e-6), 0).astype(int).tolist())
                    for each, line in levels.items()
                },
                tuple(avoid.get(cluster, ())),
            )
        )
    return Signals(ahead.now, scope.certainty, ahead.together.at, tuple(found))


def _avoid(connection: Connection, ahead: Ahead, certainty: float) -> dict[str, list[Avoid]]:
    """By cluster, whatever is avoided first first; a node in several maintenances is named for each."""
    known = ahead.picture.known
    found: dict[str, list[Avoid]] = defaultdict(list)
    for row in of_maintenances(connection, open_ids(ahead.picture), ahead.at):
        told = known[row.maintenance_id]
        standing = row if told.by_node else as_told(row, told.maintenance)
        if standing.stage == Stage.IN_SERVICE or ahead.fleet.weight(row.cluster_id, row.team_id) <= 0:
            continue
        since = _since(standing, ahead, told.maintenance.planned_start, certainty)
        if since is not None and told.maintenance.status is not Status.CANCELLED:
            found[row.cluster_id].append(_said(standing, since, ahead.forecasts.get(row.maintenance_id), certainty))
    for rows in found.values():
        rows.sort(key=lambda each: (each.since, each.node_id, each.maintenance_id))
    return found


def _since(row: Standing, ahead: Ahead, planned: int | None, certainty: float) -> datetime | None:
    """From when on: since it left service, or before it leaves with that certainty; None where nothing tells."""
    if row.stage != Stage.SCHEDULED:
        out = row.first_out_at if row.stage in OUT and row.first_out_at is not None else row.since
        return None if out is None else instant(out)
    forecast = ahead.forecasts.get(row.maintenance_id)
    if forecast and forecast.starts:
        # As planned, or earlier where it may well begin earlier than that.
        levels = [each for each in forecast.starts if each <= 1 - certainty + 1e-9]
        earliest = forecast.starts[max(levels, default=min(forecast.starts))]
        return min(earliest, instant(planned)) if planned is not None and instant(planned) > ahead.now else earliest
    if forecast:
        return ahead.now  # it runs: any of its nodes may be next
    return None if planned is None else instant(planned)


def _said(row: Standing, since: datetime, forecast: Forecast | None, certainty: float) -> Avoid:
    until = forecast.quantile(1.0, certainty) if forecast and row.stage != Stage.REMOVED else None
    draining = row.stage in (Stage.SCHEDULED, Stage.CORDONED)
    return Avoid(row.node_id, row.maintenance_id, row.stage, since, until, draining)
