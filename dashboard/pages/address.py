"""The address bar holds what is looked at: each control reads its value from the URL and writes it back.

Streamlit's own binding of widgets to the URL writes the words shown, not the id meant, and cannot carry an instant with
its zone; so an address would break where a team is renamed, and mean another time in another zone.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

import streamlit as st

from dashboard.model.instants import iso

T = TypeVar("T")

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)

KEPT = ("team", "provider", "cluster", "sku", "certainty", "as_of", "zone")
"""What every page has in common: carried along on the way from one page to the next."""


def kept(**more: str) -> dict[str, str]:
    """The parameters of a link to another page that shows the same scope."""
    return {name: st.query_params[name] for name in KEPT if name in st.query_params} | more


def instant_kept() -> dict[str, str]:
    """Of these parameters, the instant and its zone."""
    return {name: st.query_params[name] for name in ("as_of", "zone") if name in st.query_params}


def said(name: str) -> str | None:
    """What the URL says under that name."""
    return st.query_params.get(name) or None


def write(name: str, value: str | None) -> None:
    """Puts a value into the URL; None leaves the URL clean."""
    if value is None:
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != value:
        st.query_params[name] = value


def chosen(name: str, options: Sequence[T], default: T, spell: Callable[[T], str] = str) -> T:
    """The option that the URL names; the default where it names none, or one that does not exist."""
    value = said(name)
    return next((option for option in options if value is not None and spell(option) == value), default)


def _hold(key: str, value: object) -> None:
    """Lets a widget show what the URL says, also after the browser's back button; one that does is left alone, since
    each word to it would close a list that somebody has just opened."""
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value


def pick(
    name: str,
    label: str,
    names: Mapping[T, str],
    default: T,
    *,
    place: str = "",
    spell: Callable[[T], str] = str,
    width: int | None = None,
) -> T:
    """A select box whose value lives in the URL. `place` tells two boxes for the same parameter apart."""
    key = f"{name}_{place}"
    value = chosen(name, list(names), default, spell)
    _hold(key, value)

    def put() -> None:
        now = st.session_state[key]
        write(name, None if now == default else spell(now))

    st.selectbox(
        label,
        list(names),
        format_func=lambda option: names[option],
        key=key,
        on_change=put,
        label_visibility="visible" if place.startswith("sheet") else "collapsed",
        width=width or "stretch",
    )
    return value


def count(name: str, label: str, default: int, most: int) -> int:
    """A whole number from 1 that lives in the URL."""
    key = f"{name}_"
    text = said(name) or ""
    value = min(max(1, int(text)), most) if text.isascii() and text.isdigit() and len(text) < 10 else default
    _hold(key, value)

    def put() -> None:
        now = st.session_state[key]
        write(name, None if now in (None, default) else str(now))

    st.number_input(label, min_value=1, max_value=most, step=8, key=key, on_change=put, width=150)
    return value


def write_in(name: str, label: str) -> str:
    """Words that live in the URL."""
    key = f"{name}_"
    _hold(key, said(name) or "")

    def put() -> None:
        write(name, st.session_state[key] or None)

    st.text_input(label, type="search", live=True, key=key, on_change=put)
    return said(name) or ""


def as_of(now: datetime) -> datetime | None:
    """The past instant that the URL names, whatever its offset; None for live, or where it names none."""
    try:
        at = datetime.fromisoformat(said("as_of") or "")
        return at.astimezone(UTC) if at.tzinfo and EARLIEST <= at <= now else None
    except ValueError:
        return None


def pick_instant(at: datetime | None, zone: str, now: datetime, first: datetime | None, place: str) -> None:
    """A control for the past instant, on the viewer's wall clock; the URL gets it in UTC."""
    key = f"as_of_{place}"
    here = ZoneInfo(zone)
    _hold(key, None if at is None else at.astimezone(here).replace(tzinfo=None))

    def put() -> None:
        wall = st.session_state[key]
        write("as_of", None if wall is None else iso(wall.replace(tzinfo=here).astimezone(UTC)))

    earliest = min(each for each in (first, at, now - timedelta(days=1)) if each is not None)
    st.datetime_input(
        f"As of, in {zone}",
        value=None,
        min_value=earliest.astimezone(here).replace(tzinfo=None) - timedelta(minutes=1),
        max_value=now.astimezone(here).replace(tzinfo=None) + timedelta(minutes=1),
        key=key,
        on_change=put,
        format="YYYY-MM-DD",
    )
