"""Messages as they stand: which maintenance each is of, now or as of any instant, and since when that is known.

A message is told once. Where it is tied to a maintenance later, or the tie undone, it is told again, word for word,
with that maintenance and a later clock: what was known before stays as it was, and a dataset holds both.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, Select, and_, exists, func, or_, select

from dashboard.errors import InvalidFact
from dashboard.log.append import Appending
from dashboard.log.bulk import in_chunks
from dashboard.log.tables import FACT_TABLES, current_maintenances
from dashboard.log.wholes import read_wholes
from dashboard.model.facts import FACTS
from dashboard.model.instants import micros

_T = FACT_TABLES["provider_messages"]
_COLUMNS = FACTS["provider_messages"].names


@dataclass(frozen=True, slots=True)
class Message:
    """A message in force; instants in microseconds. `maintenance_id` '': nobody knows of which it is."""

    message_id: str
    maintenance_id: str
    provider_id: str
    received_at: int  # when it came
    known_at: int  # since when it is known to be of that maintenance, or of none
    sender: str
    subject: str
    body: str  # untrusted text, as is all of it
    claimed_end: int | None

    @property
    def by_hand(self) -> bool:
        """Whether its maintenance is another than the one it came with."""
        return self.known_at > self.received_at


class Claim(NamedTuple):
    """An end that a message claims; it counts from `known_at` until `until` (µs; None: still)."""

    said_at: int
    known_at: int
    until: int | None
    end: int


def in_force(connection: Connection, message_ids: Iterable[str], at: int | None = None) -> dict[str, Message]:
    """Of these messages, those that are known, by id."""
    query = _in_force(at)
    parts = in_chunks(sorted(set(message_ids)))
    rows = [row for part in parts for row in connection.execute(query.where(_T.c.message_id.in_(part))).mappings()]
    return {each.message_id: each for each in _messages(connection, rows)}


def of_maintenances(connection: Connection, ids: Iterable[str], at: int | None = None) -> list[Message]:
    """The messages of these maintenances, and of what is joined to them, in the order in which they came."""
    joined = read_wholes(connection, at)
    query = _in_force(at)
    parts = in_chunks(joined.parts(ids))
    rows = [row for part in parts for row in connection.execute(query.where(_T.c.maintenance_id.in_(part))).mappings()]
    found = _messages(connection, rows, {row["maintenance_id"]: joined.whole(row["maintenance_id"]) for row in rows})
    return sorted(found, key=lambda each: (each.received_at, each.message_id))


def unread(connection: Connection, most: int, at: int | None = None) -> list[Message]:
    """The messages that no maintenance has, those that came or came free last first."""
    query = _in_force(at).where(_T.c.maintenance_id == "")
    rows = connection.execute(query.order_by(_T.c.received_at.desc(), _T.c.message_id).limit(most)).mappings().all()
    return _messages(connection, rows)


def count_unread(connection: Connection, most: int, at: int | None = None) -> int:
    """How many messages no maintenance has; `most` where there are more."""
    some = _in_force(at).where(_T.c.maintenance_id == "").limit(most).subquery()
    return int(connection.scalar(select(func.count()).select_from(some)) or 0)


def tied(connection: Connection, since: int, most: int, at: int | None = None) -> list[Message]:
    """The messages that were given to a maintenance after they had come, since then; the last first."""
    earlier = _T.alias("earlier")
    again = exists().where(earlier.c.message_id == _T.c.message_id, earlier.c.received_at < _T.c.received_at)
    query = _in_force(at).where(_T.c.maintenance_id != "", _T.c.received_at > since, again)
    rows = connection.execute(query.order_by(_T.c.received_at.desc(), _T.c.message_id).limit(most)).mappings().all()
    return _messages(connection, rows)


def claims(connection: Connection, ids: Sequence[str] | None = None) -> dict[str, list[Claim]]:
    """The ends that messages ever claimed, by the maintenance that they were of; of `ids`, or of all."""
    query = select(_T.c.message_id, _T.c.received_at, _T.c.digest, _T.c.maintenance_id, _T.c.claimed_end)
    if ids is None:
        mine = select(_T.c.message_id).where(_T.c.claimed_end.is_not(None))
        parts = [query.where(_T.c.message_id.in_(mine))]
    else:
        mine = select(_T.c.message_id)
        parts = [query.where(_T.c.message_id.in_(mine.where(_T.c.maintenance_id.in_(p)))) for p in in_chunks(ids)]
    told: dict[str, set[tuple[Any, ...]]] = defaultdict(set)
    for part in parts:
        for row in connection.execute(part):
            told[row[0]].add(tuple(row[1:]))
    found: dict[str, list[Claim]] = defaultdict(list)
    for words in (sorted(each, key=lambda row: (row[0], row[1])) for each in told.values()):
        for word, after in zip(words, [*words[1:], None], strict=True):
            if word[2] and word[3] is not None:
                found[word[2]].append(Claim(words[0][0], word[0], after[0] if after else None, word[3]))
    return dict(found)


def tie(connection: Connection, message_id: str, maintenance_id: str, now: datetime, what: str) -> None:
    """Appends that a message is of a maintenance; of none, where that is ''. Says nothing twice.

    Raises InvalidFact where either is not known.
    """
    message = in_force(connection, [message_id]).get(message_id)
    if message is None:
        raise InvalidFact(f"There is no message {message_id}: it may have been tied on another page.")
    known = current_maintenances.c.maintenance_id
    if maintenance_id and connection.scalar(select(known).where(known == maintenance_id)) is None:
        raise InvalidFact(f"There is no maintenance {maintenance_id}: choose one from the list.")
    if message.maintenance_id == maintenance_id:
        return
    at = max(micros(now), message.known_at + 1)  # whatever the clocks say, what is said last is in force
    told = {name: getattr(message, name) for name in _COLUMNS}
    row = tuple((told | {"maintenance_id": maintenance_id, "received_at": at})[name] for name in _COLUMNS)
    work = Appending(connection, now, what)
    work.add(FACTS["provider_messages"].name, [row])
    if message.maintenance_id:  # it is another without this message: whoever forecasts it must hear of that
        before = read_wholes(connection).whole(message.maintenance_id)
        work.spans.setdefault(before, (at, at, False))
    work.finish()


def _in_force(at: int | None) -> Select[Any]:
    """The last word on each message, as of then."""
    later = _T.alias("later")
    after = or_(
        later.c.received_at > _T.c.received_at,
        and_(later.c.received_at == _T.c.received_at, later.c.digest > _T.c.digest),
    )
    superseded = exists().where(later.c.message_id == _T.c.message_id, after)
    query = select(*(_T.c[name] for name in _COLUMNS))
    if at is not None:
        return query.where(_T.c.received_at <= at, ~superseded.where(later.c.received_at <= at))
    return query.where(~superseded)


def _messages(
    connection: Connection, rows: Sequence[RowMapping], wholes: dict[str, str] | None = None
) -> list[Message]:
    first: dict[str, int] = {}
    query = select(_T.c.message_id, func.min(_T.c.received_at)).group_by(_T.c.message_id)
    for part in in_chunks(sorted(row["message_id"] for row in rows)):
        first |= {row[0]: row[1] for row in connection.execute(query.where(_T.c.message_id.in_(part)))}
    found = []
    for row in rows:
        told = dict(row) | {"received_at": first[row["message_id"]], "known_at": row["received_at"]}
        if wholes:
            told["maintenance_id"] = wholes[row["maintenance_id"]]
        found.append(Message(**told))
    return found
