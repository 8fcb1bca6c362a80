"""Judgements as facts: appended once a maintenance is over, read by what they are about."""

import json
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, select

from dashboard.log.append import take_position
from dashboard.log.bulk import in_chunks, many
from dashboard.log.tables import judgements
from dashboard.model.instants import instant, micros
from dashboard.model.judgement import Judgement

COLUMNS = ("maintenance_id", "as_of", "engine", "fraction", "phase", "provider_id", "kind", "cluster_id", "actual",
           "crps", "pit", "said")  # fmt: skip


def append_judgements(connection: Connection, made: Iterable[Judgement], now: datetime, *, last: bool) -> int:
    """Appends judgements; one that is there already stays. Returns how many were new.

    The log moves on with the `last` of a series: every page is drawn anew when it does, and few show judgements.
    """
    rows = [
        (j.maintenance_id, micros(j.as_of), j.engine, j.fraction, j.phase, j.provider_id, j.kind, j.cluster_id,
         micros(j.actual), j.crps, j.pit, _said(j))
        for j in made
    ]  # fmt: skip
    new = many(connection, judgements.name, COLUMNS, rows)
    if last:
        take_position(connection, now, "judge", new)
    return new


def judged(connection: Connection, engine: str, ids: Iterable[str]) -> set[tuple[str, int]]:
    """Which forecasts of these maintenances were judged: (maintenance, as_of in µs)."""
    query = select(judgements.c.maintenance_id, judgements.c.as_of).where(judgements.c.engine == engine).distinct()
    return {
        (row[0], row[1])
        for part in in_chunks(sorted(set(ids)))
        for row in connection.execute(query.where(judgements.c.maintenance_id.in_(part)))
    }


def read_judgements(connection: Connection, engine: str, since: int, until: int) -> list[Judgement]:
    """The judgements of what came true between two instants (µs), in the order of as_of."""
    c = judgements.c
    query = select(judgements).where(c.engine == engine, c.actual > since, c.actual <= until)
    found = []
    for row in connection.execute(query.order_by(c.as_of, c.maintenance_id, c.fraction)):
        said = json.loads(row.said)
        quantiles = {float(level): instant(at) for level, at in said["quantiles"].items()}
        about = (row.maintenance_id, instant(row.as_of), row.engine, row.fraction, row.phase, row.provider_id, row.kind)
        found.append(
            Judgement(*about, row.cluster_id, quantiles, instant(row.actual), row.crps, row.pit, said["rivals"])
        )
    return found


def _said(judgement: Judgement) -> str:
    quantiles = {str(level): micros(at) for level, at in judgement.said.items()}
    return json.dumps({"quantiles": quantiles, "rivals": dict(judgement.rivals)}, separators=(",", ":"))
