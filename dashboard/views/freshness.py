"""How old is what I see."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd
from sqlalchemy import Connection, RowMapping, func, select

from dashboard.log.append import newest_recorded
from dashboard.log.read import in_force
from dashboard.log.source_states import PUSHED, read_states
from dashboard.log.tables import FACT_TABLES
from dashboard.model.instants import instant, micros
from dashboard.model.scope import Scope
from dashboard.views import words


@dataclass(frozen=True, slots=True)
class Head:
    """Where the log stands: the key of everything cached."""

    position: int
    recorded_at: datetime | None  # the newest fact; None for an empty log


@dataclass(frozen=True, slots=True)
class Freshness:
    """Age of each source at the instant shown.

    `sources`, oldest first: source, last_at (aware datetime), age_words, stale (bool).
    """

    words: str  # "data as of 2 min ago (nimbus), 14 min ago (fleet)"
    warning: str  # "" or one sentence: since when, and what it means
    sources: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Choices:
    """What the scope bar offers: (id, name) pairs, by name."""

    teams: tuple[tuple[str, str], ...]
    providers: tuple[tuple[str, str], ...]
    clusters: tuple[tuple[str, str], ...]
    skus: tuple[tuple[str, str], ...]
    first_at: datetime | None  # the oldest and newest recorded facts: the reach of "as of"
    last_at: datetime | None


STALE_AFTER = timedelta(hours=6)
REACH = timedelta(days=30)


def head(connection: Connection) -> Head:
    """Where the log stands; one cheap read."""
    return Head(*newest_recorded(connection))


def freshness(connection: Connection, scope: Scope, now: datetime) -> Freshness:
    """How old the newest word of each source is, of the sources that said anything in the last 30 days."""
    at, now = (micros(scope.as_of), scope.as_of) if scope.as_of else (None, now)
    newest = _newest(connection, micros(now - REACH), at)
    # What is pushed is silent for as long as there is nothing to say: that alone is no reason to doubt it.
    pushed = {state.source for state in read_states(connection) if state.type == PUSHED}
    stale = [(source, at) for source, at in newest if now - at > STALE_AFTER and source not in pushed]
    rows = [(source, at, words.relative(at, now), (source, at) in stale) for source, at in newest]
    frame = pd.DataFrame(rows, columns=["source", "last_at", "age_words", "stale"])
    frame = frame.assign(last_at=pd.to_datetime(frame["last_at"], utc=True), stale=frame["stale"].astype(bool))
    if not newest:
        return Freshness("no facts in the last 30 days", "", frame)
    _, last_at = newest[-1]
    return Freshness(f"data as of {words.when(last_at, now, scope.zone)}", _warning(stale, now), frame)


def _warning(stale: list[tuple[str, datetime]], now: datetime) -> str:
    if not stale:
        return ""
    said = words.listed([f"{source} since {words.span(now - at)}" for source, at in stale])
    return f"Silent: {said}. What it reports may have changed meanwhile."


def _newest(connection: Connection, since: int, at: int | None) -> list[tuple[str, datetime]]:
    """Of each source that transitions or updates name, when its newest word was recorded; oldest first."""
    found: dict[str, int] = {}
    for name, clock in (("node_transitions", "occurred_at"), ("maintenance_updates", "recorded_at")):
        table = FACT_TABLES[name]
        query = select(table.c.source, func.max(table.c.recorded_at)).where(table.c[clock] > since)
        if at is not None:
            query = query.where(table.c.recorded_at <= at)
        for source, newest in connection.execute(query.group_by(table.c.source)):
            found[source or "unnamed"] = max(newest, found.get(source or "unnamed", newest))
    if at is None:
        # A source that was asked and had nothing to tell is not silent.
        found |= {
            state.source: max(found[state.source], state.succeeded_at)
            for state in read_states(connection)
            if state.source in found and state.succeeded_at
        }
    return sorted(((source, instant(newest)) for source, newest in found.items()), key=lambda pair: pair[1])


def choices(connection: Connection) -> Choices:
    """What there is to choose from."""
    clusters = in_force(connection, "clusters")
    skus = sorted({row["sku"] for row in clusters if row["sku"]})
    updates = FACT_TABLES["maintenance_updates"]
    first = connection.scalar(select(func.min(updates.c.recorded_at)))
    _, last = newest_recorded(connection)
    return Choices(
        _named(in_force(connection, "teams"), "team_id"),
        _named(in_force(connection, "providers"), "provider_id"),
        tuple(sorted((row["cluster_id"], row["cluster_id"]) for row in clusters)),
        tuple((sku, sku) for sku in skus),
        None if first is None else instant(first),
        last,
    )


def _named(rows: list[RowMapping], key: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(((row[key], row["name"] or row[key]) for row in rows), key=lambda pair: pair[1]))


def unknown(known: Choices, scope: Scope) -> str:
    """What a scope names that there is not, in a sentence; "" where all is known."""
    asked = (
        ("team", scope.team, known.teams),
        ("provider", scope.provider, known.providers),
        ("cluster", scope.cluster, known.clusters),
        ("SKU", scope.sku, known.skus),
    )
    for what, value, names in asked:
        ids = sorted(each for each, _ in names)
        if value is not None and value not in ids:
            there_is = f"there is {words.listed(ids, 12)}" if ids else "there is none"
            return f"no {what} is called {value[:40]!r}; {there_is}"
    if words.zone_of(scope.zone).key != scope.zone:
        return f"no time zone is called {scope.zone[:40]!r}; write it like Europe/Berlin"
    return ""
