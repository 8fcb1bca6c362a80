"""What happens to a node, and what does the scheduler do."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from dashboard.log.state import tallies
from dashboard.log.stays import stays
from dashboard.model.instants import instant, micros
from dashboard.model.lifecycle import SCHEDULING, USUAL, States, Step, Way
from dashboard.model.maintenance import Maintenance, stage_by_status
from dashboard.model.scope import Scope
from dashboard.model.stages import HAS_THE_BALL, OUT, Stage, Status
from dashboard.views import words
from dashboard.views.ahead import open_ids
from dashboard.views.fleet import Fleet, instant_of, read_fleet
from dashboard.views.standing import Picture, read_picture

FINISHED = 40  # maintenances whose stays say what is typical: the last ones
FEWEST = 5  # stays that make a median worth telling


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The life of a node in a maintenance, and where nodes stand in it now.

    `stages`, a row each: stage (words), nodes, gpus, holder (role in words), scheduler (what it does), likely, plan_on
    (how long a stay is in words, "" where too few ended).
    `others`, ways that the diagram does not draw, most frequent first: way, moves, likely, plan_on.
    `basis`: what the times are from.
    """

    now: datetime
    sentence: str
    spoken: str  # the diagram, for whoever does not see it
    basis: str
    states: States
    stages: pd.DataFrame
    others: pd.DataFrame


def lifecycle(connection: Connection, scope: Scope, now: datetime) -> Lifecycle:
    """Where the nodes of open maintenances stand, and how long stays lasted in the last finished ones."""
    at, now = instant_of(scope), scope.as_of or now
    fleet = read_fleet(connection, scope, at)
    picture = read_picture(connection, fleet, at)
    steps = _steps(connection, picture, at)
    finished = _finished(picture, fleet, now)
    lasted = stays(connection, [each.maintenance_id for each in finished], at)
    ways = tuple(_way(*pair, lasted.get((str(pair[0]), str(pair[1])), ())) for pair in USUAL)
    return Lifecycle(
        now=now,
        sentence=_sentence(steps),
        spoken=_spoken(steps, ways),
        basis=_basis(finished, now),
        states=States(steps, ways),
        stages=_stages(steps, lasted),
        others=_others(lasted),
    )


def _steps(connection: Connection, picture: Picture, at: int | None) -> tuple[Step, ...]:
    """Nodes that are lost stay so, long after their maintenance is over; they are told by the picture."""
    nodes: dict[str, int] = defaultdict(int)
    gpus: dict[str, float] = defaultdict(float)
    for row in tallies(connection, open_ids(picture), at):
        weight = picture.fleet.weight(row.cluster_id, row.team_id)
        told = picture.known[row.maintenance_id]
        stage = row.stage if told.by_node else str(stage_by_status(told.maintenance.status))
        if weight > 0 and stage != Stage.REMOVED:
            nodes[stage] += row.nodes
            gpus[stage] += row.gpus * weight
    lost = picture.nodes[picture.nodes["stage"] == str(Stage.REMOVED)].drop_duplicates("node_id")
    lost = lost[~lost["node_id"].isin(picture.out["node_id"])]
    nodes[Stage.REMOVED] = len(lost)
    return tuple(
        Step(stage, nodes[stage], picture.gpus_lost if stage is Stage.REMOVED else round(gpus[stage]))
        for stage in Stage
    )


def _finished(picture: Picture, fleet: Fleet, now: datetime) -> list[Maintenance]:
    told = [each.maintenance for each in picture.known.values() if each.maintenance.status is Status.COMPLETED]
    told = [each for each in told if each.closed_at is not None and each.closed_at <= micros(now)]
    told = [each for each in told if not each.cluster_id or fleet.in_scope(each.cluster_id)]
    told = [each for each in told if fleet.scope.provider in (None, each.provider_id or fleet.scope.provider)]
    return sorted(told, key=lambda each: (each.closed_at or 0, each.maintenance_id))[-FINISHED:]


