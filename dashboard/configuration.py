"""The configuration file: sources, contracts and notices. All of it is checked when read; it holds no secret."""

import tomllib
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Self, cast, get_args

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from dashboard.errors import UsageError
from dashboard.model.slas import ANSWER, CONFIRMATION, OF_CASES, WHATS, Sla, Slas, read_pauses
from dashboard.notices.channels import CHANNELS
from dashboard.notices.channels.seam import Channel
from dashboard.notices.plan import Notices
from dashboard.options import Secret
from dashboard.sources import SOURCES
from dashboard.sources.seam import Source

KNOWN = {"sources": "[[sources]]", "slas": "[[slas]]", "notices": "[notices]"}
MOST_HOURS = 24 * 366
NO_FILE = "no configuration: name the file that lists the sources by --config or DASHBOARD_CONFIG"


def read_sources(path: Path | None, environment: Mapping[str, str]) -> tuple[Source, ...]:
    """The configured sources in their order; what secrets refer to is looked up in `environment`.

    Raises UsageError: what is wrong, where, and what to write instead.
    """
    tables = _tables(f"{path}", _read(path), "sources", KNOWN["sources"])
    found = tuple(_source(path, number, table, environment) for number, table in enumerate(tables, 1))
    for each in found:
        if [other.name for other in found].count(each.name) > 1:
            raise UsageError(f"{path}: two sources are named {each.name!r}; give each a name of its own")
    return found


def read_slas(path: Path | None) -> Slas:
    """The configured SLAs; none where there is no file. Raises UsageError: what is wrong, where, and what to write."""
    tables = _tables(f"{path}", _read(path), "slas", KNOWN["slas"]) if path is not None else []
    found: dict[tuple[str, ...], Sla] = {}
    for number, table in enumerate(tables, 1):
        try:
            sla = _Sla.model_validate(table).agreed()
        except ValidationError as why:
            raise UsageError(f"{path}: SLA {number}: {_in_words(why.errors()[0], _Sla)}") from None
        key = (sla.what, sla.provider, sla.kind, sla.severity)
        if key in found:
            raise UsageError(f"{path}: SLA {number}: there is one for the same already; keep one of them")
        found[key] = sla
    return Slas(tuple(found.values()))


def read_notices(path: Path | None, environment: Mapping[str, str]) -> Notices:
    """The section [notices]; an empty one where there is none. Raises UsageError as `read_sources` does."""
    told = _read(path).get("notices", {})
    where = f"{path}: notices"
    if not isinstance(told, dict):
        raise UsageError(f"{where}: write it as a table, under [notices]")
    tables = _tables(where, told, "channels", "[[notices.channels]]")
    channels = [_channel(where, number, table, environment) for number, table in enumerate(tables, 1)]
    try:
        return Notices.model_validate(_with_secrets(where, Notices, told, environment) | {"channels": channels})
    except ValidationError as why:
        raise UsageError(f"{where}: {_in_words(why.errors()[0], Notices)}") from None


def _channel(where: str, number: int, table: dict[str, Any], environment: Mapping[str, str]) -> Channel:
    where = f"{where}: channel {table.get('name', number)!r}"
    shape = cast(type[Channel], _shape(where, table.get("type"), CHANNELS))
    try:
        return shape.model_validate(_with_secrets(where, shape, table, environment))
    except ValidationError as why:
        raise UsageError(f"{where}: {_in_words(why.errors()[0], shape)}") from None


class _Sla(BaseModel):
    """One [[slas]] table."""

    model_config = ConfigDict(extra="forbid", strict=True)

    what: str
    hours: int | float
    provider: str = ""
    kind: str = ""
    severity: str = ""
    pauses: list[str] = []

    @field_validator("what")
    @classmethod
    def _known(cls, what: str) -> str:
        if what not in WHATS:
            raise ValueError(f"there is no {what!r}; write one of {', '.join(WHATS)}")
        return what

    @field_validator("hours")
    @classmethod
    def _some(cls, hours: float) -> float:
        if not 0 < hours <= MOST_HOURS:
            raise ValueError(f"give more than 0 and at most {MOST_HOURS}")
        return hours

    @model_validator(mode="after")
    def _can_pause(self) -> Self:
        within, waits = read_pauses(self.pauses)
        if waits and self.what not in OF_CASES:
            raise ValueError(f"pauses: only the clock of a {' or a '.join(OF_CASES)} stands 'while' a case waits")
        if within and self.what == CONFIRMATION:
            raise ValueError("pauses: a confirmation is so many hours before the start, whatever the hour")
        if self.severity and self.what not in (*OF_CASES, ANSWER):
            raise ValueError(f"severity: only a case has one; leave it out for a {self.what}")
        return self

    def agreed(self) -> Sla:
        """As the clocks take it."""
        within, waits = read_pauses(self.pauses)
        names = (self.provider, self.kind, self.severity)
        return Sla(self.what, float(self.hours), *names, within, waits, tuple(self.pauses))


