"""Which nodes are out, in scope, at the instant shown: reported one by one, or told by their maintenance as a whole."""

from dataclasses import dataclass

import pandas as pd
from sqlalchemy import Connection

from dashboard.log.read import node_attributes
from dashboard.log.state import Entry, Known, Standing, entries, maintenances, of_maintenances, out_or_lost
from dashboard.model.maintenance import Maintenance, stage_by_status
from dashboard.model.stages import OUT, RANK, RUNNING
from dashboard.views.fleet import Fleet

OUT_STAGES = sorted(str(stage) for stage in OUT)
MEMBER = ["maintenance_id", "node_id"]


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
    entered = pd.DataFrame(entries(connection, since, at, maintenance_id), columns=list(Entry._fields))
    turns = _turns(connection, picture, _changed(entered[entered["occurred_at"] <= until]), since, at)
    turns = turns.sort_values(["node_id", "at", "step"], ascending=[True, True, False], kind="stable")
    held = turns.groupby("node_id")["step"].cumsum()
    # Out is out, in however many maintenances: only the step from none to one, or back, moves capacity.
    steps = turns[((held == 1) & (turns["step"] == 1)) | ((held == 0) & (turns["step"] == -1))]
    running = (steps["step"] * steps["gpus"]).groupby(steps["at"]).sum().sort_index().cumsum()
    grid = [since + (until - since) * i // (points - 1) for i in range(points)]
    place = running.index.searchsorted(grid, side="right") - 1
    return [max(round(float(running.iloc[i])), 0) if i >= 0 else 0 for i in place]


def _changed(entered: pd.DataFrame) -> pd.DataFrame:
    """Of entries into stages, those that changed it, with what they changed it from in `before`."""
    entered = entered.assign(rank=entered["stage"].map(RANK)).sort_values([*MEMBER, "occurred_at", "rank"])
    before = entered.groupby(MEMBER, sort=False)["stage"].shift()
    entered = entered.assign(before=before.where(before.notna(), entered["at_first"]))
    return entered[entered["stage"] != entered["before"]]


def _turns(connection: Connection, picture: Picture, moved: pd.DataFrame, since: int, at: int | None) -> pd.DataFrame:
    """Every going out (+1) and coming back (-1) of a node, with its GPUs in scope; what was out already goes first."""
    was, now = moved["before"].isin(OUT_STAGES), moved["stage"].isin(OUT_STAGES)
    turned = moved[was != now]
    first = moved.drop_duplicates(MEMBER)
    began = first[first["before"].isin(OUT_STAGES)]
    out = picture.nodes[picture.nodes["is_out"]]
    still = out[~pd.MultiIndex.from_frame(out[MEMBER]).isin(pd.MultiIndex.from_frame(first[MEMBER]))]
    whole = ~still["maintenance_id"].map(lambda name: picture.known[name].by_node).astype(bool)
    since_when = still["first_out_at"].where(whole & still["first_out_at"].notna(), since - 1).clip(lower=since - 1)
    steps = now[was != now].map({True: 1, False: -1})
    turns = pd.concat(
        [
            pd.DataFrame({"node_id": began["node_id"], "at": since - 1, "step": 1}),
            pd.DataFrame({"node_id": turned["node_id"], "at": turned["occurred_at"], "step": steps}),
            pd.DataFrame({"node_id": still["node_id"], "at": since_when, "step": 1}),
        ],
        ignore_index=True,
    ).astype({"at": "int64", "step": "int64"})
    weight = _gpus_in_scope(connection, picture.fleet, set(turns["node_id"]), at)
    return turns.assign(gpus=turns["node_id"].map(weight).astype(float))


def _gpus_in_scope(connection: Connection, fleet: Fleet, nodes: set[str], at: int | None) -> dict[str, float]:
    known = node_attributes(connection, nodes, at).items()
    return dict.fromkeys(nodes, 0.0) | {
        node: each.gpus * fleet.weight(each.cluster_id, each.team_id) for node, each in known
    }
