"""What every source is: options read from the configuration, and batches of facts from a cursor on."""

import json
from abc import abstractmethod
from collections import defaultdict
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b

from pydantic import BaseModel, ConfigDict

from dashboard.model.facts import FACTS, Fact
from dashboard.model.instants import iso
from dashboard.options import Name, Secret, Span
from dashboard.sources.records import malformed
from dashboard.sources.values import Row, read_columns


@dataclass(frozen=True, slots=True)
class SetAside:
    """Something that cannot be a fact, and why. `file` and `line` are where it stands; '' and 0 outside of files."""

    file: str
    line: int
    reason: str
    raw: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A message, and what it says where that is unambiguous; which maintenance it is of, whoever has the log says.

    `message_id` is of its content: the same one never says anything else.
    """

    message_id: str
    provider_id: str  # '' where nobody vouches for the sender
    received_at: datetime
    sender: str
    subject: str
    body: str
    part: str = ""  # where it stands in its source
    claimed_end: datetime | None = None
    reference: str = ""  # the provider's own name of the maintenance
    update: Mapping[str, str] = field(default_factory=dict)  # columns of maintenance_updates
    resources: tuple[str, ...] = ()  # nodes, or a cluster, by the names that the provider has for them
    revision: int | None = None  # of what it says; only the highest counts
    faults: tuple[str, ...] = ()  # what in it should have been readable, and is not


@dataclass(frozen=True, slots=True)
class Batch:
    """What a source brought: facts by name, and the cursor from which to go on once they are kept.

    A row has its fact's columns in their order. Where its clock of knowledge is None, the row says how things are now:
    it becomes a fact, known from now, if that is not known yet.
    `lasting`: whether its cursor must outlive this worker; one that need not costs no write where nothing else is new.
    `reread`: files that were read anew, whose rows set aside earlier are to be forgotten ('': the source as a whole).
    """

    facts: Mapping[str, Sequence[Row]]
    cursor: str
    set_aside: Sequence[SetAside] = ()
    reread: Sequence[str] = ()
    letters: Sequence[Letter] = ()
    lasting: bool = True


Batches = Generator[Batch, None, None]
"""Whoever stops half-way closes it, so that what it holds open is let go of."""


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that a source said, as text: some columns of a fact, and what they were read from, text or JSON."""

    fact: str
    columns: Mapping[str, str]
    raw: object = field(default="", repr=False)


__all__ = ["Batch", "Batches", "Name", "Secret", "SetAside", "Source", "Span", "Standing", "Told", "batch"]


class Source(BaseModel):
    """Where facts come from. A source is its options; a new one is a subclass in a module of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    type: str = ""  # the word for it in the configuration
    interval: Span = 60.0  # seconds from one poll to the next
    timeout: Span = 30.0  # seconds that one answer may take, its last byte included

    @abstractmethod
    def poll(self, cursor: str | None, now: datetime) -> Batches:
        """What is new since `cursor`, in batches; None asks for all there is. Nothing new yields nothing.

        Raises SourceUnavailable and SourceRefused, after batches that count all the same; SourceInPart at the end,
        where the source could not speak for all of it.
        """

    def anew(self, cursor: str) -> str | None:
        """The cursor from which all that can be told again is told again.

        None, the beginning, unless the cursor also holds what the source itself forgets.
        """
        return None

    def rest(self, cursor: str | None) -> float:
        """Seconds from a poll that went well, and came to this cursor, to the next."""
        return self.interval

    def doubt(self) -> str:
        """What is wrong although it answers, in words; '' for nothing."""
        return ""

    @property
    def pushed(self) -> bool:
        """Whether it comes by itself, so that nobody asks it."""
        return False

    def options(self) -> str:
        """A digest of how it is read: not of its pace, nor of what its secrets are."""
        said = self.model_dump_json(exclude={"interval", "timeout"})
        return blake2b(said.encode(), digest_size=9).hexdigest()


class Standing(Source):
    """A source that tells only how things stand: its cursor is what it told last, and what vanishes is over."""

    def anew(self, cursor: str) -> str | None:
        """What stood still stands, so that what vanishes is over; and differs from all there is, so that it is told."""
        known = json.loads(cursor)
        return json.dumps(
            {key: each | {"again": True} if isinstance(each, dict) else "" for key, each in known.items()}
        )

    def brought(self, told: Sequence[Told], standing: object, cursor: str | None, now: datetime) -> Batches:
        """What differs from the last answer, and how things stand by this one; nothing where both are the same."""
        reached = json.dumps(standing)
        if told:
            yield batch(told, reached, now)
        elif reached != (cursor or json.dumps({})):
            yield Batch({}, reached)


def batch(
    told: Iterable[Told],
    cursor: str,
    now: datetime,
    file: str = "",
    reread: Sequence[str] = (),
) -> Batch:
    """Reads what was told into rows; what cannot be a fact is set aside with its reason, and costs no neighbour.

    `file`: the part of the source that it stood in, under which it is set aside.
    """
    by_fact: dict[str, list[Told]] = defaultdict(list)
    for each in told:
        by_fact[each.fact].append(each)
    facts, bad = {}, []
    for name, some in by_fact.items():
        facts[name], wrong = _rows(FACTS[name], some, now)
        bad += [SetAside(file, 0, why, _shown(each.raw)) for each, why in wrong]
    return Batch(facts, cursor, bad, reread)


def _rows(fact: Fact, told: list[Told], now: datetime) -> tuple[list[Row], list[tuple[Told, str]]]:
    bad = [(each, _unstorable(each)) for each in told]
    told = [each for each, why in bad if not why]
    columns = [[each.columns.get(name, "") for each in told] for name in fact.names]
    clock = fact.names.index(fact.recorded) if fact.recorded else None
    unclocked = []
    if clock is not None:
        unclocked = [not at for at in columns[clock]]
        columns[clock] = [at or iso(now) for at in columns[clock]]
    rows, wrong = read_columns(fact, columns)
    if clock is not None and any(unclocked):
        of_rows = [each for i, each in enumerate(unclocked) if i not in wrong]
        rows = [
            (*row[:clock], None, *row[clock + 1 :]) if now_only else row
            for row, now_only in zip(rows, of_rows, strict=True)
        ]
    bad += [(told[i], f"{fact.name}: {why}") for i, why in wrong.items()]
    return rows, [(each, why) for each, why in bad if why]


def _shown(raw: object) -> str:
    return raw if isinstance(raw, str) else json.dumps(raw, default=str, ensure_ascii=False)


def _unstorable(told: Told) -> str:
    """What no database takes, in words; '' where all of it can be stored."""
    for name, text in told.columns.items():
        why = malformed(text, 1, 1)
        if why:
            return f"{told.fact}: {name} {why}"
    return ""
