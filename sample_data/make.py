"""Writes the sample dataset that lies beside it: a fleet, a year of maintenances, and one afternoon.

`python sample_data/make.py [--out DIR]` gives the same bytes each time. Providers, people and places are invented.
"""

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from announced import announced
from current import running, taken_from
from past import past
from rows import COLUMNS, Dataset
from telling import tell_changes, tell_fleet

ANCHOR = datetime(2026, 11, 18, 15, 20, tzinfo=UTC)
"""Now, for the sample: nothing was recorded after it, and what is recorded last is a few minutes old."""

SILENT_FROM = {"halden-portal": ANCHOR - timedelta(hours=9)}
"""A source whose reports stopped arriving."""

SEED = "sample"


def build() -> Dataset:
    """The whole dataset, as known at the anchor."""
    current = [*running(ANCHOR, SEED), *announced(ANCHOR, SEED)]
    data = Dataset(ANCHOR, SILENT_FROM)
    tell_fleet(data)
    tell_changes(data, [*past(ANCHOR, taken_from(current), SEED), *current], SEED)
    return data


def main(arguments: Sequence[str] | None = None) -> None:
    """Writes the files."""
    parser = argparse.ArgumentParser(description=f"Writes {', '.join(COLUMNS)} as CSV.")
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).parent, help="where to; beside this script otherwise"
    )
    build().write(parser.parse_args(arguments).out)


if __name__ == "__main__":
    main()
