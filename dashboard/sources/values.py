"""Text as values of facts: one reader a kind of column, and one plain reason for each value that is none."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from dashboard.errors import UnreadableRecord
from dashboard.model.facts import WORDS, Column, Fact, Kind
from dashboard.model.instants import EPOCH, MICROSECOND

Row = tuple[Any, ...]

LONGEST_ID = 200  # characters; longer names fit no index
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
LARGEST_COUNT = 10**12
FLAGS = {"": None, "true": True, "yes": True, "1": True, "t": True, "false": False, "no": False, "0": False, "f": False}

CLOCKS_APART = 24 * 3600 * 1_000_000
"""A fact may be recorded before it occurred only by as much as clocks differ, and a day is more than that."""


def read_columns(fact: Fact, columns: Sequence[Sequence[str]]) -> tuple[list[Row], dict[int, str]]:
    """Columns of text as rows of values, and the reasons why those left out could not be read, by index."""
    wrong: dict[int, str] = {}
    read = [_read_column(column, values, wrong) for column, values in zip(fact.columns, columns, strict=True)]
    rows = list(zip(*read, strict=True))
    if fact.recorded and fact.occurred:
        told = dict(zip(fact.names, read, strict=True))
        _check_clocks(fact, told[fact.recorded], told[fact.occurred], wrong)
    return [row for i, row in enumerate(rows) if i not in wrong] if wrong else rows, wrong


def _read_column(column: Column, values: Sequence[str], wrong: dict[int, str]) -> list[Any]:
    """A whole column at once where nothing is wrong with it, else value by value."""
    read = READERS[column.kind]
    if column.kind is Kind.INSTANT:
        at_once = _usual_instants(values)
        if at_once is not None:
            return at_once
    try:
        # Names come again and again: each is read once, and its rows share one string.
        known = {text: read(text) for text in dict.fromkeys(values)}
        if not column.needed or not any(value in ("", None) for value in known.values()):
            return [known[text] for text in values]
    except UnreadableRecord:
        pass
    found = []
    for i, text in enumerate(values):
        try:
            value = read(text)
            if column.needed and value in ("", None):
                raise UnreadableRecord("is needed, and empty")
        except UnreadableRecord as why:
            value = None
            wrong.setdefault(i, f"{column.name} {why}")
        found.append(value)
    return found


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "…")


def _read_id(text: str) -> str:
    if len(text) > LONGEST_ID:
        raise UnreadableRecord(f"{_shown(text)} has {len(text):,} characters; a name has at most {LONGEST_ID}")
    return text.strip()


def _read_instant(text: str) -> int | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            raise UnreadableRecord(f"{_shown(text)} has no offset; write it like 2026-01-14T12:00:00Z")
        if not EARLIEST <= at < LATEST:
            raise UnreadableRecord(f"{_shown(text)} is not between 1970 and 2200")
        return (at - EPOCH) // MICROSECOND
    except (ValueError, OverflowError) as why:
        raise UnreadableRecord(f"{_shown(text)} is no time; write it like 2026-01-14T12:00:00Z") from why


_USUAL = len("2026-01-14T12:00:00Z")
_FIRST, _LAST = ((each - EPOCH) // MICROSECOND for each in (EARLIEST, LATEST))


def _usual_instants(values: Sequence[str]) -> list[int] | None:
    """A column written like 2026-01-14T12:00:00Z throughout, read at once; None where any value is another."""
    if set(map(len, values)) != {_USUAL}:
        return None
    try:
        letters = np.frombuffer("".join(values).encode("ascii"), np.uint8).reshape(-1, _USUAL)
        if (letters[:, -1] != ord("Z")).any() or (letters[:, 10] != ord("T")).any():
            return None
        at = np.ascontiguousarray(letters[:, :-1]).view(f"S{_USUAL - 1}").ravel().astype("datetime64[us]")
    except ValueError:  # no ASCII, or no time
        return None
    found = at.astype(np.int64)
    if found.min() < _FIRST or found.max() >= _LAST:
        return None
    whole: list[int] = found.tolist()
    return whole


def _read_count(text: str) -> int | None:
    if not text.strip():
        return None
    plain = text.strip()
    if not (plain.isascii() and plain.isdigit() and len(plain) <= 15) or int(plain) > LARGEST_COUNT:
        raise UnreadableRecord(f"{_shown(text)} is no whole number of things")
    return int(plain)


def _read_flag(text: str) -> bool | None:
    try:
        return FLAGS[text.strip().lower()]
    except KeyError as why:
        raise UnreadableRecord(f"{_shown(text)} is neither true nor false") from why


def _word_reader(words: frozenset[Any]) -> Callable[[str], str]:
    known = {str(word): str(word) for word in words} | {"": ""}

    def read(text: str) -> str:
        try:
            return known[text]
        except KeyError as why:
            raise UnreadableRecord(f"{_shown(text)} is none of {', '.join(sorted(words))}") from why

    return read


READERS: dict[Kind, Callable[[str], Any]] = {
    Kind.ID: _read_id,
    Kind.TEXT: str,
    Kind.INSTANT: _read_instant,
    Kind.COUNT: _read_count,
    Kind.FLAG: _read_flag,
    **{kind: _word_reader(words) for kind, words in WORDS.items()},
}


def _check_clocks(fact: Fact, recorded: Sequence[Any], occurred: Sequence[Any], wrong: dict[int, str]) -> None:
    for i, (known, at) in enumerate(zip(recorded, occurred, strict=True)):
        if known is not None and at is not None and at > known + CLOCKS_APART:
            wrong.setdefault(i, f"{fact.occurred} is more than a day after {fact.recorded}: nobody could have known")
