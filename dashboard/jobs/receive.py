"""Takes in what was pushed: facts and how the webhook stands are durable, both or neither, once this returns."""

from datetime import datetime

from sqlalchemy import Connection, Engine

from dashboard.jobs.intake import take_in
from dashboard.log import source_states
from dashboard.log.append import take_position
from dashboard.log.database import appending, durably
from dashboard.sources.seam import Batch, SetAside, Source


def deliver(engine: Engine, source: Source, batch: Batch, now: datetime, word: str = "") -> tuple[int, int]:
    """Keeps a batch; returns the facts that were new, and the rows newly set aside. Raises LogUnavailable.

    `word`: what somebody has to do before more can come.
    """
    with durably(engine) as connection:
        known = _known(connection, source)
        new, kept = take_in(connection, source.name, batch, now)
        source_states.delivered(connection, source.name, now, new, word)
        if (word != known.error or known.succeeded_at is None) and not new:
            take_position(connection, now, f"ingest {source.name}", 0)  # the pages hear that it is well, or not
    return new, kept


def refuse(engine: Engine, source: Source, words: str, now: datetime, body: bytes = b"") -> None:
    """Writes down that something could not be taken, and keeps its `body` aside where its sender is known."""
    with appending(engine) as connection:
        known = _known(connection, source)
        if body:
            aside = [SetAside("", 0, words, body.decode("utf-8", "replace"))]
            take_in(connection, source.name, Batch({}, "", aside), now)
        source_states.refused(connection, source.name, now, f"{source.name}: a delivery was refused: {words}")
        if not known.error or body:
            take_position(connection, now, f"ingest {source.name}", 0)


def _known(connection: Connection, source: Source) -> source_states.State:
    """How it stands; a webhook may hear of something before any worker has made it known."""
    source_states.introduce(connection, source.name, source.type, source.options(), source.interval)
    found = source_states.read_state(connection, source.name)
    assert found is not None
    return found
