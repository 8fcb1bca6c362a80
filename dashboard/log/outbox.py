"""The outbox: notices once written, messages until they arrived, acknowledgements, and the notifier's sign of life.

Nothing here waits for another system: what is sent is claimed first, with a lease, and settled afterwards.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, and_, case, func, insert, or_, select, update

from dashboard.log.bulk import in_chunks, many
from dashboard.log.notice_tables import acknowledgements, attempts, deliveries, ladders, messages, notices, notifiers
from dashboard.model.instants import micros

WAITING, DUE, SENT, SPARED, FAILED = "waiting", "due", "sent", "spared", "failed"
"""Of a delivery: behind another channel; to be sent; arrived; another did it in its place; given up after long."""

ME = "notifier"
LEAST = 0


@dataclass(frozen=True, slots=True)
class Beat:
    """The notifier's sign of life; instants in microseconds."""

    began_at: int
    beat_at: int
    every: float
    position: int
    error: str
    failing_since: int | None


class Claimed(NamedTuple):
    """A message in a notifier's hand, to be sent over one channel."""

    message: str
    channel: str
    attempts: int
    instead: str  # of the contact, '' for that
    audience: str
    name: str
    contact: str
    written_at: int
    subject: str
    text: str
    urgent: bool
    program: str


def read_beat(connection: Connection) -> Beat | None:
    """The sign of life; None where notices were never looked at."""
    columns = (notifiers.c[name] for name in Beat.__dataclass_fields__)
    row = connection.execute(select(*columns).where(notifiers.c.name == ME)).first()
    return None if row is None else Beat(*row)


def take_turn(connection: Connection, now: datetime, every: float) -> Beat:
    """The one row that whoever writes notices holds until it commits: two notifiers write one after the other."""
    first = (ME, micros(now), micros(now), every, 0, "", None)
    many(connection, notifiers.name, ("name", *Beat.__dataclass_fields__), [first])
    columns = [notifiers.c[name] for name in Beat.__dataclass_fields__]
    query = select(*columns).where(notifiers.c.name == ME).with_for_update()
    return Beat(*connection.execute(query).one())


def beat(connection: Connection, now: datetime, every: float, position: int) -> None:
    """All is well, and all that is due by the log's `position` is written."""
    values = {"beat_at": micros(now), "every": every, "error": "", "failing_since": None}
    reached = case((notifiers.c.position > position, notifiers.c.position), else_=position)
    connection.execute(update(notifiers).where(notifiers.c.name == ME).values(**values, position=reached))


def stumble(connection: Connection, now: datetime, error: str) -> None:
    """The notifier lives, but could not look; since when and why."""
    since = func.coalesce(notifiers.c.failing_since, micros(now))
    connection.execute(
        update(notifiers).where(notifiers.c.name == ME).values(beat_at=micros(now), error=error, failing_since=since)
    )


NOTICE = tuple(each.name for each in notices.columns if each.name != "number")


