"""Which field of a foreign record is which column of a fact: checked when it is loaded, applied record by record."""

import json
from collections.abc import Container, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from dashboard.errors import SourceRefused
from dashboard.model.facts import FACTS
from dashboard.model.instants import EPOCH, iso
from dashboard.sources.seam import Told

UNITS = {"epoch_s": timedelta(seconds=1), "epoch_ms": timedelta(milliseconds=1)}


class Column(BaseModel):
    """Where a column's value comes from: a field of the record, or always the same `value`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    field: str = ""  # its name; dots lead into what is nested
    value: str = ""
    values: dict[str, str] = Field(default_factory=dict)  # their word: ours; others stay as they are
    time: Literal["iso", "epoch_s", "epoch_ms", "rfc1123"] = "iso"
    zone: str = ""  # of times that name none

    @model_validator(mode="after")
    def _one_of_both(self) -> "Column":
        if bool(self.field) == bool(self.value):
            raise ValueError("give either a field or a value")
        return self

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        try:
            return ZoneInfo(zone).key if zone else ""
        except (ZoneInfoNotFoundError, ValueError, OSError) as why:
            raise ValueError(f"there is no zone {zone!r}; write it like Europe/Berlin") from why

    def text(self, record: Mapping[str, Any]) -> str:
        """The column's text in this record; '' where the record has none."""
        if self.value:
            return self.value
        said = field_of(record, self.field)
        text = self._instant(said) if isinstance(said, datetime) or self.time != "iso" or self.zone else as_text(said)
        return self.values.get(text, text)

    def _instant(self, said: Any) -> str:
        """A time as ISO 8601; whatever is none stays as it is, for the reader of the column to say so."""
        try:
            if said in (None, ""):
                return ""
            if isinstance(said, datetime):
                at = said
            elif self.time == "rfc1123":
                at = parsedate_to_datetime(str(said))
            elif self.time in UNITS:
                at = EPOCH + float(said) * UNITS[self.time]
            else:
                at = datetime.fromisoformat(str(said))
        except (ValueError, OverflowError, TypeError):
            return as_text(said)
        if at.tzinfo is None and self.zone:
            at = at.replace(tzinfo=ZoneInfo(self.zone))
        return iso(at.astimezone(UTC)) if at.tzinfo else at.isoformat()


def _short(value: object) -> object:
    return {"field": value} if isinstance(value, str) else value


Columns = dict[str, Annotated[Column, BeforeValidator(_short)]]


def _checked(facts: dict[str, Columns]) -> dict[str, Columns]:
    if not facts:
        raise ValueError("map at least one fact, like [sources.facts.node_transitions]")
    for name, columns in facts.items():
        if name not in FACTS:
            raise ValueError(f"there is no fact {name!r}; there are {', '.join(FACTS)}")
        fact = FACTS[name]
        unknown = sorted(set(columns) - set(fact.names))
        if unknown:
            raise ValueError(f"{name} has no {unknown[0]!r}; it has {', '.join(fact.names)}")
        # A source need not have a clock of its own: what it shows is then known from when it was seen.
        missing = [each for each in fact.needed if each not in columns and each != fact.recorded]
        if missing:
            raise ValueError(f"{name} needs {', '.join(missing)}: say which field that is")
    return facts


Facts = Annotated[dict[str, Columns], AfterValidator(_checked)]
"""Facts by name, their columns by name, each with where it comes from."""


def told(facts: Mapping[str, Columns], records: Sequence[Mapping[str, Any]], source: str) -> Iterator[Told]:
    """What the records say, in the terms of facts; `source` signs what has a signature and names none."""
    for name, columns in facts.items():
        signed = {"source": source} if "source" in FACTS[name].names else {}
        for record in records:
            text = {column: each.text(record) for column, each in columns.items()}
            yield Told(name, signed | text, record)


def check_columns(brought: Sequence[str], facts: Mapping[str, Columns], watermark: str, source: str) -> None:
    """Raises SourceRefused where a column is named that the query of a source does not bring."""
    fields = {each.field for fact in facts.values() for each in fact.values() if each.field}
    unknown = [each for each in fields if not {each, each.split(".")[0]} & set(brought)]
    if watermark and watermark not in brought:
        unknown.append(watermark)
    if unknown:
        raise SourceRefused(
            f"{source}: its query brings no column {min(unknown)!r}, only {', '.join(brought)}: "
            "correct the query or the mapping"
        )


def field_of(record: Any, path: str) -> Any:
    """The field of that name, or what a path with dots leads to; None where there is nothing."""
    if isinstance(record, Mapping) and path in record:
        return record[path]
    for step in path.split("."):
        if isinstance(record, Mapping):
            record = record.get(step)
        elif isinstance(record, list) and step.isdecimal() and int(step) < len(record):
            record = record[int(step)]
        else:
            return None
    return record


def as_text(value: Any) -> str:
    """A value as a dataset has it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime | date):
        return value.isoformat()
    return as_json(value) if isinstance(value, Mapping | list) else str(value)


def strange(word: str, known: Container[str]) -> str:
    """A note on a word that no known one is, so that it is seen and not guessed at; '' for a known one."""
    return "" if word in known or not word else f"their word for its state: {word}"


def as_json(value: Any) -> str:
    """Anything as one line of JSON, to be looked at."""
    return json.dumps(value, default=str, ensure_ascii=False)
