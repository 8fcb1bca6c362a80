"""The kinds of column that tables of maintenances have."""

from typing import Any

import streamlit as st


def text(label: str, width: Any = None) -> Any:
    """Words, shown as they are."""
    return st.column_config.TextColumn(label, width=width)


def count(label: str) -> Any:
    """A whole number, grouped in thousands."""
    return st.column_config.NumberColumn(label, format="localized")


def instant(label: str) -> Any:
    """An instant in the zone that the column has."""
    return st.column_config.DatetimeColumn(label, format="ddd D MMM HH:mm")


def share(label: str) -> Any:
    """A part of a whole, 0 to 1."""
    return st.column_config.ProgressColumn(label, format="percent", min_value=0, max_value=1, width="small")


def lasted(label: str) -> Any:
    """Hours that something took."""
    return st.column_config.NumberColumn(label, format="%.0f h")


def hours(label: str, meaning: str | None = None) -> Any:
    """Signed hours; from when to when, for whoever points at the heading."""
    return st.column_config.NumberColumn(label, format="%+.0f h", help=meaning)


def whole(label: str) -> Any:
    """A number of which nobody needs the decimals, grouped in thousands."""
    return st.column_config.NumberColumn(label, format="localized", step=1)


def tenths(label: str) -> Any:
    """A small number, to one decimal."""
    return st.column_config.NumberColumn(label, format="%.1f")


def percent(label: str) -> Any:
    """Whole per cent."""
    return st.column_config.NumberColumn(label, format="%d %%")


def lasted_finely(label: str) -> Any:
    """Hours that something took, to one decimal."""
    return st.column_config.NumberColumn(label, format="%.1f h")