def write_notices(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes notices, by NOTICE; one that is there already raises, and nothing is written."""
    if rows:
        connection.execute(insert(notices), [dict(each) for each in rows])


class Line(NamedTuple):
    """Over which channel a message goes, and in which place of which chain; `contact` '': the message's own."""

    message: str
    channel: str
    chain: int
    place: int
    due_at: int
    contact: str = ""


def write_messages(connection: Connection, rows: Sequence[tuple[Any, ...]], over: Sequence[Line]) -> int:
    """Writes messages, by the columns of the table, and over which channels; returns how many were not there yet."""
    new = many(connection, messages.name, tuple(each.name for each in messages.columns), rows)
    more = ("state", "attempts", "held_by", "held_until", "said")
    columns, told = (*Line._fields, *more), [(*each, WAITING if each.place else DUE, 0, "", LEAST, "") for each in over]
    many(connection, deliveries.name, columns, told)
    return new


def last_messages(connection: Connection, audience: str) -> tuple[int | None, int | None]:
    """When the newest message to an audience was written, and the newest of those that arrived; None for none."""
    mine = select(messages.c.written_at).where(messages.c.audience == audience)
    there = select(deliveries.c.message).where(deliveries.c.state == SENT)
    newest = messages.c.written_at.desc()
    return (
        connection.scalar(mine.order_by(newest).limit(1)),
        connection.scalar(mine.where(messages.c.key.in_(there)).order_by(newest).limit(1)),
    )


def replace_older(connection: Connection, audience: str, newest: str) -> None:
    """Whatever has not arrived of an audience's messages is not tried again: the newest one takes its place."""
    mine = select(messages.c.key).where(messages.c.audience == audience, messages.c.key != newest)
    stuck = and_(deliveries.c.state.in_([DUE, WAITING]), deliveries.c.message.in_(mine))
    connection.execute(update(deliveries).where(stuck).values(state=SPARED, held_by="", said="a newer one came"))


def write_ladders(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Writes how ladders stand, by the columns of the table; later ones replace earlier ones."""
    names = [each.name for each in ladders.columns]
    sets = ", ".join(f"{name} = excluded.{name}" for name in names if name not in ("maintenance_id", "audience"))
    many(connection, ladders.name, names, rows, f"(maintenance_id, audience) DO UPDATE SET {sets}")


class Noticed(NamedTuple):
    """A notice as it was written, but for its words; instants in microseconds."""

    maintenance_id: str
    audience: str
    number: int
    written_at: int
    phase: str
    mood: str
    start: int | None
    end: int | None
    eta: int | None
    back: float
    gpus: int
    urgent: bool
    escalates: bool
    acknowledged_at: int | None


def read_notices(connection: Connection, ids: Iterable[str]) -> list[Noticed]:
    """Every notice about these maintenances, in the order of writing."""
    columns = (notices.c[name] for name in Noticed._fields[:-1])
    said = select(*columns, acknowledgements.c.acknowledged_at).outerjoin(
        acknowledgements, acknowledgements.c.message == notices.c.message
    )
    return [
        Noticed._make(row)
        for part in in_chunks(sorted(set(ids)))
        for row in connection.execute(said.where(notices.c.maintenance_id.in_(part)).order_by(notices.c.number))
    ]


def read_ladders(connection: Connection, ids: Iterable[str]) -> dict[tuple[str, str], tuple[str, str]]:
    """Of each of these maintenances and each audience: the steps and the phase as they were last written."""
    query = select(ladders.c.maintenance_id, ladders.c.audience, ladders.c.steps, ladders.c.phase)
    return {
        (row[0], row[1]): (row[2], row[3])
        for part in in_chunks(sorted(set(ids)))
        for row in connection.execute(query.where(ladders.c.maintenance_id.in_(part)))
    }


def claim(
    connection: Connection, channel: str, worker: str, now: datetime, lease: timedelta, most: int
) -> list[Claimed]:
    """Takes what is due over one channel in hand, the oldest first; what another notifier holds is passed over."""
    at = micros(now)
    query = (
        select(deliveries.c.message)
        .where(
            deliveries.c.channel == channel,
            deliveries.c.state == DUE,
            deliveries.c.due_at <= at,
            or_(deliveries.c.held_by == "", deliveries.c.held_until <= at),
        )
        .order_by(deliveries.c.due_at, deliveries.c.message)
        .limit(most)
    )
    keys = list(connection.scalars(query.with_for_update(skip_locked=True)))
    if not keys:
        return []
    mine = and_(deliveries.c.channel == channel, deliveries.c.message.in_(keys))
    connection.execute(update(deliveries).where(mine).values(held_by=worker, held_until=at + lease // MICRO))
    columns = (deliveries.c.message, deliveries.c.channel, deliveries.c.attempts, deliveries.c.contact)
    of_message = (messages.c[name] for name in Claimed._fields[len(columns) :])
    found = select(*columns, *of_message).join(messages, messages.c.key == deliveries.c.message).where(mine)
    return [Claimed(*row) for row in connection.execute(found.order_by(messages.c.written_at, messages.c.key))]


MICRO = timedelta(microseconds=1)


def settle(connection: Connection, held: Claimed, now: datetime, said: str) -> None:
    """It arrived, whoever holds it by now. Other channels of its chain need not step in."""
    _attempted(connection, held, now, "")
    this = _this(held)
    told = {"state": SENT, "sent_at": micros(now), "said": said, "attempts": held.attempts + 1, "held_by": ""}
    connection.execute(update(deliveries).where(this).values(**told))
    chain = select(deliveries.c.chain).where(this).scalar_subquery()
    others = and_(deliveries.c.message == held.message, deliveries.c.chain == chain, deliveries.c.state != SENT)
    connection.execute(update(deliveries).where(others).values(state=SPARED, held_by=""))


def postpone(
    connection: Connection, held: Claimed, worker: str, now: datetime, error: str, again_at: datetime, step_in: bool
) -> None:
    """It did not arrive: it is tried again at `again_at`; with `step_in`, the next channel of its chain now, too."""
    _attempted(connection, held, now, error)
    this = _this(held)
    told = {"due_at": micros(again_at), "said": error, "attempts": held.attempts + 1, "held_by": ""}
    connection.execute(update(deliveries).where(this, deliveries.c.held_by == worker).values(**told))
    if step_in:
        row = connection.execute(select(deliveries.c.chain, deliveries.c.place).where(this)).one()
        following = and_(
            deliveries.c.message == held.message,
            deliveries.c.chain == row.chain,
            deliveries.c.place == row.place + 1,
            deliveries.c.state == WAITING,
        )
        connection.execute(update(deliveries).where(following).values(state=DUE, due_at=micros(now)))


def give_up(connection: Connection, before: datetime) -> int:
    """Lets go of what could not be sent since so long ago; it stays on the page as failed. Returns how many."""
    old = select(messages.c.key).where(messages.c.written_at < micros(before))
    stuck = and_(deliveries.c.state.in_([DUE, WAITING]), deliveries.c.message.in_(old))
    return connection.execute(update(deliveries).where(stuck).values(state=FAILED, held_by="")).rowcount


def _this(held: Claimed) -> Any:
    return and_(deliveries.c.message == held.message, deliveries.c.channel == held.channel)


def _attempted(connection: Connection, held: Claimed, now: datetime, error: str) -> None:
    many(connection, attempts.name, tuple(each.name for each in attempts.columns),
         [(held.message, held.channel, held.attempts + 1, micros(now), error)])  # fmt: skip


def acknowledge(connection: Connection, message: str, now: datetime, who: str, how: str) -> bool:
    """Somebody saw it; True where nobody had before. What nobody sent is not acknowledged."""
    if connection.scalar(select(messages.c.key).where(messages.c.key == message)) is None:
        return False
    columns = tuple(each.name for each in acknowledgements.columns)
    return bool(many(connection, acknowledgements.name, columns, [(message, micros(now), who[:100], how)]))


def read_message(connection: Connection, key: str) -> RowMapping | None:
    """A message with `acknowledged_at` and `who`; None where there is none such."""
    query = select(messages, acknowledgements.c.acknowledged_at, acknowledgements.c.who)
    query = query.outerjoin(acknowledgements, acknowledgements.c.message == messages.c.key)
    return connection.execute(query.where(messages.c.key == key)).mappings().first()


def pending_channels(connection: Connection) -> set[str]:
    """Every channel over which something has still to be sent."""
    return set(connection.scalars(select(deliveries.c.channel).where(deliveries.c.state == DUE).distinct()))
