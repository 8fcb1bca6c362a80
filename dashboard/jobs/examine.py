"""Asks each source for real, keeps nothing of the answer, and says what to change."""

from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from dashboard.errors import DashboardError
from dashboard.sources.seam import Source


@dataclass(frozen=True, slots=True)
class Finding:
    """What an examination found of one thing; `sound` where nothing has to be changed."""

    sound: bool
    words: str


def examine(source: Source, now: datetime) -> Finding:
    """Asks a source for its beginning, as if nothing of it were known."""
    try:
        with closing(source.poll(None, now)) as batches:
            first = next((each for each in batches if any(each.facts.values()) or each.set_aside), None)
    except DashboardError as why:
        return Finding(False, str(why))
    except Exception as why:  # a source that nobody foresaw is a finding, too
        return Finding(False, f"{source.name}: its answer could not be read ({type(why).__name__})")
    if first is None:
        return Finding(True, f"{source.name}: answers, and has nothing to tell")
    counts = ", ".join(f"{len(rows):,} {name}" for name, rows in first.facts.items() if rows) or "no facts"
    if first.set_aside:
        bad = first.set_aside[0]
        place = f"{bad.file}{f', line {bad.line}' if bad.line else ''}: " if bad.file else ""
        return Finding(
            False,
            f"{source.name}: answers; first come {counts}, but {len(first.set_aside):,} are none: {place}{bad.reason}",
        )
    return Finding(True, f"{source.name}: answers; first come {counts}")
