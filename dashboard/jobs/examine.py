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
    if source.pushed:
        return Finding(True, f"{source.name}: waits for what is sent to /ingest/{source.name}")
    try:
        with closing(source.poll(None, now)) as batches:
            first = next((each for each in batches if any(each.facts.values()) or each.set_aside or each.letters), None)
    except DashboardError as why:
        return Finding(False, str(why))
    except Exception as why:  # a source that nobody foresaw is a finding, too
        return Finding(False, f"{source.name}: its answer could not be read ({type(why).__name__})")
    if first is None:
        return Finding(True, f"{source.name}: answers, and has nothing to tell")
    found = {name: len(rows) for name, rows in first.facts.items()} | {"messages": len(first.letters)}
    counts = ", ".join(f"{count:,} {name}" for name, count in found.items() if count) or "no facts"
    if first.set_aside:
        bad = first.set_aside[0]
        place = f"{bad.file}{f', line {bad.line}' if bad.line else ''}: " if bad.file else ""
        return Finding(
            False,
            f"{source.name}: answers; first come {counts}, but {len(first.set_aside):,} are none: {place}{bad.reason}",
        )
    return Finding(True, f"{source.name}: answers; first come {counts}")
