"""A dataset of the size the dashboard is built for: 125,000 nodes, 500 open maintenances, three years of transitions.

`python -m bench.world DIR [--scale 1] [--history 1] [--seed 1] [--now T]`; the same numbers and instant give the same
bytes.
"""

import argparse
import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.fleet import Rows, build_fleet
from bench.rollouts import DAY, STAGES, YEARS, Planned, Transitions, finished, still_open, transitions
from dashboard.model.instants import read_instant

NODES = 125_000
SEED = 1
HEADERS = {
    "providers": "provider_id,name",
    "clusters": "cluster_id,provider_id,region,sku,gpus_per_node",
    "nodes": "node_id,cluster_id,rack,gpus,team_id",
    "teams": "team_id,name",
    "allocations": "team_id,cluster_id,gpus,starts_at,ends_at",
    "parties": "party_id,name,role,provider_id,cluster_id,team_id,channel,escalates_to,timezone",
    "maintenance_updates": "maintenance_id,recorded_at,source,status,kind,title,provider_id,cluster_id,"
    "planned_start,planned_end,max_unavailable,provider_ref,note",
    "maintenance_nodes": "maintenance_id,node_id,recorded_at,removed",
    "node_transitions": "maintenance_id,node_id,stage,occurred_at,recorded_at,source,source_ref",
    "provider_messages": "message_id,maintenance_id,provider_id,received_at,sender,subject,body,claimed_end",
    "support_cases": "case_id,recorded_at,maintenance_id,node_id,provider_id,status,severity,opened_at,"
    "response_due_at,resolution_due_at,note",
    "commitments": "commitment_id,recorded_at,maintenance_id,party_id,what,due_at,met_at,withdrawn",
}
KINDS = ("firmware", "security", "network", "power", "cooling")


@dataclass(frozen=True, slots=True)
class World:
    """What was written, counted."""

    folder: Path
    nodes: int
    maintenances: int
    still_open: int
    node_maintenances: int
    transitions: int

    def __str__(self) -> str:
        return (
            f"{self.nodes:,} nodes, {self.maintenances:,} maintenances ({self.still_open:,} open), "
            f"{self.node_maintenances:,} node-maintenances, {self.transitions:,} transitions"
        )


@dataclass
class _Told:
    """The short files, row by row; the two long ones are written as they are made."""

    now: int
    tables: dict[str, Rows] = field(default_factory=lambda: {name: [] for name in HEADERS})

    def add(self, table: str, at: int, *row: object) -> None:
        """Takes the row if it could be known by now."""
        if at <= self.now:
            self.tables[table].append(row)


def write_world(folder: Path, now: datetime, scale: float = 1.0, history: float = 1.0, seed: int = SEED) -> World:
    """Writes the dataset as known at `now`; `history` thins what is finished, and nothing else."""
    folder.mkdir(parents=True, exist_ok=True)
    at = int(now.timestamp())
    fleet = build_fleet(max(100, round(NODES * scale)))
    told = _Told(at, {name: [] for name in HEADERS} | fleet.tables(iso(at - YEARS * 365 * DAY)))
    past, present = list(finished(fleet, scale, history, at, seed)), list(still_open(fleet, scale, at, seed))
    moves = 0
    with (
        (folder / "node_transitions.csv").open("w", encoding="utf-8") as moved,
        (folder / "maintenance_nodes.csv").open("w", encoding="utf-8") as named,
    ):
        moved.write(HEADERS["node_transitions"] + "\n")
        named.write(HEADERS["maintenance_nodes"] + "\n")
        for planned in (*past, *present):
            made = transitions(planned, at, seed)
            moves += len(made.node)
            moved.write(_moved(planned, made))
            named.write(_named(planned, at))
            _tell(told, planned, made)
    for name in HEADERS.keys() - {"node_transitions", "maintenance_nodes"}:
        _write(folder / f"{name}.csv", HEADERS[name].split(","), told.tables[name])
    everything = [*past, *present]
    nodes = sum(len(each.nodes) for each in fleet.clusters)
    return World(folder, nodes, len(everything), len(present), sum(len(each.nodes) for each in everything), moves)


