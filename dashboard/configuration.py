"""The configuration file: sources and notices. All of it is checked when it is read, and no secret is in it."""

import tomllib
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, cast, get_args

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from dashboard.errors import UsageError
from dashboard.notices.channels import CHANNELS
from dashboard.notices.channels.seam import Channel
from dashboard.notices.plan import Notices
from dashboard.options import Secret
from dashboard.sources import SOURCES
from dashboard.sources.seam import Source

SECTIONS = frozenset({"sources", "notices"})
NO_FILE = "no configuration: name the file that lists the sources by --config or DASHBOARD_CONFIG"


def read_sources(path: Path | None, environment: Mapping[str, str]) -> tuple[Source, ...]:
    """The configured sources in their order; what secrets refer to is looked up in `environment`.

    Raises UsageError: what is wrong, where, and what to write instead.
    """
    told = _read(path)
    assert path is not None
    tables = told.get("sources", [])
    if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
        raise UsageError(f"{path}: write each source as a table of its own, under [[sources]]")
    found = tuple(_source(path, number, table, environment) for number, table in enumerate(tables, 1))
    for each in found:
        if [other.name for other in found].count(each.name) > 1:
            raise UsageError(f"{path}: two sources are named {each.name!r}; give each a name of its own")
    return found


def read_notices(path: Path | None, environment: Mapping[str, str]) -> Notices:
    """The section [notices]; an empty one where there is none. Raises UsageError as `read_sources` does."""
    told = _read(path).get("notices", {})
    where = f"{path}: notices"
    if not isinstance(told, dict):
        raise UsageError(f"{where}: write it as a table, under [notices]")
    tables = told.get("channels", [])
    if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
        raise UsageError(f"{where}: write each channel as a table of its own, under [[notices.channels]]")
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


def _read(path: Path | None) -> dict[str, Any]:
    if path is None:
        raise UsageError(NO_FILE)
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as why:
        raise UsageError(f"{path}: cannot be read ({type(why).__name__}): {NO_FILE.partition(': ')[2]}") from why
    except tomllib.TOMLDecodeError as why:
        raise UsageError(f"{path}: is no TOML: {why}") from why
    unknown = sorted(set(told) - SECTIONS)
    if unknown:
        raise UsageError(f"{path}: there is no {unknown[0]!r}; there are {', '.join(sorted(SECTIONS))}")
    return told


def _shape(where: str, kind: object, known: Mapping[str, str]) -> type[BaseModel]:
    if not isinstance(kind, str) or kind not in known:
        said = f"there is no type {kind!r}" if kind else "it has no type"
        raise UsageError(f"{where}: {said}; write one of {', '.join(known)}")
    module, _, name = known[kind].partition(":")
    return cast(type[BaseModel], getattr(import_module(module), name))


def _source(path: Path, number: int, table: dict[str, Any], environment: Mapping[str, str]) -> Source:
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
