"""A table as CSV that a spreadsheet may open: no cell of it is a formula."""

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime
from io import StringIO
from math import isnan
from typing import Any

from dashboard.model.instants import iso

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet may read as the beginning of a formula (OWASP, CSV injection)."""


def sheet(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """UTF-8 with a byte order mark, which is what spreadsheets tell it by; instants in UTC, unknown cells empty."""
    out = StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([cell(each) for each in head])
    writer.writerows([cell(each) for each in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def cell(value: Any) -> str:
    """One cell: a number as it is; words that could be a formula behind an apostrophe, which makes them words."""
    if value is None or str(value) == "NaT":
        return ""
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, int | float):
        return "" if isnan(value) else f"{round(value, 3):g}" if abs(value) < 1e5 else f"{value:.0f}"
    return defused(str(value))


def defused(text: str) -> str:
    """Words that a spreadsheet would run, also after spaces, behind an apostrophe, which makes them words."""
    return f"'{text}" if text.startswith(FORMULA) or text.lstrip().startswith(FORMULA) else text
