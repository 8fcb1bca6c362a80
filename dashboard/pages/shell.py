"""What every page stands in: the scope, the one cached read, the ways to other pages, and the net when one fails."""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.errors import DashboardError
from dashboard.figures.racks import racks
from dashboard.model.outlook import Racks
from dashboard.model.scope import Scope
from dashboard.pages import address, past
from dashboard.pages.paper import failed, look, table
from dashboard.pages.questions import Answers
from dashboard.pages.tables import listed, pressed
from dashboard.pages.text import plain, zone_words
from dashboard.views.freshness import Freshness

POLL = "3s"  # with looking, forecasting and drawing, what is known is on the screen within five seconds
A_WHILE = timedelta(minutes=1)
HERE = "asked_here"  # what the page asked that is drawn now
STILL = "The rest of the page still works."

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Connection:
    """Whom the pages ask; `number` keeps the answers of one apart from those of another."""

    ask: Answers
    number: int


_connected: list[_Connection] = []


def connect(ask: Answers) -> None:
    """Says whom the pages ask. The door calls it; the same object again changes nothing."""
    if not _connected:
        _connected.append(_Connection(ask, 1))
    elif _connected[0].ask is not ask:
        _connected[0] = _Connection(ask, _connected[0].number + 1)


def _asked() -> _Connection:
    if not _connected:
        raise DashboardError("The pages were opened before anyone was there to answer them.")
    return _connected[0]


@dataclass(frozen=True, slots=True)
class _Told:
    """An answer; `number` tells it from every other, so that what is drawn from it can be kept with it."""

    answer: Any
    number: int


def load(question: str, *args: Any) -> Any:
    """The answer to a question, asked once for everyone who looks at the same thing."""
    return _told(question, *args).answer


def say(what: str, *args: Any) -> bool:
    """Tells the log something that a viewer knows; whether that was done. If not, the page says why in a sentence."""
    try:
        getattr(_asked().ask, what)(*args)
    except DashboardError as why:
        st.warning(plain(why))
        return False
    except Exception:  # a page is a door: whatever is wrong is for the server's log
        log.exception("%s could not be done", what)
        st.warning("Something is wrong on our side; it has been logged.")
        return False
    return True


def printed(draw: Callable[[Any, Scope], None], question: str, scope: Scope, *args: Any) -> None:
    """Draws what the answer to a question alone decides: once for all who see the same answer in the same colours.

    Widgets cannot be among it: what is printed is played back as it was sent.
    """
    told = _told(question, scope, *args)
    key = f"{draw.__module__}.{draw.__qualname__} {told.number} {look().background}"
    _printed(key, lambda: draw(told.answer, scope))


@st.cache_data(max_entries=512, show_spinner=False)
def _printed(key: str, _draw: Callable[[], None]) -> None:
    """Streamlit keeps what is drawn in here, and plays it back."""
    _draw()


def _told(question: str, *args: Any) -> _Told:
    """The position of the log is in the key even for a past instant: an import may bring facts recorded before it."""
    connection = _asked()
    live = not any(isinstance(each, Scope) and each.as_of is not None for each in args)
    if live and question != "choices":
        st.session_state.setdefault(HERE, {})[repr((question, args))] = (question, args)
    position = _position.get()
    key = repr((connection.number, question, args, connection.ask.head().position if position is None else position))
    keep = _of_now if live else _of_then
    told: _Told = keep(key, lambda: getattr(connection.ask, question)(*args))
    return told


_numbers = count(1)


# Shared by all users, and not copied: answers are immutable, and nothing personal is among them.
@st.cache_resource(max_entries=512, show_spinner=False)
def _of_then(key: str, _ask: Callable[[], Any]) -> _Told:
    return _Told(_ask(), next(_numbers))


# Without news only the ages in it change: whoever comes after a minute gets the last one while the next is made.
# About a minute: processes that started together do not all work in the same second.
@st.cache_resource(max_entries=512, show_spinner=False, ttl=50 + os.getpid() % 20, refresh_mode="background")
def _of_now(key: str, _ask: Callable[[], Any]) -> _Told:
    return _Told(_ask(), next(_numbers))


def now() -> datetime:
    """The clock of whoever answers."""
    return _asked().ask.now()


def banner(scope: Scope, freshness: Freshness) -> None:
    """One line above the page where what it shows is not the present, or not all of it."""
    if scope.as_of is not None:
        past.bar(scope.as_of, scope.zone, now())
    if freshness.warning:
        with st.container(key="stale"):
            st.markdown(f":material/warning: {plain(freshness.warning)}")


