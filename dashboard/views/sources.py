"""Is what I see complete: what each source brings, since when it does not, and what could not be read."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd
from sqlalchemy import Connection, RowMapping

from dashboard.log.aside import count_aside, count_by_source, read_aside
from dashboard.log.source_states import PUSHED, State, read_states
from dashboard.model.instants import instant, maybe_instant, micros
from dashboard.model.scope import Scope
from dashboard.views import words

SHOWN = 50  # rows set aside
LONGEST_RAW = 200  # characters of one: enough to recognise it
FORGOTTEN_AFTER = timedelta(days=30)  # a source that nobody asked for so long is not configured any more
QUIET_INTERVALS = 3
AT_LEAST_QUIET = timedelta(minutes=10)  # a success is written down every few minutes only

WELL, FAILS, QUIET, NEW, WAITS = "well", "fails", "nobody asks it", "not asked yet", "nothing came yet"
DOUBTED = "brings what is doubted"
BRINGS = (WELL, NEW, WAITS, DOUBTED)
SOUND = (WELL, NEW, WAITS)


@dataclass(frozen=True, slots=True)
class WhatComesIn:
    """How collecting goes, now.

    `sources`, those in trouble first: source, type, state, last_success, lag (words), failing_since, tries (failed in a
    row), rows (facts brought, ever), last_news, set_aside.
    `aside`, the newest first: where (source or file), line, reason, raw (its beginning), set_aside_at.
    """

    sentence: str
    failing: tuple[str, ...]  # the fault of each, in a sentence
    rows: int
    set_aside: int  # of imported files, too
    sources: pd.DataFrame
    aside: pd.DataFrame


def what_comes_in(connection: Connection, scope: Scope, now: datetime) -> WhatComesIn:
    """How collecting goes: always as of now, since how it once went is not kept."""
    oldest = micros(now - FORGOTTEN_AFTER)
    states = [
        each
        for each in read_states(connection)
        if each.attempted_at is None or each.type == PUSHED or max(each.attempted_at, each.due_at) > oldest
    ]
    states.sort(key=lambda each: (_state(each, now) in SOUND, each.source))
    put_aside = count_by_source(connection, [each.source for each in states])
    aside = count_aside(connection)
    return WhatComesIn(
        sentence=_sentence(states, aside, now),
        failing=tuple(_fault(each, now, scope.zone) for each in states if each.error),
        rows=sum(each.rows for each in states),
        set_aside=aside,
        sources=_sources(states, put_aside, now),
        aside=_aside(read_aside(connection, SHOWN)),
    )


def _state(state: State, now: datetime) -> str:
    if state.error:
        return FAILS if state.failures else DOUBTED
    if state.succeeded_at is None:
        return WAITS if state.type == PUSHED else NEW
    if state.type == PUSHED:  # well for as long as nothing is wrong
        return WELL
    quiet = max(QUIET_INTERVALS * timedelta(seconds=state.interval), AT_LEAST_QUIET)
    return QUIET if now - instant(state.succeeded_at) > quiet else WELL


def _sentence(states: list[State], aside: int, now: datetime) -> str:
    """What could be sent as it is."""
    rest = f" {words.count(aside)} row{' is' if aside == 1 else 's are'} set aside." if aside else ""
    if not states:
        return f"No source is configured: what is shown was imported.{rest}"
    bad = [each for each in states if _state(each, now) not in BRINGS]
    doubted = words.listed([each.source for each in states if _state(each, now) == DOUBTED])
    number = words.count(len(states))
    if doubted and not bad:
        return f"What {doubted} brings is doubted.{rest}"
    if not bad:
        whole = "The one source is well" if len(states) == 1 else f"All {number} sources are well"
        return f"{whole}.{rest}"
    named = words.listed([f"{each.source} since {words.span(now - _well_until(each, now))}" for each in bad])
    verb = "brings" if len(bad) == 1 else "bring"
    of = "The one source brings" if len(states) == 1 else f"{len(bad)} of {number} sources {verb}"
    return f"{of} nothing: {named}.{rest}"


def _well_until(state: State, now: datetime) -> datetime:
    if state.type == PUSHED:  # when something last came says nothing: there may have been nothing to say
        return maybe_instant(state.failing_since) or now
    return maybe_instant(state.succeeded_at) or maybe_instant(state.failing_since) or now


def _fault(state: State, now: datetime, zone: str) -> str:
    due = instant(state.due_at)
    stop = "" if state.error.endswith(("?", ".", "!")) else "."
    if state.type == PUSHED:
        return f"{state.error}{stop} Last tried {words.when(instant(state.attempted_at or 0), now, zone)}."
    again = f" Asked again {words.when(due, now, zone)}." if due > now else " It is asked again now."
    return f"{state.error}{stop}{again}"


def _sources(states: list[State], put_aside: dict[str, int], now: datetime) -> pd.DataFrame:
    rows = []
    for each in states:
        success = maybe_instant(each.succeeded_at)
        rows.append((
            each.source, each.type, _state(each, now), success, words.span(now - success) if success else "",
            maybe_instant(each.failing_since), each.failures, each.rows, maybe_instant(each.news_at),
            put_aside[each.source],
        ))  # fmt: skip
    columns = ["source", "type", "state", "last_success", "lag", "failing_since", "tries", "rows", "last_news",
               "set_aside"]  # fmt: skip
    frame = pd.DataFrame(rows, columns=columns)
    return _with_instants(frame, "last_success", "failing_since", "last_news")


def _aside(kept: list[RowMapping]) -> pd.DataFrame:
    rows = [
        (each["file"], each["line"], each["reason"], _beginning(each["raw"]), instant(each["set_aside_at"]))
        for each in kept
    ]
    frame = pd.DataFrame(rows, columns=["where", "line", "reason", "raw", "set_aside_at"])
    return _with_instants(frame, "set_aside_at")


def _beginning(text: str) -> str:
    return text if len(text) <= LONGEST_RAW else f"{text[:LONGEST_RAW]}…"


def _with_instants(frame: pd.DataFrame, *names: str) -> pd.DataFrame:
    return frame.assign(**{name: pd.to_datetime(frame[name], utc=True) for name in names})
