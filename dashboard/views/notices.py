"""Who was told what, who has not confirmed."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
from sqlalchemy import Connection, func, select

from dashboard.log.bulk import in_chunks
from dashboard.log.notice_tables import acknowledgements, deliveries, ladders, messages, notices
from dashboard.log.outbox import DUE, FAILED, SENT
from dashboard.log.tables import current_maintenances
from dashboard.model.instants import instant, maybe_instant, micros
from dashboard.model.scope import Scope
from dashboard.views import words

SHOWN = 60
PREVIEWS = 4
LATELY = timedelta(days=7)
OPEN = ("announced", "running")


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """A message that nobody has acknowledged yet."""

    message: str
    subject: str
    audience: str
    text: str
    since: str  # relative and absolute


@dataclass(frozen=True, slots=True)
class WhoWasTold:
    """Notices as they stand now.

    `ladders`, a row a maintenance and audience, the next first: maintenance_id, title, audience, told (last), next,
    next_at, not_sent (the rungs that were not, each with its reason).
    `previews`, the next notices, one a maintenance: at, audience, words.
    `deliveries`, newest first: written_at, audience, subject, channel, state, attempts, said.
    `failures`: the same, of what has not arrived.
    """

    sentence: str
    unconfirmed: tuple[Unconfirmed, ...]
    written: int  # notices in the last week
    audiences: int
    failing: int
    ladders: pd.DataFrame
    previews: pd.DataFrame
    deliveries: pd.DataFrame
    failures: pd.DataFrame


def who_was_told(connection: Connection, scope: Scope, now: datetime, maintenance_id: str | None = None) -> WhoWasTold:
    """Of every maintenance that is not over, or of one: always as of now, since deliveries are."""
    rows = _ladder_rows(connection, scope, maintenance_id)
    unconfirmed = _unconfirmed(connection, scope, now, maintenance_id)
    sent = _deliveries(connection, scope, maintenance_id)
    failures = sent[sent["state"].isin(["tried again", "given up"])]
    week = micros(now - LATELY)
    written = _count(select(func.count()).select_from(notices).where(notices.c.written_at > week), connection)
    audiences = len({row.audience for row in rows})
    return WhoWasTold(
        sentence=_sentence(len(unconfirmed), len(failures), written, audiences),
        unconfirmed=unconfirmed,
        written=written,
        audiences=audiences,
        failing=len(failures),
        ladders=_ladders(rows, _told_last(connection, rows), now, scope.zone),
        previews=_previews(rows),
        deliveries=sent.head(SHOWN),
        failures=failures,
    )


def ladders_of(connection: Connection, maintenance_id: str, now: datetime, scope: Scope) -> pd.DataFrame:
    """How each audience of one maintenance was told: the columns of `WhoWasTold.ladders`."""
    rows = _ladder_rows(connection, Scope(), maintenance_id)
    return _ladders(rows, _told_last(connection, rows), now, scope.zone)


def _count(query: Any, connection: Connection) -> int:
    return int(connection.scalar(query) or 0)


def _sentence(unconfirmed: int, failing: int, written: int, audiences: int) -> str:
    """What could be sent as it is."""
    if not written and not audiences:
        return "Nobody was told of anything yet."
    told = f"{words.count(written)} notice{'' if written == 1 else 's'} went out in the last 7 days."
    bad = []
    if unconfirmed:
        bad.append(f"{words.count(unconfirmed)} message{' waits' if unconfirmed == 1 else 's wait'} for somebody to "
                   "acknowledge")  # fmt: skip
    if failing:
        bad.append(f"{words.count(failing)} {'has' if failing == 1 else 'have'} not arrived")
    if not bad:
        return f"Everyone is told, and what had to be acknowledged is. {told}"
    return f"{' and '.join(bad)}. {told}"


def _ladder_rows(connection: Connection, scope: Scope, maintenance_id: str | None) -> list[Any]:
    table, of = ladders, current_maintenances.c
    query = select(table, of.title, of.cluster_id, of.provider_id)
    query = query.join(current_maintenances, of.maintenance_id == table.c.maintenance_id)
    query = (
        query.where(table.c.phase.in_(OPEN))
        if maintenance_id is None
        else query.where(table.c.maintenance_id == maintenance_id)
    )
    if scope.cluster:
        query = query.where(of.cluster_id == scope.cluster)
    if scope.provider:
        query = query.where(of.provider_id == scope.provider)
    found = list(connection.execute(query.order_by(table.c.maintenance_id, table.c.audience)))
    return [row for row in found if scope.team is None or row.audience.endswith(f"/{scope.team}")]


def _told_last(connection: Connection, rows: list[Any]) -> dict[tuple[str, str], tuple[str, datetime]]:
    """What each audience was told last of each maintenance, and when that was written."""
    table = notices.c
    query = select(table.maintenance_id, table.audience, table.label, table.written_at).order_by(table.number)
    parts = in_chunks(sorted({row.maintenance_id for row in rows}))
    found = (row for part in parts for row in connection.execute(query.where(table.maintenance_id.in_(part))))
    return {(row[0], row[1]): (row[2], instant(row[3])) for row in found}


def _ladders(
    rows: list[Any], last_told: dict[tuple[str, str], tuple[str, datetime]], now: datetime, zone: str
) -> pd.DataFrame:
    found = []
    for row in rows:
        steps = [(label, state, maybe_instant(at), why) for label, state, at, why in json.loads(row.steps)]
        told = last_told.get((row.maintenance_id, row.audience))
        due = [label for label, state, _, _ in steps if state == "due"]
        coming = sorted((at, label) for label, state, at, _ in steps if state == "next" and at)
        skipped = "; ".join(f"{label}: {why}" for label, state, _, why in steps if state == "not sent")
        last = f"{told[0]}, {words.relative(told[1], now)}" if told else ""
        following = f"{coming[0][1]}, {words.when(coming[0][0], now, zone)}" if coming else ""
        found.append((
            row.maintenance_id, row.title or row.maintenance_id, row.name, last,
            f"{', '.join(due)}: now" if due else following, coming[0][0] if coming else None, skipped,
        ))  # fmt: skip
    frame = pd.DataFrame(found, columns=["maintenance_id", "title", "audience", "told", "next", "next_at", "not_sent"])
    frame = frame.assign(next_at=pd.to_datetime(frame["next_at"], utc=True))
    return frame.sort_values("next_at", na_position="last", kind="stable").reset_index(drop=True)


def _previews(rows: list[Any]) -> pd.DataFrame:
    ahead = {row.maintenance_id: row for row in sorted(rows, key=lambda row: -(row.next_at or 0)) if row.preview}
    soonest = sorted(ahead.values(), key=lambda row: row.next_at)[:PREVIEWS]
    frame = pd.DataFrame(
        [(instant(row.next_at), row.name, row.preview.partition("\n")[0]) for row in soonest],
        columns=["at", "audience", "words"],
    )
    return frame.assign(at=pd.to_datetime(frame["at"], utc=True))


def _of_maintenance(query: Any, maintenance_id: str | None) -> Any:
    if maintenance_id is None:
        return query
    mine = select(notices.c.message).where(notices.c.maintenance_id == maintenance_id)
    return query.where(messages.c.key.in_(mine))


def _unconfirmed(
    connection: Connection, scope: Scope, now: datetime, maintenance_id: str | None
) -> tuple[Unconfirmed, ...]:
    """The newest message of each audience that waits: who acknowledges it has seen the others."""
    query = select(messages).outerjoin(acknowledgements, acknowledgements.c.message == messages.c.key)
    query = query.where(messages.c.urgent, acknowledgements.c.message.is_(None))
    query = query.where(messages.c.written_at > micros(now - timedelta(days=2)))
    newest: dict[str, Unconfirmed] = {}
    for row in connection.execute(_of_maintenance(query, maintenance_id).order_by(messages.c.written_at.desc())):
        if row.audience not in newest and (scope.team is None or row.audience.endswith(f"/{scope.team}")):
            since = words.when(instant(row.written_at), now, scope.zone)
            newest[row.audience] = Unconfirmed(row.key, row.subject, row.name, row.text, since)
    return tuple(newest.values())


def _deliveries(connection: Connection, scope: Scope, maintenance_id: str | None) -> pd.DataFrame:
    query = select(messages.c.written_at, messages.c.name, messages.c.audience, messages.c.subject, deliveries).join(
        deliveries, deliveries.c.message == messages.c.key
    )
    query = query.where(deliveries.c.state.in_([DUE, SENT, FAILED]))
    query = _of_maintenance(query, maintenance_id).order_by(messages.c.written_at.desc()).limit(4 * SHOWN)
    found = []
    for row in connection.execute(query):
        if scope.team is None or row.audience.endswith(f"/{scope.team}"):
            state = {SENT: "arrived", FAILED: "given up"}.get(
                row.state, "tried again" if row.attempts else "to be sent"
            )
            at = instant(row.written_at)
            found.append((at, row.name, row.subject, row.channel, state, row.attempts, row.said))
    names = ["written_at", "audience", "subject", "channel", "state", "attempts", "said"]
    frame = pd.DataFrame(found, columns=names)
    return frame.assign(written_at=pd.to_datetime(frame["written_at"], utc=True))
