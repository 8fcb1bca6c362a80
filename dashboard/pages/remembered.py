"""What a viewer's own browser remembers: a few words in cookies. Nothing of it is kept here, or in any shared cache."""

from pathlib import Path

import streamlit as st

_hand_over = st.components.v2.component("remember", js=Path(__file__).with_name("remember.js").read_text("utf-8"))
PREFIX = "dashboard_"
KEPT = "kept_by_browser"


def recall(name: str) -> str:
    """What the browser remembers under that name, as it came or as it was changed since; "" for nothing.

    It comes from outside: whoever asks must know what it may be.
    """
    changed: dict[str, str] = st.session_state.get(KEPT, {})
    return changed.get(PREFIX + name, st.context.cookies.get(PREFIX + name, ""))


def keep(name: str, value: str) -> None:
    """Has the browser remember a value of letters that URLs may have; "" has it forget."""
    st.session_state[KEPT] = st.session_state.get(KEPT, {}) | {PREFIX + name: value}


def hand_over() -> None:
    """Gives the browser what it is to remember. Drawn on every page, and seen on none."""
    if kept := st.session_state.get(KEPT):
        with st.container(key="unseen"):
            _hand_over(data=kept, key="remember")
