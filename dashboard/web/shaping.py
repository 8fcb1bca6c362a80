"""From the views that pages draw to what the API answers: the same numbers under the API's names."""

from typing import Any

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


def rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a view's table, instants in UTC; unknown ones are None."""
    return [
        {str(name): None if value is None or value is pd.NaT else _plain(value) for name, value in row.items()}
        for row in frame.to_dict("records")
    ]


def _plain(value: Any) -> Any:
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
    same = ("maintenance_id", "title", "risk", "sentence", "moved", "gpus", "out", "returned", "lost")
    return MaintenanceInFull(
        **{name: getattr(found, name) for name in same},
        as_of=found.now,
        status=found.status.replace(" ", "_"),
        because=list(found.because),
        account=list(found.account),
        stages=[Stage(**_some(row, Stage)) for row in rows(found.stages)],
        back=[Back(**_some(row, Back)) for row in rows(found.back)],
        curve=_curve(found.fan.curve),
        past=Past(at=list(found.fan.past_at), gpus_out=list(found.fan.past_out)),
        waiting_for=[Owed(**_some(row, Owed)) for row in rows(found.waiting_for)],
    )


def _some(row: dict[str, Any], shape: type[Shape]) -> dict[str, Any]:
    return {name: row[name] for name in shape.model_fields}


def node(found: WhatHappened) -> places.Node:
    """As the page Node has it."""
    same = ("node_id", "sentence", "cluster", "stage", "since", "who", "contact", "escalates_to", "maintenance_id",
            "outs", "repairs", "hours_out")  # fmt: skip
    told = [row | {"hours": None if pd.isna(row["hours"]) else row["hours"]} for row in rows(found.maintenances)]
    return places.Node(
        **{name: getattr(found, name) for name in same},
        as_of=found.now,
        beside=list(found.beside),
        contradictions=list(found.odd),
        maintenances=[places.Passage(**_some(row, places.Passage)) for row in told],
    )


def cluster(found: HowIsCluster) -> places.ClusterInFull:
    """As the page Cluster has it."""
    same = ("cluster", "sentence", "nodes", "gpus", "in_service", "out", "lost")
    return places.ClusterInFull(
        **{name: getattr(found, name) for name in same},
        as_of=found.now,
        why=[places.Cause(**_some(row, places.Cause)) for row in rows(found.why)],
        coming=[places.Coming(**_some(row, places.Coming)) for row in rows(found.coming)],
        teams=[places.TeamShare(**_some(row, places.TeamShare)) for row in rows(found.teams)],
        worst=[places.Troubled(**_some(row, places.Troubled)) for row in rows(found.worst)],
        curve=_curve(found.fan.curve),
    )


def hits(found: Found) -> places.Hits:
    """As the page Search has them."""
    items = [places.Hit(kind=each.kind, id=each.id, name=each.name, about=each.about) for each in found.hits]
    return places.Hits(items=items, more=list(found.more))


def capacity(found: WhatIsOut) -> Capacity:
    """As the page Capacity has it."""
    return Capacity(
        as_of=found.now,
        sentence=found.sentence,
        gpus=found.gpus,
        out=found.out,
        lost=found.lost,
        allocated=found.fan.allocated,
        likely_back=found.likely_back,
        plan_on=found.plan_on,
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
