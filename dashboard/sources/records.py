"""CSV as RFC 4180 has it, in blocks of records with their lines; what is broken is told, and costs no neighbour."""

import csv
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

BLOCK = 100_000  # lines read at once: bounds memory, whatever the file's size


@dataclass(frozen=True, slots=True)
class Block:
    """Whole records by column: one began on line `lines[i]`, where it read `raw[i]`. `broken`: line, reason, raw."""

    columns: Sequence[Sequence[str]]
    lines: Sequence[int]
    raw: Sequence[str]
    broken: list[tuple[int, str, str]] = field(default_factory=list)


@dataclass(slots=True)
class _Records:
    """Records as they are gathered, one by one."""

    fields: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)
    broken: list[tuple[int, str, str]] = field(default_factory=list)

    def add(self, fields: list[str], line: int, raw: str) -> None:
        self.fields.append(fields)
        self.lines.append(line)
        self.raw.append(raw)

    def block(self) -> Block:
        return Block(list(zip(*self.fields, strict=True)), self.lines, self.raw, self.broken)


class _Lines:
    """Lines that can be given back, and their number."""

    def __init__(self, text: Iterable[str]) -> None:
        self._text, self._back = iter(text), list[str]()
        self.taken, self.line = list[str](), 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._back.pop() if self._back else next(self._text)
        self.taken.append(line)
        self.line += 1
        return line

    def take(self, most: int) -> list[str]:
        """So many lines at once, or what is left of them; they do not count as taken."""
        some = [self._back.pop() for _ in range(min(most, len(self._back)))]
        some += islice(self._text, most - len(some))
        self.line += len(some)
        return some

    def give_back(self, lines: Sequence[str]) -> None:
        self._back += reversed(lines)
        self.line -= len(lines)


def read_header(text: Iterable[str]) -> tuple[list[str], _Lines]:
    """The first record, [] for an empty file, and what follows it."""
    csv.field_size_limit(sys.maxsize)
    lines = _Lines(text)
    for block in _with_quotes(lines, 0, 1):
        if block.lines:
            return [column[0] for column in block.columns], lines
    return [], lines


def read_blocks(lines: _Lines, width: int) -> Iterator[Block]:
    """The records that follow the header, each of `width` fields."""
    while True:
        first = lines.line + 1
        some = lines.take(BLOCK)
        if not some:
            return
        if any('"' in line for line in some):
            lines.give_back(some)
            yield from _with_quotes(lines, width, first + len(some))
        else:
            yield _without_quotes(some, first, width)


def _without_quotes(some: list[str], first: int, width: int) -> Block:
    """Lines without a quote are records without further ado; where nothing is wrong with any, all are cut at once."""
    texts = [line.rstrip("\r\n") for line in some]
    whole, commas = ",".join(texts), width - 1
    if all(texts) and all(text.count(",") == commas for text in texts) and not malformed(whole, width, width):
        fields = whole.split(",")
        return Block([fields[place::width] for place in range(width)], range(first, first + len(texts)), texts)
    found = _Records()
    for number, text in enumerate(texts, first):
        if not text:
            continue
        cut = text.split(",")
        wrong = malformed(text, len(cut), width)
        if wrong:
            found.broken.append((number, wrong, text))
        else:
            found.add(cut, number, text)
    return found.block()


def _with_quotes(lines: _Lines, width: int, until: int) -> Iterator[Block]:
    """Records by csv, up to line `until`.

    A quote that is never closed would swallow all lines after it. So a record of several lines that cannot be right
    gives back all lines but its first, which alone is broken.
    """
    found, reader = _Records(), csv.reader(lines, strict=True)
    while lines.line + 1 < until or not width:
        lines.taken.clear()
        try:
            fields, broken = next(reader), ""
        except StopIteration:
            break
        except csv.Error as why:
            fields, broken = [], f"not CSV: {why}"
        taken = list(lines.taken)
        first = lines.line - len(taken) + 1
        if len(taken) > 1 and (broken or (width and len(fields) != width)):
            lines.give_back(taken[1:])
            taken, broken = taken[:1], "a quote in it is never closed"
        text = "".join(taken).rstrip("\r\n")
        broken = broken or (malformed(text, len(fields), width or len(fields)) if fields else "")
        if broken:
            found.broken.append((first, broken, text))
        elif fields:
            found.add(fields, first, text)
            if not width:
                break
    yield found.block()


def malformed(text: str, fields: int, width: int) -> str:
    """What is wrong with a record as such; '' where nothing is."""
    if fields != width:
        return f"has {fields} fields where the header has {width}"
    if "\x00" in text:
        return "holds a NUL character"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "is not UTF-8"
    return ""
