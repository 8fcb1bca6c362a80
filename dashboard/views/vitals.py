"""What monitoring asks: a few numbers that are cheap to read, whatever the log holds. No forecast is added up."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import pandas as pd
from sqlalchemy import Connection

from dashboard.log.aside import count_aside
from dashboard.log.forecasts import latest_positions
from dashboard.log.source_states import read_states
from dashboard.model.instants import instant, maybe_instant, micros
from dashboard.model.scope import Scope
from dashboard.model.stages import Status
from dashboard.views.ahead import is_open, open_ids
from dashboard.views.fleet import read_fleet
from dashboard.views.freshness import freshness, head
from dashboard.views.standing import read_picture

Place = tuple[str, str]
"""A provider and a cluster."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """How the fleet and this installation are, now."""

    gpus: Mapping[Place, int]
    out: Mapping[Place, int]
    lost: Mapping[Place, int]
    open: Mapping[str, int]  # status -> maintenances that are not over
    overdue: int  # of these, how many are past their planned end
    forecast_age: float | None  # seconds, of the oldest newest forecast of what is open; None: there is none
    without_forecast: int
    source_age: Mapping[str, float]  # seconds since its newest word, or since it was last asked with success
    source_failures: Mapping[str, int]  # in a row
    set_aside: int
    position: int


def vitals(connection: Connection, now: datetime) -> Vitals:
    """Reads them."""
    fleet = read_fleet(connection, Scope(), None)
    picture = read_picture(connection, fleet, None)
    out = picture.out
    lost = picture.nodes[~picture.nodes["is_out"]].drop_duplicates("node_id")
    lost = lost[~lost["node_id"].isin(out["node_id"])]
    running = {name: each.maintenance for name, each in picture.known.items() if is_open(each)}
    made = [at for _, at in latest_positions(connection, open_ids(picture)).values()]
    states = read_states(connection)
    heard = freshness(connection, Scope(), now).sources
    ages = dict(zip(heard["source"], (now - heard["last_at"]).dt.total_seconds(), strict=True))
    for each in states:
        well = maybe_instant(each.succeeded_at)
        if well is not None:
            ages[each.source] = (now - well).total_seconds()
    return Vitals(
        gpus={(fleet.provider_of(name), name): round(gpus) for name, gpus in fleet.by_cluster.items()},
        out={(fleet.provider_of(str(name)), str(name)): int(gpus) for name, gpus in _by_cluster(out).items()},
        lost={(fleet.provider_of(str(name)), str(name)): int(gpus) for name, gpus in _by_cluster(lost).items()},
        open=Counter(str(each.status) for each in running.values()),
        overdue=sum(_overdue(each.planned_end, each.status, now) for each in running.values()),
        forecast_age=(now - instant(min(made))).total_seconds() if made else None,
        without_forecast=len(open_ids(picture)) - len(made),
        source_age=ages,
        source_failures={each.source: each.failures for each in states},
        set_aside=count_aside(connection),
        position=head(connection).position,
    )


def _by_cluster(nodes: pd.DataFrame) -> "pd.Series[int]":
    return nodes.groupby("cluster_id")["gpus"].sum()


def _overdue(planned_end: int | None, status: Status, now: datetime) -> bool:
    """Deferred ones wait for another plan."""
    return planned_end is not None and planned_end < micros(now) and status is not Status.DEFERRED