def _way(before: Stage, after: Stage, hours: Sequence[float]) -> Way:
    if len(hours) < FEWEST:
        return Way(before, after, len(hours), None, None)
    likely, plan_on = np.quantile(hours, (0.5, 0.9))
    return Way(before, after, len(hours), float(likely), float(plan_on))


def _sentence(steps: Sequence[Step]) -> str:
    out = [each for each in steps if each.stage in OUT and each.nodes]
    if not out:
        announced = sum(each.nodes for each in steps if each.stage is Stage.SCHEDULED)
        coming = f" {words.nodes(announced)} {'is' if announced == 1 else 'are'} to go." if announced else ""
        return f"No node is out for maintenance.{coming}"
    total = sum(each.nodes for each in out)
    most = max(out, key=lambda each: each.nodes)
    role = HAS_THE_BALL[most.stage]
    holder = f", and the ball is with {_role(role)}" if role else ""
    if len(out) == 1:
        stands = f"{words.nodes(total)} {'is' if total == 1 else 'are'} out"
        return f"{stands}, {'' if total == 1 else 'all '}{words.stage(most.stage)}{holder}."
    return f"{words.nodes(total)} are out. Most, {words.count(most.nodes)}, are {words.stage(most.stage)}{holder}."


def _spoken(steps: Sequence[Step], ways: Sequence[Way]) -> str:
    held = [f"{words.stage(each.stage)} {words.nodes(each.nodes)}" for each in steps]
    told = [
        f"{words.stage(each.before)} to {words.stage(each.after)} likely after {_times(each)[0]}"
        for each in ways
        if _times(each)[0]
    ]
    return ". ".join(part for part in (f"The stages of a node: {', '.join(held)}", "; ".join(told)) if part) + "."


def _role(role: str) -> str:
    return f"the {words.role(role)}" if role in ("provider", "customer") else words.role(role)


def _basis(finished: Sequence[Maintenance], now: datetime) -> str:
    if not finished:
        return "No maintenance here is finished yet, so nothing tells how long a stage takes."
    since = instant(finished[0].closed_at or 0)
    whole = "the one finished maintenance" if len(finished) == 1 else f"the last {len(finished)} finished maintenances"
    return f"Times are those of stays in {whole}, since {since:%-d %b %Y}: likely is the median, plan on 9 in 10."


def _stages(steps: Sequence[Step], lasted: dict[tuple[str, str], list[float]]) -> pd.DataFrame:
    rows = []
    for each in steps:
        hours = [one for (before, _), some in lasted.items() if before == str(each.stage) for one in some]
        role = HAS_THE_BALL[each.stage]
        way = _way(each.stage, each.stage, hours if each.stage in OUT else ())
        likely, plan_on = _times(way)
        holder = words.stage(role) if role else ""
        rows.append((words.stage(each.stage), each.nodes, each.gpus, holder, SCHEDULING[each.stage], likely, plan_on))
    return pd.DataFrame(rows, columns=["stage", "nodes", "gpus", "holder", "scheduler", "likely", "plan_on"])


def _times(way: Way) -> tuple[str, str]:
    if way.likely is None or way.plan_on is None:
        return "", ""
    likely, plan_on = (words.span(timedelta(hours=each)) for each in (way.likely, way.plan_on))
    return likely, plan_on


def _others(lasted: dict[tuple[str, str], list[float]]) -> pd.DataFrame:
    drawn = {(str(before), str(after)) for before, after in USUAL}
    ways = [_way(Stage(a), Stage(b), hours) for (a, b), hours in lasted.items() if (a, b) not in drawn]
    ways = sorted((each for each in ways if each.moves >= FEWEST), key=lambda each: (-each.moves, each.before))
    rows = [(f"{words.stage(each.before)} to {words.stage(each.after)}", each.moves, *_times(each)) for each in ways]
    return pd.DataFrame(rows, columns=["way", "moves", "likely", "plan_on"])
