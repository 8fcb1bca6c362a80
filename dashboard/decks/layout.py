"""Where things stand on a slide or a page, whatever writes it."""

from collections.abc import Sequence
from math import ceil, floor, log10

from dashboard.model.deck import Table

MOST_LETTERS = 40  # that a column is made wide for


def widths(table: Table) -> list[float]:
    """Of each column, its part of the whole: room for its longest word, and then by its longest cell."""
    found = []
    for column, head in enumerate(table.head):
        cells = [row[column] for row in table.rows]
        word = max((len(each) for each in head.split()), default=0) * 1.25  # heads are bold
        longest = max((len(each) for each in cells), default=0)
        found.append(max(word, min(longest, MOST_LETTERS)) + 2)
    return [each / sum(found) for each in found]


def span(values: Sequence[float]) -> tuple[float, float, float]:
    """Where an axis begins and ends that holds these and zero, on round numbers; and its step."""
    low, high = min(0.0, *values), max(0.0, *values)
    step = 10.0 ** floor(log10(max(high - low, 1.0)))
    step = step / 5 if (high - low) / step < 2 else step / 2 if (high - low) / step < 5 else step
    return floor(low / step) * step, max(ceil(high / step), 1) * step, step
