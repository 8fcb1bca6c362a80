"""Where do the sources contradict each other: two facts that cannot both be so, and both stand."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from dashboard.log.derive import latest_stages, read_updates
from dashboard.log.read import history
from dashboard.log.state import Known, maintenances, out_or_lost
from dashboard.log.wholes import read_wholes
from dashboard.model.instants import instant, maybe_instant, micros
from dashboard.model.joining import Wholes
from dashboard.model.maintenance import Maintenance, Update, fold
from dashboard.model.scope import Scope
from dashboard.model.stages import ANNOUNCED, CLOSED, OUT, Stage
from dashboard.views import words
from dashboard.views.fleet import instant_of

APART = timedelta(minutes=15)
"""Ends that are nearer than this are the same end, told twice."""
PATIENCE = timedelta(hours=1)
"""So long a source may be behind another."""

LATELY = timedelta(days=7)
"""What has been over for longer, with nothing out, is left alone."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two facts of one maintenance that cannot both be so."""

    maintenance_id: str
    said: str  # in words
    since: datetime | None


def contradictions(
    connection: Connection, scope: Scope, now: datetime, ids: Iterable[str] | None = None
) -> list[Contradiction]:
    """What does not fit together, of these maintenances or of all that are open or hold nodes; the oldest first."""
    at, now = instant_of(scope), scope.as_of or now
    known = maintenances(connection, at, ids)
    joined = read_wholes(connection, at)
    out: dict[str, Counter[str]] = {}
    for node in out_or_lost(connection, at):
        if node.stage in OUT and node.maintenance_id in known:
            out.setdefault(node.maintenance_id, Counter())[node.stage] += 1
    found = [each for name, stages in out.items() for each in _over_but_out(known[name], stages, now, scope)]
    wholes = {whole for whole in joined.of.values() if whole in known}
    lately = micros(now - LATELY)
    wanted = [each for each in wholes if each in out or (known[each].maintenance.closed_at or lately) >= lately]
    for whole in sorted(wanted):
        parts = told_apart(connection, joined.parts([whole]), at)
        found += _plans_apart(whole, parts, now, scope)
        found += _nodes_apart(connection, whole, joined, at, now)
    return sorted(found, key=lambda each: (each.since is None, each.since, each.maintenance_id))


def told_apart(connection: Connection, names: list[str], at: int | None) -> dict[str, list[Update]]:
    """The updates told under each of these names, as if nothing were joined."""
    updates = read_updates(connection, names, Wholes(), at)
    return {name: updates.get(name, []) for name in names}


def _over_but_out(known: Known, out: Mapping[str, int], now: datetime, scope: Scope) -> list[Contradiction]:
    told = known.maintenance
    if told.status not in CLOSED or not known.by_node:
        return []
    since = maybe_instant(told.closed_at)
    when = f" since {words.clock(since, now, scope.zone)}" if since else ""
    held = words.listed([f"{words.nodes(count)} still {words.stage(stage)}" for stage, count in sorted(out.items())])
    return [
        Contradiction(
            told.maintenance_id,
            f"{told.source or 'Its source'} says it is {words.stage(told.status)}{when}; {held}.",
            since,
        )
    ]


def _plans_apart(whole: str, parts: Mapping[str, list[Update]], now: datetime, scope: Scope) -> list[Contradiction]:
    states = [fold(name, updates) for name, updates in parts.items() if updates]
    ended = sorted((each for each in states if each.planned_end is not None), key=lambda each: each.planned_end or 0)
    found = []
    if len(ended) > 1:
        first, last = ended[0], ended[-1]
        ends = [instant(each.planned_end or 0) for each in (first, last)]
        if ends[1] - ends[0] > APART:
            said = [f"{_who(e)} plans its end for {words.clock(at, now, scope.zone)}"
                    for e, at in zip((first, last), ends, strict=True)]  # fmt: skip
            found.append(Contradiction(whole, "; ".join(said) + ".", _since(first, last, "planned_at")))
    over, open_ = ([each for each in states if (each.status in CLOSED) is so] for so in (True, False))
    if over and open_ and any(each.status not in ANNOUNCED for each in open_):
        said = [f"{_who(each)} says it is {words.stage(each.status)}" for each in (over[0], open_[0])]
        found.append(Contradiction(whole, "; ".join(said) + ".", _since(over[0], open_[0], "status_at")))
    return found


def _who(state: Maintenance) -> str:
    return state.source or state.maintenance_id


def _since(one: Maintenance, other: Maintenance, clock: str) -> datetime | None:
    """A contradiction begins with the later of the two words."""
    return maybe_instant(max((getattr(one, clock) or 0), (getattr(other, clock) or 0)) or None)


def _nodes_apart(
    connection: Connection, whole: str, joined: Wholes, at: int | None, now: datetime
) -> list[Contradiction]:
    """Nodes that one has back and another still out, though both had time to say so."""
    latest: dict[str, list[tuple[int, str]]] = {}
    names = joined.parts([whole])
    for name in names:
        rows = history(connection, "node_transitions", at, ("maintenance_id", [name]))
        entered, _ = latest_stages((name, row["node_id"], row["stage"], row["occurred_at"]) for row in rows)
        for (_, node), (occurred_at, _, stage) in entered.items():
            latest.setdefault(node, []).append((occurred_at, str(stage)))
    apart = [
        instant(max(said)[0])
        for said in latest.values()
        if len({Stage(stage) in OUT for _, stage in said}) > 1 and now - instant(max(said)[0]) > PATIENCE
    ]
    if not apart:
        return []
    said = f"Of {words.listed(names)}, one has {words.nodes(len(apart))} back and another still has them out."
    return [Contradiction(whole, said, min(apart))]
