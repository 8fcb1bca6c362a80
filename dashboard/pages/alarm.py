"""A sound or a notice of the browser when something goes wrong, for whoever asked for it."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

CHOICE = """
<span>When something new goes wrong:</span>
<label><input type="checkbox" class="sound"> a sound</label>
<label><input type="checkbox" class="notice"> a notice of the browser</label>
<span class="said" role="status"></span>
"""
LOOK = """
:host { display: flex; flex-wrap: wrap; gap: 4px 18px; align-items: center; font: 0.875rem var(--st-font); }
div { display: flex; flex-wrap: wrap; gap: 4px 18px; align-items: center; font: 0.875rem var(--st-font); }
label { display: inline-flex; align-items: center; gap: 6px; cursor: pointer; min-height: 24px; }
input { width: 16px; height: 16px; margin: 0; accent-color: var(--st-primary-color); }
input:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
"""
_alarm = st.components.v2.component(
    "alarm", html=CHOICE, css=LOOK, js=Path(__file__).with_name("alarm.js").read_text("utf-8")
)


def offer(sentence: str, wrong: Sequence[str]) -> None:
    """The choice, and what is wrong now: of what was not wrong a moment ago the browser tells."""
    _alarm(data={"sentence": sentence, "wrong": list(wrong)}, key="alarm")