def _read(path: Path | None) -> dict[str, Any]:
    """All that the file says, which holds nothing that we do not know."""
    if path is None:
        raise UsageError(NO_FILE)
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as why:
        raise UsageError(f"{path}: cannot be read ({type(why).__name__}): {NO_FILE.partition(': ')[2]}") from why
    except tomllib.TOMLDecodeError as why:
        raise UsageError(f"{path}: is no TOML: {why}") from why
    unknown = sorted(set(told) - set(KNOWN))
    if unknown:
        raise UsageError(f"{path}: there is no {unknown[0]!r}; there are {', '.join(KNOWN.values())}")
    return told


def _tables(where: str, told: Mapping[str, Any], name: str, written: str) -> list[dict[str, Any]]:
    tables = told.get(name, [])
    if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
        raise UsageError(f"{where}: write each of the {name} as a table of its own, under {written}")
    return tables


def _shape(where: str, kind: object, known: Mapping[str, str]) -> type[BaseModel]:
    if not isinstance(kind, str) or kind not in known:
        said = f"there is no type {kind!r}" if kind else "it has no type"
        raise UsageError(f"{where}: {said}; write one of {', '.join(known)}")
    module, _, name = known[kind].partition(":")
    return cast(type[BaseModel], getattr(import_module(module), name))


def _source(path: Path | None, number: int, table: dict[str, Any], environment: Mapping[str, str]) -> Source:
    where = f"{path}: source {table.get('name', number)!r}"
    shape = cast(type[Source], _shape(where, table.get("type"), SOURCES))
    try:
        return shape.model_validate(_with_secrets(where, shape, table, environment))
    except ValidationError as why:
        raise UsageError(f"{where}: {_in_words(why.errors()[0], shape)}") from None  # its own words repeat the input


def _with_secrets(
    where: str, shape: type[BaseModel], table: Mapping[str, Any], environment: Mapping[str, str]
) -> dict[str, Any]:
    """The table with every NAME_env and NAME_file of a secret NAME looked up."""
    found = dict(table)
    for name, field in shape.model_fields.items():
        if not _is_secret(field):
            continue
        if name in table:
            raise UsageError(f"{where}: {name} is a secret; name it by {name}_env or {name}_file instead")
        variable, file = found.pop(f"{name}_env", None), found.pop(f"{name}_file", None)
        if variable is not None and file is not None:
            raise UsageError(f"{where}: keep one of {name}_env and {name}_file")
        if variable is not None:
            if not environment.get(str(variable)):
                raise UsageError(f"{where}: the environment variable {variable} is not set; {name}_env names it")
            held = SecretStr(environment[str(variable)])
            found[name] = Secret(where=f"the environment variable {variable}", held=held)
        elif file is not None:
            if not Path(str(file)).is_file():
                raise UsageError(f"{where}: there is no file {file}; {name}_file names it")
            found[name] = Secret(where=f"the file {file}", path=Path(str(file)))
    return found


def _is_secret(field: FieldInfo) -> bool:
    return Secret in (field.annotation, *get_args(field.annotation))


def _in_words(error: ErrorDetails, shape: type[BaseModel]) -> str:
    """One of pydantic's errors as a sentence, without the value that it is about: that could be a secret."""
    place = ".".join(str(each) for each in error["loc"])
    if error["type"] == "missing":
        first = str(error["loc"][0])
        secret = first in shape.model_fields and _is_secret(shape.model_fields[first])
        return f"needs {place}_env or {place}_file" if secret else f"needs {place}"
    if error["type"] == "extra_forbidden":
        if len(error["loc"]) > 1:
            return f"there is no option {place}"
        options = [
            f"{name}_env, {name}_file" if _is_secret(each) else name for name, each in shape.model_fields.items()
        ]
        return f"there is no option {place!r}; there are {', '.join(options)}"
    what = error["msg"].removeprefix("Value error, ")
    if error["type"] == "string_pattern_mismatch" and place == "name":
        what = "write it in small letters, digits, - and _"
    return f"{place}: {what}" if place else what