def footer(scope: Scope) -> None:
    """How old this is, and whose clock it shows."""
    freshness: Freshness = load("freshness", scope)
    with st.container(key="footer"):
        printed(_age, "freshness", scope)
        if len(freshness.sources):
            with st.expander("Age of each source", key="ages"):  # not printed: what is open stays open
                printed(_ages, "freshness", scope)


def _age(freshness: Freshness, scope: Scope) -> None:
    at = scope.as_of or now()
    st.caption(f"{plain(freshness.words)} · times in {plain(zone_words(scope.zone, at))}")


def _ages(freshness: Freshness, scope: Scope) -> None:
    columns = {"source": "Source", "last_at": "Last heard", "age_words": "Age"}
    table(freshness.sources, columns, scope.zone, "Age of each source")


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a page is drawn from."""

    position: int
    at: datetime
    colours: str

    def is_still_right(self, now: "Drawn") -> bool:
        """Whether a page drawn from this says what one drawn `now` would, but for its ages within a minute.

        A minute of its own, not the clock's: else all who look would have their pages drawn in the same second.
        """
        return (self.position, self.colours) == (now.position, now.colours) and now.at - self.at < A_WHILE


@st.fragment(run_every=POLL)
def stay_live(seen: Drawn | None) -> None:
    """Draws the page again when the log has moved, a minute has passed or the colours have changed, and otherwise
    leaves it alone.

    What the page asked is asked anew before: while answers are being made, nobody sees a page that is half drawn.
    """
    stands = drawn_from()
    if stands is None or (seen is not None and seen.is_still_right(stands)):
        return
    _position.set(stands.position)
    for question, args in list(st.session_state.get(HERE, {}).values()):
        with suppress(Exception):  # the page asks again, and says what is wrong
            _told(question, *args)
    st.rerun()


@st.fragment(run_every=POLL)
def stay_in_colour(colours: str) -> None:
    """Draws a page of the past again when the viewer's colours have changed; nothing else in it does."""
    if look().background != colours:
        st.rerun()


def drawn_from() -> Drawn | None:
    """What a live page is drawn from; None while nobody answers."""
    try:
        return Drawn(_asked().ask.head().position, now(), look().background)
    except Exception:  # the page itself says what is wrong; a beat that fails waits for the next
        return None


def begin() -> Drawn | None:
    """Says that a page is being drawn: all of it from where the log stands now, which is read once."""
    seen = drawn_from()
    st.session_state[HERE] = {}
    _position.set(seen.position if seen else None)
    return seen


_position: ContextVar[int | None] = ContextVar("_position", default=None)


def maintenances(frame: pd.DataFrame, columns: dict[str, Any], zone: str, key: str, words: str) -> None:
    """A table to sort, search and take away; a maintenance, a node or a cluster that it names opens its page."""
    listed(frame, columns, zone, key, words, go)


def nodes(question: str, scope: Scope, *args: Any, words: str, key: str) -> None:
    """The nodes in the answer to a question, by stage and rack; one that is pressed opens its page."""
    told = _told(question, scope, *args)
    shape: Racks = told.answer.racks
    place = pressed(_racks(f"{told.number} {look().background}", lambda: racks(shape, look())), words, key)
    if place is not None:
        go("node", node=shape.node_id[place])


@st.cache_resource(max_entries=64, show_spinner=False)
def _racks(key: str, _draw: Callable[[], Any]) -> Any:
    return _draw()


def go(name: str, **said: str) -> None:
    """Opens another page, in the same scope."""
    st.switch_page(_signs[name], query_params=address.kept(**said))


_signs: dict[str, Any] = {}


def signpost(**pages: Any) -> None:
    """Says under which names pages can be opened from within others."""
    _signs.update(pages)


def way(name: str, label: str, icon: str | None = None, **more: str) -> None:
    """A link to another page that keeps the scope, and says `more`."""
    st.page_link(_signs[name], label=label, icon=icon, query_params=address.kept(**more))


def rooms() -> dict[str, str]:
    """The pages that can be opened, and their titles."""
    return {name: str(page.title) for name, page in _signs.items()}


def way_out(name: str, label: str, **said: str) -> None:
    """A link to a page for people from outside: of the scope it keeps the instant, and says no more than `said`."""
    st.page_link(_signs[name], label=plain(label), query_params=address.instant_kept() | said)


@contextmanager
def part(what: str, still: str = STILL) -> Iterator[None]:
    """A part of a page that may fail without taking its neighbours along."""
    try:
        yield
    except DashboardError as why:
        failed(what, str(why), still)
    except Exception:  # a page is a door: whatever is wrong is for the server's log, the viewer gets a sentence
        log.exception("%s could not be shown", what)
        failed(what, "Something is wrong on our side; it has been logged.", still)
