"""What people and systems said of one maintenance."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, RowMapping

from dashboard.log.messages import of_maintenances
from dashboard.log.read import history_of, in_force_of
from dashboard.model.instants import instant

MESSAGE = ("received_at", "sender", "subject", "claimed_end", "body")
CASE = ("case_id", "node_id", "status", "severity", "opened_at", "response_due_at", "resolution_due_at", "note")
UPDATE = ("recorded_at", "source", "status", "planned_start", "planned_end", "note")
TIMES = ("_at", "_end", "_start")


@dataclass(frozen=True, slots=True)
class Told:
    """What people and systems said of it, as known at the instant shown."""

    messages: pd.DataFrame
    cases: pd.DataFrame
    updates: pd.DataFrame
    commitments: list[RowMapping]
    promises: tuple[tuple[datetime, datetime], ...]  # when it was said, and the end it promised

    @staticmethod
    def read(connection: Connection, maintenance_id: str, at: int | None) -> "Told":
        """Reads it."""
        ids = [maintenance_id]
        messages = of_maintenances(connection, ids, at)
        updates = history_of(connection, "maintenance_updates", ids, at)
        promises = [(r["recorded_at"], r["planned_end"]) for r in updates if r["planned_end"] is not None]
        promises += [(each.received_at, each.claimed_end) for each in messages if each.claimed_end is not None]
        said: list[tuple[int, int]] = []
        for when, end in sorted(promises):
            if not said or said[-1][1] != end:
                said.append((when, end))
        return Told(
            _frame(
                [{name: getattr(each, name) for name in MESSAGE} for each in messages], MESSAGE, newest="received_at"
            ),
            _frame(
                in_force_of(connection, "support_cases", ids, at),
                CASE,
            ),
            _frame(updates, UPDATE, newest="recorded_at"),
            in_force_of(connection, "commitments", ids, at),
            tuple((instant(when), instant(end)) for when, end in said),
        )


def _frame(rows: Sequence[Any], columns: tuple[str, ...], newest: str = "") -> pd.DataFrame:
    ordered = sorted(rows, key=lambda row: -row[newest]) if newest else rows
    frame = pd.DataFrame([[row[name] for name in columns] for row in ordered], columns=list(columns))
    instants = {name: pd.to_datetime(frame[name].map(_maybe), utc=True) for name in columns if name.endswith(TIMES)}
    return frame.assign(**instants)


def _maybe(value: object) -> datetime | None:
    return None if value is None or pd.isna(value) else instant(int(value))  # type: ignore[call-overload]
