"""From the views that pages draw to what the API answers: the same numbers under the API's names."""

from math import isnan
from typing import Any, TypeVar

import pandas as pd

from dashboard.model.outlook import Bar, ReturnCurve
from dashboard.views.capacity import WhatIsOut
from dashboard.views.cluster import HowIsCluster
from dashboard.views.maintenance import WhereItStands
from dashboard.views.maintenances import WhatIsPlanned
from dashboard.views.node import WhatHappened
from dashboard.views.search import Found
from dashboard.views.signals import Signals
from dashboard.web import places
from dashboard.web.shapes import (
    Avoid,
    Back,
    Capacity,
    Cluster,
    Clusters,
    ClusterSignals,
    Curve,
    Maintenance,
    MaintenanceInFull,
    Maintenances,
    Owed,
    Past,
    SchedulerSignals,
    Shape,
    Stage,
)

S = TypeVar("S", bound=Shape)


def mirrored(shape: type[S], found: object, **told: Any) -> S:
    """What a view found in a shape of the API, which has most of its names; `told` are those that go by another."""
    same = {name: _plain(getattr(found, name)) for name in shape.model_fields if name not in told}
    return shape(**same, **{name: _plain(value) for name, value in told.items()})


def each(shape: type[S], frame: pd.DataFrame) -> list[S]:
    """A view's table as shapes, a row one; columns that the shape does not have are left out."""
    return [shape(**{name: row[name] for name in shape.model_fields}) for row in rows(frame)]


def rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a view's table, instants in UTC; what is not known is None."""
    return [{str(name): _plain(value) for name, value in row.items()} for row in frame.to_dict("records")]


def _plain(value: Any) -> Any:
    """A value as JSON has it: tables as rows, and None for what is not known."""
    if isinstance(value, pd.DataFrame):
        return rows(value)
    if isinstance(value, tuple):
        return list(value)
    if value is pd.NaT or (isinstance(value, float) and isnan(value)):
        return None
    return value.to_pydatetime() if isinstance(value, pd.Timestamp) else value


def _curve(coming: ReturnCurve) -> Curve:
    return Curve(at=list(coming.at), gpus_out={f"{level:g}": list(gpus) for level, gpus in coming.gpus_out.items()})


def maintenances(found: WhatIsPlanned) -> Maintenances:
    """As the page Maintenances has it."""
    items = [_maintenance(bar, row) for bar, row in zip(found.bars, rows(found.table), strict=True)]
    return Maintenances(as_of=found.now, sentence=found.sentence, items=items)


def _maintenance(bar: Bar, row: dict[str, Any]) -> Maintenance:
    same = ("maintenance_id", "title", "provider", "cluster", "kind", "risk", "gpus", "gpus_out", "progress",
            "waiting_for")  # fmt: skip
    return Maintenance(
        **{name: row[name] for name in same},
        status=bar.status,
        planned_start=bar.planned_start,
        promised=bar.planned_end,
        actual_start=bar.actual_start,
        actual_end=bar.actual_end,
        likely_start=bar.likely_start,
        likely_back=bar.likely_end,
        plan_on=bar.plan_on_end,
    )


def in_full(found: WhereItStands) -> MaintenanceInFull:
    """As the page Maintenance has it."""
    return mirrored(
        MaintenanceInFull,
        found,
        as_of=found.now,
        status=found.status.replace(" ", "_"),
        stages=each(Stage, found.stages),
        back=each(Back, found.back),
        curve=_curve(found.fan.curve),
        past=Past(at=list(found.fan.past_at), gpus_out=list(found.fan.past_out)),
        waiting_for=each(Owed, found.waiting_for),
    )


def node(found: WhatHappened) -> places.Node:
    """As the page Node has it."""
    return mirrored(
        places.Node,
        found,
        as_of=found.now,
        contradictions=found.odd,
        maintenances=each(places.Passage, found.maintenances),
    )


def cluster(found: HowIsCluster) -> places.ClusterInFull:
    """As the page Cluster has it."""
    return mirrored(
        places.ClusterInFull,
        found,
        as_of=found.now,
        why=each(places.Cause, found.why),
        coming=each(places.Coming, found.coming),
        teams=each(places.TeamShare, found.teams),
        worst=each(places.Troubled, found.worst),
        curve=_curve(found.fan.curve),
    )


def hits(found: Found) -> places.Hits:
    """As the page Search has them."""
    return mirrored(places.Hits, found, items=[mirrored(places.Hit, hit) for hit in found.hits])


def capacity(found: WhatIsOut) -> Capacity:
    """As the page Capacity has it."""
    return mirrored(
        Capacity,
        found,
        as_of=found.now,
        allocated=found.fan.allocated,
        curve=_curve(found.fan.curve),
        past=Past(at=list(found.fan.past_at), gpus_out=list(found.fan.past_out)),
        clusters=clusters(found).items,
    )


def clusters(found: WhatIsOut) -> Clusters:
    """As the page Capacity has them."""
    return Clusters(as_of=found.now, items=[Cluster(**row) for row in rows(found.clusters)])


def signals(found: Signals) -> SchedulerSignals:
    """Every cluster in scope."""
    return SchedulerSignals(
        as_of=found.as_of,
        certainty=found.certainty,
        at=list(found.at),
        clusters=[
            ClusterSignals(
                cluster=each.cluster,
                provider=each.provider,
                sku=each.sku,
                gpus=each.gpus,
                in_service_now=each.in_service_now,
                in_service={f"{level:g}": list(gpus) for level, gpus in each.in_service.items()},
                avoid=[Avoid.model_validate(node, from_attributes=True) for node in each.avoid],
            )
            for each in found.clusters
        ],
    )
