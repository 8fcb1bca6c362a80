"""A dataset directory into the log, and out of it again."""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

from dashboard.errors import UnreadableRecord, UsageError
from dashboard.jobs.intake import take_again
from dashboard.log import aside, read
from dashboard.log.append import Appending
from dashboard.log.bulk import no_collector
from dashboard.log.database import appending, reading
from dashboard.log.tables import recorded_column
from dashboard.model.facts import FACTS, Fact, Kind
from dashboard.model.instants import EVER, MICROSECOND, instant, iso, micros
from dashboard.sources.dataset import DatasetFile, Piece, dataset_files, read_dataset_file, strangers
from dashboard.sources.seam import SetAside

REFERENCES = {"cluster_id": "clusters", "provider_id": "providers", "team_id": "teams"}
"""A name here that its file does not hold is told, and the row is kept: the name alone is a fact."""


@dataclass
class Imported:
    """What an import came to: rows that were new and rows read, by file; what was set aside; what else to know."""

    new: dict[str, int] = field(default_factory=dict)
    read: dict[str, int] = field(default_factory=dict)
    set_aside: list[SetAside] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass
class _Import:
    """One import under way."""

    now: datetime
    shift: timedelta
    strict: bool
    progress: Callable[[str, int], object]
    nodes: set[str]
    done: Imported = field(default_factory=Imported)
    names: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def file(self, connection: Connection, file: DatasetFile) -> None:
        """Imports one file within the transaction of `connection`."""
        name = file.path.name
        move = _mover(file.fact, self.shift)
        aside.forget_aside(connection, name)
        append = Appending(connection, self.now, f"import {name}")
        new = count = 0
        for piece in read_dataset_file(file, self.done.warnings.append, lambda size: self.progress(name, size)):
            rows, bad = self._of_known_nodes(file.fact, piece, name)
            if bad and self.strict:
                first = min(bad, key=lambda each: each.line)
                raise UnreadableRecord(f"{first.file}, line {first.line}: {first.reason}. Nothing was imported.")
            new += append.add(file.fact.name, [move(row) for row in rows] if self.shift else rows)
            count += len(rows) + len(bad)
            self.done.set_aside += bad
            aside.keep_aside(connection, [(b.file, b.line, b.reason, b.raw) for b in bad], self.now)
            self._note_names(file.fact, rows)
        append.finish()
        self.done.new[name], self.done.read[name] = new, count

    def _of_known_nodes(self, fact: Fact, piece: Piece, file: str) -> tuple[list[Any], list[SetAside]]:
        """The rows whose node some file names, and the others set aside."""
        if fact.name == "nodes":
            self.nodes.update(row[0] for row in piece.rows)
        if "node_id" not in fact.names or fact.name == "nodes":
            return piece.rows, piece.set_aside
        place, needed = fact.names.index("node_id"), "node_id" in fact.needed
        if self.nodes.issuperset(row[place] for row in piece.rows):
            return piece.rows, piece.set_aside
        rows, bad = [], piece.set_aside
        for row, line, raw in zip(piece.rows, piece.lines, piece.raw, strict=True):
            if row[place] in self.nodes or not (needed or row[place]):
                rows.append(row)
            else:
                bad.append(SetAside(file, line, f"node {row[place][:60]!r} is named in no nodes file", raw))
        return rows, bad

    def _note_names(self, fact: Fact, rows: Sequence[Any]) -> None:
        for i, column in enumerate(fact.names):
            if column in REFERENCES:
                self.names[column].update(row[i] for row in rows if row[i])

    def tell_strangers(self, connection: Connection) -> None:
        """Warns of providers, clusters and teams that are referred to and described nowhere."""
        for column, name in REFERENCES.items():
            known = {row[column] for row in read.in_force(connection, name)}
            unknown = sorted(self.names[column] - known)
            if unknown:
                shown = ", ".join(unknown[:5]) + (f" and {len(unknown) - 5} more" if len(unknown) > 5 else "")
                self.done.warnings.append(f"{name}.csv does not describe {shown}; the rows that name them are kept")


def _nothing(_file: str, _size: int) -> None:
    pass


