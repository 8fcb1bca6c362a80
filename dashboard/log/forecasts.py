"""Forecasts as facts: appended once made, read by what was asked, packed so that many can be added up quickly."""

import json
import zlib
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np
from sqlalchemy import Connection, bindparam, func, select, update

from dashboard.log.append import take_position
from dashboard.log.bulk import in_chunks, many
from dashboard.log.tables import forecasts
from dashboard.model.instants import EVER, instant, micros
from dashboard.model.outlook import Forecast, Part, Paths, Quantiles

COLUMNS = ("maintenance_id", "as_of", "engine", "made_at", "position", "said", "futures")
NO_PATHS = b""


def append_forecasts(connection: Connection, made: Iterable[Forecast], made_at: datetime, position: int) -> int:
    """Appends forecasts made from the log up to `position`; one that is there already stays.

    The paths are kept of each maintenance's newest forecast only: they are most of it, and of a past instant they are
    drawn again from what was known then. What was said stays for ever.
    """
    made = list(made)
    before = latest_positions(connection, {each.maintenance_id for each in made})
    newest = {name: as_of for name, (_, as_of) in before.items()}
    for each in made:
        newest[each.maintenance_id] = max(micros(each.as_of), newest.get(each.maintenance_id, EVER))
    rows = [
        (
            each.maintenance_id,
            micros(each.as_of),
            each.engine,
            micros(made_at),
            position,
            _said(each),
            _futures(each) if micros(each.as_of) == newest[each.maintenance_id] else NO_PATHS,
        )
        for each in made
    ]
    new = many(connection, forecasts.name, COLUMNS, rows)
    if new:
        take_position(connection, made_at, "forecast", new)
    superseded = [{"name": name, "then": as_of} for name, (_, as_of) in sorted(before.items()) if as_of < newest[name]]
    if superseded:
        which = (forecasts.c.maintenance_id == bindparam("name")) & (forecasts.c.as_of == bindparam("then"))
        connection.execute(update(forecasts).where(which).values(futures=NO_PATHS), superseded)
    return new


def latest_forecasts(connection: Connection, ids: Iterable[str], *, paths: bool = True) -> dict[str, Forecast]:
    """The newest forecast of each of these maintenances that has one; without its paths it is read in no time."""
    newest = (
        select(forecasts.c.maintenance_id, func.max(forecasts.c.as_of).label("as_of"))
        .group_by(forecasts.c.maintenance_id)
        .subquery()
    )
    columns = [forecasts.c[name] for name in COLUMNS if paths or name != "futures"]
    query = select(*columns).join(
        newest,
        (forecasts.c.maintenance_id == newest.c.maintenance_id) & (forecasts.c.as_of == newest.c.as_of),
    )
    found = {}
    for part in in_chunks(sorted(set(ids))):
        chosen = query.where(newest.c.maintenance_id.in_(part)).order_by(forecasts.c.made_at)
        for row in connection.execute(chosen):
            found[row.maintenance_id] = _unpack(row)
    return found


def last_said(connection: Connection, ids: Iterable[str], until: int | None = None) -> dict[str, tuple[Forecast, int]]:
    """Of each of these maintenances, the newest forecast up to `until` (µs), without its paths, and how many there were
    by then; one that had none is left out."""
    counted = select(
        forecasts.c.maintenance_id, func.max(forecasts.c.as_of).label("as_of"), func.count().label("number")
    ).group_by(forecasts.c.maintenance_id)
    if until is not None:
        counted = counted.where(forecasts.c.as_of <= until)
    found = {}
    for part in in_chunks(sorted(set(ids))):
        newest = counted.where(forecasts.c.maintenance_id.in_(part)).subquery()
        same = (forecasts.c.maintenance_id == newest.c.maintenance_id) & (forecasts.c.as_of == newest.c.as_of)
        columns = [forecasts.c[name] for name in COLUMNS if name != "futures"]
        for row in connection.execute(select(*columns, newest.c.number).join(newest, same).order_by("made_at")):
            found[row.maintenance_id] = _unpack(row), int(row.number)
    return found


