"""What is presented: slides of one sentence, one chart or one table, in whatever medium they are shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

LATE, OURS, QUIET = "late", "ours", "quiet"
"""Tones beside those of stages: overdue or lost, our accent, and what only stands for comparison."""


@dataclass(frozen=True, slots=True)
class Series:
    """One number a label; `tone` is one of the above, or the name of the stage whose colour it has."""

    name: str
    values: tuple[float, ...]
    tone: str


@dataclass(frozen=True, slots=True)
class Bars:
    """A bar a label, its series stacked; the first label stands on top."""

    labels: tuple[str, ...]
    series: tuple[Series, ...]
    unit: str  # of the axis, in words
    percent: bool = False  # values are shares, 0 to 1
    notes: tuple[str, ...] = ()  # what is written beside each bar


@dataclass(frozen=True, slots=True)
class Dots:
    """A mark for each thing that happened: when, and how many hours after it was promised."""

    names: tuple[str, ...]
    at: tuple[datetime, ...]
    hours: tuple[float, ...]
    late: tuple[bool, ...]
    unit: str


Chart = Bars | Dots


@dataclass(frozen=True, slots=True)
class Table:
    """Words in rows; `links` has an address for each row, '' for none; `numbers`: columns that stand on the right."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[int] = frozenset()
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Slide:
    """One thing to say: the sentence, a quieter line, what shows it, and the address of the same on the page."""

    title: str
    aside: str = ""
    chart: Chart | None = None
    table: Table | None = None
    link: str = ""


@dataclass(frozen=True, slots=True)
class Deck:
    """Slides under one name. `foot` says on each what it is of, and as of when."""

    title: str
    subtitle: str
    foot: str
    slides: tuple[Slide, ...]


def pages_of(table: Table, most: int) -> Sequence[Table]:
    """The table in parts of so many rows, each under its head."""
    starts = range(0, max(len(table.rows), 1), most)
    return [Table(table.head, table.rows[at : at + most], table.numbers, table.links[at : at + most]) for at in starts]
