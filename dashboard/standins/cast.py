"""Who plays what: the open maintenances of a log, from where they stand."""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from operator import itemgetter
from random import Random

from sqlalchemy import Connection

from dashboard.log.read import history, in_force
from dashboard.log.state import maintenances, of_maintenances
from dashboard.model.instants import instant, micros
from dashboard.model.stages import CLOSED, OUT, Stage
from dashboard.standins.habits import Habits, Moves
from dashboard.standins.play import HOLDS, Node, Plan, Play

LONGEST = timedelta(hours=48)
"""How long a maintenance takes whose end nobody planned."""

LATELY = timedelta(days=4)


def cast(connection: Connection, now: datetime, speed: float, seed: int) -> Play:
    """The play that goes on from what the log knows."""
    known = maintenances(connection)
    providers = {row["cluster_id"]: row["provider_id"] for row in in_force(connection, "clusters")}
    of = {name: each.maintenance.provider_id for name, each in known.items()}
    moves = [(r["maintenance_id"], r["node_id"], r["stage"], r["occurred_at"])
             for r in history(connection, "node_transitions")]  # fmt: skip
    habits = Habits(moves, of)
    open_ = {n: each.maintenance for n, each in known.items() if each.maintenance.status not in CLOSED and each.by_node}
    nodes: dict[str, Node] = {}
    for row in of_maintenances(connection, open_):
        since = instant(row.since) if row.since is not None else now
        node = Node(row.node_id, row.maintenance_id, row.cluster_id, row.rack, row.gpus, row.team_id,
                    Stage(row.stage), min(since, now))  # fmt: skip
        before = nodes.get(row.node_id)
        if before is None or (node.stage in OUT and before.stage not in OUT):
            nodes[row.node_id] = node
    plans, most = {}, _most_held(moves)
    for name, told in open_.items():
        starts = instant(told.planned_start if told.planned_start is not None else micros(now))
        begun = any(each.maintenance_id == name and each.stage in OUT for each in nodes.values())
        mine = sum(each.maintenance_id == name for each in nodes.values())
        plans[name] = Plan(
            name,
            told.provider_id or providers.get(told.cluster_id, ""),
            told.cluster_id,
            told.title or name,
            told.provider_ref or name,
            told.status,
            min(starts, now) if begun else starts,
            starts + LONGEST if told.planned_end is None else instant(told.planned_end),
            most[name] or told.max_unavailable or max(mine // 5, 1),
            now,
        )
    return Play(habits, plans, nodes, _portals(connection, plans, now), now, speed, Random(seed))


def _most_held(moves: Moves) -> Counter[str]:
    """The most places that each maintenance took at once so far: by these it goes on. What is told to be out at most
    counts nodes that are back at us, too."""
    held: dict[str, set[str]] = defaultdict(set)
    most: Counter[str] = Counter()
    for maintenance, node, stage, _ in sorted(moves, key=itemgetter(3)):
        if stage in HOLDS:
            held[maintenance].add(node)
        else:
            held[maintenance].discard(node)
        most[maintenance] = max(most[maintenance], len(held[maintenance]))
    return most


def _portals(connection: Connection, plans: dict[str, Plan], now: datetime) -> dict[str, str]:
    """Of each provider that has told anything lately, the name that signed it; one that fell silent stays silent."""
    found = {}
    for row in history(connection, "maintenance_updates", only=("maintenance_id", list(plans))):
        heard_at = instant(row["recorded_at"])
        if row["source"] and now - heard_at < LATELY and row["source"] != "mailbox":
            found[plans[row["maintenance_id"]].provider_id] = row["source"]
    return found