def latest_positions(connection: Connection, ids: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Of each of these maintenances that was ever forecast: the log position and the as_of (µs) of its newest."""
    query = select(forecasts.c.maintenance_id, func.max(forecasts.c.position), func.max(forecasts.c.as_of))
    query = query.group_by(forecasts.c.maintenance_id)
    parts = [query.where(forecasts.c.maintenance_id.in_(part)) for part in in_chunks(sorted(set(ids)))]
    return {row[0]: (row[1], row[2]) for part in parts for row in connection.execute(part)}


def forecast_history(connection: Connection, maintenance_id: str, until: int | None = None) -> list[Forecast]:
    """Every forecast of one maintenance, oldest first, without its paths: how the ETA moved."""
    columns = [forecasts.c[name] for name in COLUMNS if name != "futures"]
    query = select(*columns).where(forecasts.c.maintenance_id == maintenance_id).order_by(forecasts.c.as_of)
    if until is not None:
        query = query.where(forecasts.c.as_of <= until)
    return [_unpack(row) for row in connection.execute(query)]


def _said(forecast: Forecast) -> str:
    return json.dumps(
        {
            "back": {str(f): _quantiles(q) for f, q in forecast.back.items()},
            "starts": _quantiles(forecast.starts) if forecast.starts else None,
            "because": list(forecast.because),
        },
        separators=(",", ":"),
    )


def _quantiles(quantiles: Quantiles) -> dict[str, int]:
    return {str(level): micros(at) for level, at in quantiles.items()}


def _futures(forecast: Forecast) -> bytes:
    """The grid and, a part at a time, its paths as differences along time: they seldom change, so they pack well."""
    head = {
        "grid": [micros(at) for at in forecast.grid],
        "paths": len(forecast.parts[0].out) if forecast.parts else 0,
        "parts": [[part.cluster_id, part.team_id, part.gpus] for part in forecast.parts],
    }
    text = json.dumps(head, separators=(",", ":")).encode()
    paths = [each for part in forecast.parts for each in (part.out, part.left, part.lost)]
    body = b"".join(np.diff(each, axis=1, prepend=0).astype("<i4").tobytes() for each in paths)
    return zlib.compress(len(text).to_bytes(4, "big") + text + body, 1)


def _unpack(row: Any) -> Forecast:
    said = json.loads(row.said)
    grid: tuple[datetime, ...] = ()
    parts: tuple[Part, ...] = ()
    if hasattr(row, "futures"):
        grid, parts = _unpack_futures(row.futures)
    return Forecast(
        maintenance_id=row.maintenance_id,
        as_of=instant(row.as_of),
        engine=row.engine,
        back={float(f): _read_quantiles(q) for f, q in said["back"].items()},
        starts=_read_quantiles(said["starts"]) if said["starts"] else None,
        grid=grid,
        parts=parts,
        because=tuple(said["because"]),
    )


def _read_quantiles(told: dict[str, int]) -> Quantiles:
    return {float(level): instant(at) for level, at in told.items()}


def _unpack_futures(packed: bytes) -> tuple[tuple[datetime, ...], tuple[Part, ...]]:
    if packed == NO_PATHS:
        return (), ()
    raw = zlib.decompress(packed)
    size = int.from_bytes(raw[:4], "big")
    head = json.loads(raw[4 : 4 + size])
    shape = (len(head["parts"]), 3, head["paths"], len(head["grid"]))
    steps = np.frombuffer(raw, dtype="<i4", offset=4 + size).reshape(shape)
    paths: Paths = np.cumsum(steps, axis=3, dtype=np.int32)
    parts = tuple(Part(c, t, g, paths[i, 0], paths[i, 1], paths[i, 2]) for i, (c, t, g) in enumerate(head["parts"]))
    return tuple(map(_shared, head["grid"])), parts


_shared = lru_cache(maxsize=4_096)(instant)
"""Full hours: the same few in the grid of every forecast."""


def latest_words(connection: Connection, ids: Iterable[str]) -> dict[str, Forecast]:
    """The newest forecast of each of these maintenances that has one, without its paths."""
    columns = [forecasts.c[name] for name in COLUMNS if name != "futures"]
    found = {}
    for part in in_chunks(sorted(set(ids))):
        newest = select(forecasts.c.maintenance_id, func.max(forecasts.c.as_of).label("as_of"))
        newest_of = newest.where(forecasts.c.maintenance_id.in_(part)).group_by(forecasts.c.maintenance_id).subquery()
        same = (forecasts.c.maintenance_id == newest_of.c.maintenance_id) & (forecasts.c.as_of == newest_of.c.as_of)
        for row in connection.execute(select(*columns).join(newest_of, same).order_by(forecasts.c.made_at)):
            found[row.maintenance_id] = _unpack(row)
    return found
