"""Who tells of this maintenance, as what, and where do they contradict each other."""

from dataclasses import dataclass
from datetime import datetime

import pandas as pd
from sqlalchemy import Connection

from dashboard.log.read import in_force
from dashboard.log.wholes import read_wholes
from dashboard.model.instants import instant, maybe_instant
from dashboard.model.joining import HAND, NODES, REFERENCE
from dashboard.model.maintenance import fold
from dashboard.model.scope import Scope
from dashboard.views import words
from dashboard.views.contradictions import contradictions, told_apart
from dashboard.views.fleet import instant_of

RULES = {
    REFERENCE: "the same reference of the provider’s",
    NODES: "the same nodes at the same time",
    HAND: "by hand",
}


@dataclass(frozen=True, slots=True)
class Tellings:
    """How one maintenance came to be known.

    `parts`, a row a name under which it was told, where there are several: maintenance_id, sources, status, ends
    (aware), because, since (when it was found to be the same; empty for the whole's own).
    `contradictions`: in words.
    """

    parts: pd.DataFrame
    contradictions: tuple[str, ...]


def whole_of(connection: Connection, scope: Scope, maintenance_id: str) -> str:
    """The name under which a maintenance goes at the instant shown."""
    return read_wholes(connection, instant_of(scope)).whole(maintenance_id)


def tellings(connection: Connection, scope: Scope, now: datetime, maintenance_id: str) -> Tellings:
    """Who tells of one maintenance, and what does not fit together."""
    at = instant_of(scope)
    joined = read_wholes(connection, at)
    told = told_apart(connection, joined.parts([maintenance_id]), at)
    joins = {row["maintenance_id"]: row for row in in_force(connection, "joins", at)}
    rows = []
    for name, updates in sorted(told.items(), key=lambda each: each[0] != maintenance_id):
        state, join = fold(name, updates), joins.get(name)
        sources = ", ".join(sorted({each.source for each in updates if each.source})) or "nobody says who"
        why = f"{RULES.get(join['rule'], join['rule'])}: {join['why']}".removesuffix(": ") if join else ""
        since = instant(join["recorded_at"]) if join and name != maintenance_id else None
        rows.append((name, sources, words.stage(state.status), maybe_instant(state.planned_end), why, since))
    parts = pd.DataFrame(rows, columns=["maintenance_id", "sources", "status", "ends", "because", "since"])
    parts = parts.assign(**{name: pd.to_datetime(parts[name], utc=True) for name in ("ends", "since")})
    found = contradictions(connection, scope, now, [maintenance_id])
    return Tellings(parts if len(parts) > 1 else parts.iloc[:0], tuple(each.said for each in found))
