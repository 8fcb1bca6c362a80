"""The nodes of one maintenance: in which stage, for how long, in which rack, and who is to move them on."""

from collections import defaultdict
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

import pandas as pd
from sqlalchemy import Connection

from dashboard.log.read import history_of
from dashboard.log.state import Standing
from dashboard.model.instants import HOUR, instant, micros
from dashboard.model.outlook import Racks
from dashboard.model.stages import CODE, HAS_THE_BALL, OUT, STAGES, Stage
from dashboard.views import words
from dashboard.views.ahead import Ahead
from dashboard.views.parties import party_for
from dashboard.views.summaries import Summary

MOST_STRAGGLERS = 12
FEWEST_ALIKE = 3  # stays that make a median worth telling


def stages_table(rows: list[Standing], ahead: Ahead, summary: Summary) -> pd.DataFrame:
    """A row a stage that holds nodes: stage, nodes, gpus, waiting_for, longest_words."""
    held: dict[str, list[Standing]] = defaultdict(list)
    for row in rows:
        held[row.stage].append(row)
    found = []
    for stage in STAGES:
        nodes = held.get(stage, [])
        if nodes:
            party = _holder(stage, ahead, summary)
            since = min((row.since for row in nodes if row.since is not None), default=None)
            longest = words.span(ahead.now - instant(since)) if since is not None and stage in OUT else ""
            found.append((str(stage), len(nodes), sum(row.gpus for row in nodes), party, longest))
    return pd.DataFrame(found, columns=["stage", "nodes", "gpus", "waiting_for", "longest_words"])


def _holder(stage: Stage, ahead: Ahead, summary: Summary) -> str:
    told = ahead.picture.known[summary.maintenance_id].maintenance
    provider = told.provider_id or ahead.fleet.provider_of(summary.cluster)
    return party_for(ahead.fleet.parties, HAS_THE_BALL[stage], provider, summary.cluster).name


def stragglers_table(connection: Connection, rows: list[Standing], ahead: Ahead, summary: Summary) -> pd.DataFrame:
    """The nodes longest in an open stage: node_id, rack, stage, since, hours, usual_hours, waiting_for."""
    open_rows = sorted((row for row in rows if row.stage in OUT and row.since is not None), key=_by_since)
    usual = _usual_hours(connection, summary.maintenance_id, ahead.at) if open_rows else {}
    found = []
    for row in open_rows[:MOST_STRAGGLERS]:
        since = instant(row.since or 0)
        hours = (ahead.now - since) / timedelta(hours=1)
        party = _holder(Stage(row.stage), ahead, summary)
        usually = usual.get(row.stage, float("nan"))
        found.append((row.node_id, row.rack, row.stage, since, hours, usually, party))
    columns = ["node_id", "rack", "stage", "since", "hours", "usual_hours", "waiting_for"]
    frame = pd.DataFrame(found, columns=columns)
    return frame.assign(since=pd.to_datetime(frame["since"], utc=True))


def _by_since(row: Standing) -> tuple[int, str]:
    return row.since or 0, row.node_id


def _usual_hours(connection: Connection, maintenance_id: str, at: int | None) -> dict[str, float]:
    """Of each stage, the median of the stays in it that are over, in this maintenance."""
    told = history_of(connection, "node_transitions", [maintenance_id], at)
    by_node: dict[str, dict[tuple[int, int], str]] = defaultdict(dict)
    for row in told:
        by_node[row["node_id"]][row["occurred_at"], CODE[row["stage"]]] = row["stage"]
    stays: dict[str, list[float]] = defaultdict(list)
    for entered in by_node.values():
        order = sorted(entered)
        for begun, left in pairwise(order):
            stays[entered[begun]].append((left[0] - begun[0]) / HOUR)
    return {stage: median(hours) for stage, hours in stays.items() if len(hours) >= FEWEST_ALIKE}


def racks_of(rows: list[Standing], now: datetime) -> Racks:
    """Every node at its place in its rack, by name; nodes without a rack stand together."""
    ordered = sorted(rows, key=lambda row: (row.cluster_id, row.rack, row.node_id))
    names = list(dict.fromkeys(row.rack or "no rack" for row in ordered))
    index, filled = {name: i for i, name in enumerate(names)}, [0] * len(names)
    rack, place = [], []
    for row in ordered:
        i = index[row.rack or "no rack"]
        rack.append(i)
        place.append(filled[i])
        filled[i] += 1
    return Racks(
        tuple(names),
        tuple(rack),
        tuple(place),
        tuple(CODE[Stage(row.stage)] for row in ordered),
        tuple(row.node_id for row in ordered),
        tuple(None if row.since is None else (micros(now) - row.since) / HOUR for row in ordered),
    )