def iso(seconds: int) -> str:
    """Seconds since 1970 as a dataset has them."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _isos(seconds: npt.NDArray[np.int64]) -> list[str]:
    return [f"{each}Z" for each in np.datetime_as_string(seconds.astype("datetime64[s]")).tolist()]


def _moved(planned: Planned, made: Transitions) -> str:
    nodes = planned.nodes[made.node].tolist()
    stages = np.array(STAGES)[made.stage].tolist()
    rows = zip(nodes, stages, _isos(made.occurred), _isos(made.recorded), strict=True)
    return "".join(f"{planned.maintenance_id},{n},{s},{o},{r},{planned.source},\n" for n, s, o, r in rows)


def _announced_at(planned: Planned, now: int) -> int:
    """A fortnight before, or so late that it is known today."""
    return min(planned.start - 14 * DAY, now - DAY)


def _named(planned: Planned, now: int) -> str:
    at = iso(_announced_at(planned, now))
    return "".join(f"{planned.maintenance_id},{node},{at},\n" for node in planned.nodes.tolist())


def _tell(told: _Told, planned: Planned, made: Transitions) -> None:
    """What is said of a maintenance beside its nodes: updates, messages, a case, a commitment."""
    name, cluster, last = planned.maintenance_id, planned.cluster, STAGES.index("in_service")
    known, start, end = _announced_at(planned, told.now), planned.start, planned.planned_end
    kind = KINDS[planned.number % len(KINDS)]
    over = int((made.stage == last).sum()) == len(planned.nodes)
    told.add(
        "maintenance_updates", known, name, iso(known), planned.source, "scheduled", kind,
        f"{kind.title()} work in {cluster.cluster_id}", cluster.provider_id, cluster.cluster_id, iso(start), iso(end),
        planned.slots if planned.number % 3 else "", f"REF-{planned.number}", "",
    )  # fmt: skip
    steps = [(start - 3 * DAY, "confirmed"), (start, "in_progress")]
    if over:
        steps.append((int(made.recorded.max()) + 600, "completed"))
    for at, status in steps:
        if at > known:
            told.add(
                "maintenance_updates", at, name, iso(at), planned.source, status,
                *[""] * 9,
            )  # fmt: skip
    desk = f"{cluster.provider_id}-desk"
    for i, (at, claimed) in enumerate(((known, end), (start + 6 * 3600, end + 4 * 3600))):
        told.add(
            "provider_messages", at, f"MSG-{planned.number}-{i}", name, cluster.provider_id, iso(at),
            f"desk@{cluster.provider_id}.example", f"{kind.title()} work", f"It ends by {iso(claimed)}.", iso(claimed),
        )  # fmt: skip
    due = start + DAY
    told.add("commitments", known, f"C-{planned.number}", iso(known), name, desk, "Hand back half", iso(due), "", "")
    for node, at in _repairs(made):
        told.add(
            "support_cases", at, f"CS-{planned.number}-{node}", iso(at), name, planned.nodes[node],
            cluster.provider_id, "open", "sev3", iso(at), iso(at + DAY // 2), iso(at + 4 * DAY), "failed burn-in",
        )  # fmt: skip


def _repairs(made: Transitions) -> list[tuple[int, int]]:
    chosen = made.stage == STAGES.index("repairing")
    return list(zip(made.node[chosen].tolist(), made.recorded[chosen].tolist(), strict=True))


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def main() -> None:
    """Writes one."""
    parser = argparse.ArgumentParser(description="Writes a dataset of the size the dashboard is built for.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scale", type=float, default=1.0, help="of fleet and maintenances")
    parser.add_argument("--history", type=float, default=1.0, help="the part of the finished maintenances to keep")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--now", type=read_instant, default=datetime.now(UTC), help="recorded up to then")
    said = parser.parse_args()
    print(write_world(said.folder, said.now, said.scale, said.history, said.seed))


if __name__ == "__main__":
    main()
