"""Forecasts a dataset at past instants, from what was known then."""

import csv
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dashboard.errors import UsageError
from dashboard.forecast.engine import learn
from dashboard.forecast.foretell import returns
from dashboard.jobs.forecast import known_since
from dashboard.jobs.transfer import import_dataset
from dashboard.log.chronicle import read_chronicle
from dashboard.log.database import opened, reading
from dashboard.model.instants import iso, read_instant
from dashboard.model.outlook import FRACTIONS, LEVELS

ASKED = ("maintenance_id", "as_of")
ANSWER = ("maintenance_id", "as_of", "fraction", "level", "at")


@dataclass(frozen=True, slots=True)
class Question:
    """One forecast asked for; `as_of` as it was written."""

    maintenance_id: str
    as_of: str
    at: datetime


def read_questions(file: Path) -> list[Question]:
    """The instants of a file `maintenance_id,as_of`. Raises UsageError naming the line that cannot be read."""
    try:
        with file.open(newline="", encoding="utf-8-sig") as text:
            return [_question(file, line, row) for line, row in enumerate(csv.DictReader(text), 2)]
    except (OSError, UnicodeDecodeError, csv.Error) as why:
        raise UsageError(f"{file}: cannot be read ({why})") from why


def _question(file: Path, line: int, row: dict[str, str]) -> Question:
    if any(not row.get(name) for name in ASKED):
        raise UsageError(f"{file}, line {line}: needs {' and '.join(ASKED)}")
    try:
        return Question(row["maintenance_id"], row["as_of"], read_instant(row["as_of"]))
    except ValueError as why:
        raise UsageError(f"{file}, line {line}: {why}") from why


def backtest(
    folder: Path, questions: list[Question], now: datetime, progress: Callable[[int], object] = int
) -> Iterator[tuple[str, str, float, float, str]]:
    """Answers each question in the order asked: maintenance, as_of as written, fraction, level, time.

    Raises UsageError for a maintenance that was not known at its instant.
    """
    with tempfile.TemporaryDirectory() as scratch, opened(f"sqlite:///{scratch}/backtest.db") as engine:
        import_dataset(engine, folder, now)
        with reading(engine) as connection:
            chronicle = read_chronicle(connection)
    experiences = {}
    for question in questions:
        hour = known_since(question.at)
        if hour not in experiences:
            experiences = {hour: learn(chronicle.at(hour))}  # questions come roughly in order: the last fit will do
        known = chronicle.at(question.at, [question.maintenance_id])
        if not known.rollouts:
            raise UsageError(f"{question.maintenance_id} was not known at {question.as_of}")
        said = returns(known.rollouts[0], known.hour_of_week, experiences[hour], question.at)
        for fraction in FRACTIONS:
            for level in LEVELS:
                at = iso(said[fraction][level])
                yield question.maintenance_id, question.as_of, fraction, level, at
        progress(1)