def import_dataset(
    engine: Engine,
    folder: Path,
    now: datetime,
    *,
    strict: bool = False,
    shift: timedelta = timedelta(0),
    progress: Callable[[str, int], object] = _nothing,
) -> Imported:
    """Imports a dataset directory, each file as a whole or not at all; doing so again changes nothing.

    `strict`: the first unreadable row raises UnreadableRecord, and nothing is imported. `shift` is added to every
    instant. `progress` hears of each file's bytes as they are read. Raises UsageError and LogUnavailable.
    """
    files = dataset_files(folder)
    with reading(engine) as connection:
        work = _Import(now, shift, strict, progress, read.node_ids(connection))
    work.done.warnings += [f"{name}: kept out, no file of a dataset has that name" for name in strangers(folder)]
    with no_collector(), ExitStack() as whole:
        shared = whole.enter_context(appending(engine)) if strict else None
        for file in files:
            if shared is not None:
                work.file(shared, file)
            else:
                _by_itself(engine, work, file)
    if any(new for name, new in work.done.new.items() if name.startswith("nodes.")):
        with appending(engine) as connection:
            take_again(connection, work.nodes, now)
    with reading(engine) as connection:
        work.tell_strangers(connection)
    return work.done


def _by_itself(engine: Engine, work: _Import, file: DatasetFile) -> None:
    try:
        with appending(engine) as connection:
            work.file(connection, file)
    except UsageError as why:  # this file cannot be read at all; the others still can
        work.done.set_aside.append(SetAside(file.path.name, 1, str(why), ""))
        with appending(engine) as connection:
            aside.keep_aside(connection, [(file.path.name, 1, str(why), "")], work.now)


def _mover(fact: Fact, shift: timedelta) -> Callable[[Any], Any]:
    by = shift // MICROSECOND
    places = {i for i, column in enumerate(fact.columns) if column.kind is Kind.INSTANT}
    return lambda row: tuple(v + by if i in places and v is not None else v for i, v in enumerate(row))


def newest_instant(folder: Path) -> datetime | None:
    """When the newest fact of a dataset directory was recorded; None where nothing in it has a clock."""
    newest = EVER
    for file in dataset_files(folder):
        if file.fact.recorded:
            place = file.fact.names.index(file.fact.recorded)
            for piece in read_dataset_file(file, str):
                newest = max([newest, *(row[place] for row in piece.rows if row[place] is not None)])
    return None if newest == EVER else instant(newest)


def export_dataset(engine: Engine, folder: Path, as_of: datetime | None = None) -> dict[str, int]:
    """Writes the log as a dataset directory, all of it or what was known at `as_of`; returns rows by file.

    Every word that had a clock is written, superseded ones too; reference data as it stood. Raises UsageError where the
    directory holds a dataset already.
    """
    folder.mkdir(parents=True, exist_ok=True)
    taken = [name for name in FACTS for path in folder.glob(f"{name}.*") if path.is_file()]
    if taken:
        raise UsageError(f"export {folder}: it holds {taken[0]} already; give an empty folder")
    at = None if as_of is None else micros(as_of)
    written = {}
    with reading(engine) as connection:
        for fact in FACTS.values():
            known = read.history if fact.recorded else read.in_force
            rows = known(connection, fact.name, at)
            if fact.by_ourselves and not rows:
                continue
            written[f"{fact.name}.csv"] = _write(folder / f"{fact.name}.csv", fact, rows)
    return written


def _write(path: Path, fact: Fact, rows: Iterable[Any]) -> int:
    count = 0
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(fact.names)
        for row in _in_order(fact, rows):
            writer.writerow([_as_text(row[column.name], column.kind) for column in fact.columns])
            count += 1
    return count


def _in_order(fact: Fact, rows: Iterable[Any]) -> Iterator[Any]:
    """By the clock, then by key: the same log gives the same file on every database."""
    clock = recorded_column(fact)
    rest = [column.name for column in fact.columns if column.name != clock]
    return iter(sorted(rows, key=lambda row: (row[clock], *(str(row[name]) for name in rest))))


def _as_text(value: Any, kind: Kind) -> str:
    if value is None or (kind is Kind.INSTANT and value == EVER) or value is False:
        return ""
    if kind is Kind.INSTANT:
        return iso(instant(value))
    return "true" if value is True else str(value)
