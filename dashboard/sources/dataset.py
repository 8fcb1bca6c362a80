"""A dataset directory: CSV and Parquet files in, rows of facts out, and every unreadable row told with its line."""

import gzip
import io
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from dashboard.errors import UsageError
from dashboard.model.facts import FACTS, Fact
from dashboard.sources.records import BLOCK, Block, read_blocks, read_header
from dashboard.sources.seam import SetAside
from dashboard.sources.values import Row, read_columns

ENDINGS = (".csv", ".csv.gz", ".parquet")

Warn = Callable[[str], object]
Progress = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows of a file, in the order of the fact's columns, each with its line and the text it was read from."""

    rows: list[Row]
    lines: Sequence[int]
    raw: Sequence[str]
    set_aside: list[SetAside]


@dataclass(frozen=True, slots=True)
class DatasetFile:
    """One file of a dataset."""

    fact: Fact
    path: Path

    @property
    def size(self) -> int:
        """Bytes, as stored."""
        return self.path.stat().st_size


def dataset_files(folder: Path) -> list[DatasetFile]:
    """The files of a dataset directory, in the order in which one may refer to another. Raises UsageError."""
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such directory; give a folder that holds files like node_transitions.csv")
    found = []
    for fact in FACTS.values():
        paths = [folder / f"{fact.name}{ending}" for ending in ENDINGS if (folder / f"{fact.name}{ending}").is_file()]
        if len(paths) > 1:
            raise UsageError(f"{folder}: {paths[0].name} and {paths[1].name} are the same file twice; keep one of them")
        found += [DatasetFile(fact, path) for path in paths]
    if not found:
        raise UsageError(f"{folder}: none of {', '.join(FACTS)} (.csv, .csv.gz or .parquet) is in it")
    return found


def strangers(folder: Path) -> list[str]:
    """Table-like files in the directory that no fact is named after."""
    known = {f"{name}{ending}" for name in FACTS for ending in ENDINGS}
    return sorted(path.name for path in folder.iterdir() if path.name.endswith(ENDINGS) and path.name not in known)


def read_dataset_file(file: DatasetFile, warn: Warn, progress: Progress = int) -> Iterator[Piece]:
    """Reads one file in pieces. `warn` hears of columns that are kept out, `progress` of bytes read.

    Raises UsageError where the file cannot be read as a table at all.
    """
    try:
        if file.path.suffix == ".parquet":
            yield from _read_parquet(file, warn, progress)
        else:
            yield from _read_csv(file, warn, progress)
    except (OSError, EOFError, zlib.error) as why:
        raise UsageError(f"{file.path.name}: cannot be read ({why})") from why


def _read_csv(file: DatasetFile, warn: Warn, progress: Progress) -> Iterator[Piece]:
    with file.path.open("rb") as stored:
        told = io.BufferedReader(_Told(stored, progress), 1 << 20)
        raw: Any = gzip.GzipFile(fileobj=told) if file.path.suffix == ".gz" else told
        # Bytes that are no UTF-8 come through as lone surrogates, and are told where they stand.
        text = io.TextIOWrapper(raw, encoding="utf-8-sig", errors="surrogateescape", newline="")
        header, lines = read_header(text)
        if header:
            places = _places(file, [name.strip() for name in header], warn)
            for block in read_blocks(lines, len(header)):
                yield _piece(file, block, places)


class _Told(io.RawIOBase):
    """A file that tells how much of it was read."""

    def __init__(self, stored: BinaryIO, progress: Progress) -> None:
        self._stored, self._progress = stored, progress

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stored.read(len(buffer))
        buffer[: len(data)] = data
        self._progress(len(data))
        return len(data)


def _places(file: DatasetFile, header: Sequence[str], warn: Warn) -> list[int | None]:
    """Where each column of the fact stands in the file. Raises UsageError where a needed one is missing."""
    names, needed = file.fact.names, file.fact.needed
    missing = [name for name in needed if name not in header]
    if missing:
        raise UsageError(f"{file.path.name}: its header lacks {', '.join(missing)}; it needs {', '.join(needed)}")
    doubled = sorted({name for name in names if list(header).count(name) > 1})
    if doubled:
        raise UsageError(f"{file.path.name}: its header names {', '.join(doubled)} twice; keep one of them")
    unknown = [name for name in header if name not in names]
    if unknown:
        warn(f"{file.path.name}: kept out {', '.join(repr(name) for name in unknown)}, which the format does not name")
    return [header.index(name) if name in header else None for name in names]


def _piece(file: DatasetFile, block: Block, places: list[int | None]) -> Piece:
    bad = [SetAside(file.path.name, *each) for each in block.broken]
    if not block.lines:
        return Piece([], [], [], bad)
    columns = [[""] * len(block.lines) if place is None else block.columns[place] for place in places]
    return _sorted_out(file, columns, block.lines, block.raw, bad)


def _sorted_out(
    file: DatasetFile, columns: Sequence[Sequence[str]], lines: Sequence[int], raw: Sequence[str], bad: list[SetAside]
) -> Piece:
    rows, wrong = read_columns(file.fact, columns)
    if wrong:
        bad += [SetAside(file.path.name, lines[i], why, raw[i]) for i, why in wrong.items()]
        good = [i for i in range(len(lines)) if i not in wrong]
        lines, raw = [lines[i] for i in good], [raw[i] for i in good]
    return Piece(rows, lines, raw, bad)


def _read_parquet(file: DatasetFile, warn: Warn, progress: Progress) -> Iterator[Piece]:
    import pyarrow as pa  # noqa: PLC0415  seldom needed, and slow to import
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        table = pq.ParquetFile(file.path)
        places = _places(file, table.schema_arrow.names, warn)
        line = 1
        for batch in table.iter_batches(batch_size=BLOCK):
            columns = [_as_text(batch.column(place)) if place is not None else [""] * len(batch) for place in places]
            lines = list(range(line, line + len(batch)))
            yield _sorted_out(file, columns, lines, [",".join(each) for each in zip(*columns, strict=True)], [])
            line += len(batch)
        progress(file.size)
    except pa.ArrowException as why:
        raise UsageError(f"{file.path.name}: cannot be read as Parquet ({str(why).splitlines()[0]})") from why


def _as_text(column: Any) -> list[str]:
    """Parquet's values as a CSV would have them."""
    found = []
    for value in column.to_pylist():
        if isinstance(value, datetime):
            found.append(value.isoformat())
        elif isinstance(value, float) and value.is_integer():
            found.append(str(int(value)))
        else:
            found.append("" if value is None else str(value))
    return found
