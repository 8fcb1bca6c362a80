"""Is what I see complete: what each source brings, since when it does not, and what could not be read."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd
from sqlalchemy import Connection, RowMapping

from dashboard.log.aside import count_aside, count_by_source, read_aside
from dashboard.log.source_states import ANEW, PUSHED, State, read_states
from dashboard.model.instants import instant, maybe_instant, micros
from dashboard.model.scope import Scope
from dashboard.views import words

SHOWN = 20  # rows set aside
LONGEST_RAW = 200  # characters of one: enough to recognise it
FORGOTTEN_AFTER = timedelta(days=30)  # a source that nobody asked for so long is not configured any more
QUIET_INTERVALS = 3
AT_LEAST_QUIET = timedelta(minutes=10)  # a success is written down every few minutes only

WELL, FAILS, QUIET, NEW, WAITS = "well", "fails", "nobody asks it", "not asked yet", "nothing came yet"
IN_PART = "in part"  # it answers, and not for all of it, or by a clock that is not ours
AGAIN = "is read again"
SOUND = (WELL, NEW, WAITS, AGAIN)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Rows that wait for a fix, of one source or of files, and what then brings them in."""

    whose: str
    rows: str  # how many, in words
    way: str
    readable: bool  # whether the source can be read again from here


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
    waiting: tuple[Waiting, ...] = ()


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
        waiting=tuple(_waiting(states, put_aside, aside)),
    )


def _state(state: State, now: datetime) -> str:
    if state.error and state.failures:
        return FAILS
    if state.options == ANEW:
        return AGAIN
    if state.succeeded_at is None:
        return WAITS if state.type == PUSHED else NEW
    if state.type == PUSHED:  # well for as long as nothing is wrong
        return WELL
    quiet = max(QUIET_INTERVALS * timedelta(seconds=state.interval), AT_LEAST_QUIET)
    if now - instant(state.succeeded_at) > quiet:
        return QUIET
    return IN_PART if state.error else WELL


def _sentence(states: list[State], aside: int, now: datetime) -> str:
    """What could be sent as it is."""
    rest = f" {_rows(aside)} {'is' if aside == 1 else 'are'} set aside." if aside else ""
    if not states:
        return f"No source is configured: what is shown was imported.{rest}"
    bad = [each for each in states if _state(each, now) not in (*SOUND, IN_PART)]
    partly = [each.source for each in states if _state(each, now) == IN_PART]
    number = words.count(len(states))
    part = (
        f" {words.listed(partly)} {'brings' if len(partly) == 1 else 'bring'} only a part, or what is in doubt."
        if partly
        else ""
    )
    if not bad:
        one, many = ("answers", "answer") if part else ("is well", "are well")
        return f"{f'The one source {one}' if len(states) == 1 else f'All {number} sources {many}'}.{part}{rest}"
    named = words.listed([f"{each.source} since {words.span(now - _well_until(each, now))}" for each in bad])
    verb = "brings" if len(bad) == 1 else "bring"
    of = "The one source brings" if len(states) == 1 else f"{len(bad)} of {number} sources {verb}"
    return f"{of} nothing: {named}.{part}{rest}"


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


def _waiting(states: list[State], put_aside: dict[str, int], aside: int) -> Iterator[Waiting]:
    for each in sorted(states, key=lambda state: state.source):
        number = put_aside[each.source]
        if not number:
            continue
        way, readable = "After a fix, read it again: what is known already does not come twice.", True
        if each.type == PUSHED:
            way, readable = "After a fix, whoever pushes has to send them again.", False
        elif each.options == ANEW:
            way, readable = "It is read again from its beginning within a few minutes.", False
        yield Waiting(each.source, _rows(number), way, readable)
    rest = aside - sum(put_aside.values())
    if rest:
        yield Waiting("Files", _rows(rest), "Correct them, and import their directory again.", False)


def _rows(number: int) -> str:
    return f"{words.count(number)} row{'' if number == 1 else 's'}"


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
