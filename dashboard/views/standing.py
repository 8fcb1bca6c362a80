"""Which nodes are out, in scope, at the instant shown: reported one by one, or told by their maintenance as a whole."""

from dataclasses import dataclass

import pandas as pd
from sqlalchemy import Connection

from dashboard.log.read import node_attributes
from dashboard.log.state import Change, Known, Standing, changes, maintenances, of_maintenances, out_or_lost
from dashboard.model.maintenance import Maintenance, stage_by_status
from dashboard.model.stages import OUT, RUNNING
from dashboard.views.fleet import Fleet

OUT_STAGES = sorted(str(stage) for stage in OUT)


@dataclass(frozen=True, slots=True)
class Picture:
    """Where everything stands.

    `nodes`, a row a node that is out or lost: maintenance_id, node_id, stage, since (µs), cluster_id, rack, gpus,
    team_id, weight (what part of its GPUs the scope counts), is_out.
    """

    known: dict[str, Known]
    nodes: pd.DataFrame
    fleet: Fleet

    @property
    def out(self) -> pd.DataFrame:
        """The nodes that are out, each once; a node out in two maintenances is out once."""
        return self.nodes[self.nodes["is_out"]].drop_duplicates("node_id")

    @property
    def gpus_out(self) -> int:
        """GPUs out in scope."""
        return round(float((self.out["gpus"] * self.out["weight"]).sum()))

    @property
    def gpus_lost(self) -> int:
        """GPUs lost in scope: on removed nodes that no maintenance has out."""
        lost = self.nodes[~self.nodes["is_out"]].drop_duplicates("node_id")
        lost = lost[~lost["node_id"].isin(self.out["node_id"])]
        return round(float((lost["gpus"] * lost["weight"]).sum()))

    def out_by(self, column: str) -> dict[str, float]:
        """GPUs out in scope by a column of `nodes`."""
        rows = self.nodes[self.nodes["is_out"]]
        sums = (rows["gpus"] * rows["weight"]).groupby(rows[column]).sum()
        return {str(key): float(value) for key, value in sums.items() if value > 0}


def read_picture(connection: Connection, fleet: Fleet, at: int | None) -> Picture:
    """Reads where everything stands at `at` (µs; None: now)."""
    known = maintenances(connection, at)
    return picture_of(fleet, known, out_or_lost(connection, at) + told_as_a_whole(connection, known, at))


def picture_of(fleet: Fleet, known: dict[str, Known], rows: list[Standing]) -> Picture:
    """The picture that these standings make."""
    frame = pd.DataFrame(rows, columns=list(Standing._fields))
    frame["is_out"] = frame["stage"].isin(OUT_STAGES)
    pairs = zip(frame["cluster_id"], frame["team_id"], strict=True)
    frame["weight"] = pd.Series([fleet.weight(*pair) for pair in pairs], dtype=float, index=frame.index)
    return Picture(known, frame[frame["weight"] > 0], fleet)


def told_as_a_whole(connection: Connection, known: dict[str, Known], at: int | None) -> list[Standing]:
    """The nodes of running maintenances that report none by itself: where the maintenance says it stands, they do."""
    ids = [name for name, each in known.items() if not each.by_node and each.maintenance.status in RUNNING]
    return [as_told(row, known[row.maintenance_id].maintenance) for row in of_maintenances(connection, ids, at)]


def as_told(row: Standing, maintenance: Maintenance) -> Standing:
    """A node's standing by the word on its maintenance as a whole."""
    stage = stage_by_status(maintenance.status)
    out_at = maintenance.started_at if stage in OUT else None
    return row._replace(stage=str(stage), since=maintenance.status_at, first_out_at=out_at)


def out_over_time(
    connection: Connection,
    picture: Picture,
    since: int,
    until: int,
    at: int | None,
    points: int,
    maintenance_id: str | None = None,
) -> list[int]:
    """GPUs out in scope at `points` evenly spaced instants from `since` to `until` (µs), as known at `at`."""
    moved = [each for each in changes(connection, since, at, maintenance_id) if each.occurred_at <= until]
    turns = _turns(connection, picture, moved, since, at)
    turns = turns.sort_values(["node_id", "at", "step"], ascending=[True, True, False], kind="stable")
    held = turns.groupby("node_id")["step"].cumsum()
    # Out is out, in however many maintenances: only the step from none to one, or back, moves capacity.
    steps = turns[((held == 1) & (turns["step"] == 1)) | ((held == 0) & (turns["step"] == -1))]
    running = (steps["step"] * steps["gpus"]).groupby(steps["at"]).sum().sort_index().cumsum()
    grid = [since + (until - since) * i // (points - 1) for i in range(points)]
    place = running.index.searchsorted(grid, side="right") - 1
    return [max(round(float(running.iloc[i])), 0) if i >= 0 else 0 for i in place]


def _turns(connection: Connection, picture: Picture, moved: list[Change], since: int, at: int | None) -> pd.DataFrame:
    """Every going out (+1) and coming back (-1) of a node, with its GPUs in scope; what was out already goes first."""
    told: list[tuple[str, int, int]] = []
    seen: set[tuple[str, str]] = set()
    for change in moved:
        told += _of_change(change, since, seen)
    out = picture.nodes[picture.nodes["is_out"]]
    for maintenance, node, first_out_at in zip(out["maintenance_id"], out["node_id"], out["first_out_at"], strict=True):
        if (maintenance, node) not in seen:
            start = since - 1 if picture.known[maintenance].by_node or pd.isna(first_out_at) else int(first_out_at)
            told.append((node, max(start, since - 1), 1))
    turns = pd.DataFrame(told, columns=["node_id", "at", "step"]).astype({"at": "int64", "step": "int64"})
    weight = _gpus_in_scope(connection, picture.fleet, set(turns["node_id"]), at)
    return turns.assign(gpus=turns["node_id"].map(weight).astype(float))


def _gpus_in_scope(connection: Connection, fleet: Fleet, nodes: set[str], at: int | None) -> dict[str, float]:
    attributes = node_attributes(connection, nodes, at)
    return {
        node: attributes[node].gpus * fleet.weight(attributes[node].cluster_id, attributes[node].team_id)
        if node in attributes
        else 0.0
        for node in nodes
    }


def _of_change(change: Change, since: int, seen: set[tuple[str, str]]) -> list[tuple[str, int, int]]:
    was, now = change.before in OUT_STAGES, change.stage in OUT_STAGES
    key, turns = (change.maintenance_id, change.node_id), []
    if key not in seen and was:
        turns.append((change.node_id, since - 1, 1))
    seen.add(key)
    if was != now:
        turns.append((change.node_id, change.occurred_at, 1 if now else -1))
    return turns
