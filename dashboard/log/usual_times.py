"""What is usual, as last learnt: derived from the log every hour, and at any time to be learnt again."""

from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select

from dashboard.log.append import take_position
from dashboard.log.tables import usual_times
from dashboard.model.instants import maybe_instant, micros
from dashboard.model.usual import Usual, UsualTimes


def replace_usual(connection: Connection, learnt: UsualTimes, as_of: datetime, now: datetime) -> None:
    """Keeps what was learnt as of an instant instead of what was learnt before; older news changes nothing."""
    before = usual_as_of(connection)
    if before is not None and before >= as_of:
        return
    rows = [
        {"provider_id": provider, "kind": kind, "what": what, "as_of": micros(as_of), "p50": u.p50, "p90": u.p90,
         "p95": u.p95}
        for (provider, kind, what), u in learnt.known.items()
    ]  # fmt: skip
    connection.execute(delete(usual_times))
    if rows:
        connection.execute(insert(usual_times), rows)
    take_position(connection, now, "usual times", len(rows))


def usual_as_of(connection: Connection) -> datetime | None:
    """What is kept was learnt as of then; None where nothing is."""
    return maybe_instant(connection.scalar(select(func.max(usual_times.c.as_of))))


def read_usual(connection: Connection) -> UsualTimes:
    """What is usual, as last learnt."""
    return UsualTimes(
        {(row.provider_id, row.kind, row.what): Usual(row.p50, row.p90, row.p95)
         for row in connection.execute(select(usual_times))}
    )  # fmt: skip
