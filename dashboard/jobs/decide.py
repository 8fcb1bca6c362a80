"""Writes down what was decided on a maintenance, and what was known when it was."""

from datetime import datetime
from uuid import uuid4

from sqlalchemy import Engine

from dashboard.log.append import append
from dashboard.log.database import appending
from dashboard.model.decision import Decision
from dashboard.model.instants import micros


def decide(engine: Engine, decision: Decision, now: datetime) -> None:
    """Appends a decision; it is never changed, a later one may say otherwise."""
    row = (uuid4().hex, micros(now), decision.maintenance_id, decision.what, decision.why, decision.decided_by,
           decision.signed_off_by, decision.knowing)  # fmt: skip
    with appending(engine) as connection:
        append(connection, {"decisions": [row]}, now, "decide")
