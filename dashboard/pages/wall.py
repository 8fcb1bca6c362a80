"""Watch on a screen that nobody touches: what fits on it, side by side, to be read from across a room."""

from pathlib import Path

import streamlit as st

from dashboard.model.scope import Scope
from dashboard.pages import address, paper, watch_parts
from dashboard.views.watch import Watch

WALL = "wall"
LOOK = Path(__file__).with_name("wall.css")
MOST = 10  # rows of a table, and lines of a list
STUCK = {"node_id": "Node", "stage": "Stuck in", "hours": "Hours", "who": "Ask"}
OVERDUE = {name: watch_parts.OVERDUE[name] for name in ("who", "what", "late_words")}


def is_on() -> bool:
    """Whether the address asks for it."""
    return address.said(WALL) is not None


def door() -> None:
    """The way there, or back. A link to the page that one is on would leave the address as it is."""
    words, icon, value = ("Leave the wall", "close", None) if is_on() else ("For a wall screen", "open_in_full", "1")
    st.button(words, icon=f":material/{icon}:", type="tertiary", key="wall_door", on_click=_write, args=(value,))


def _write(value: str | None) -> None:
    address.write(WALL, value)


def draw(story: Watch, scope: Scope) -> None:
    """The sentence, the numbers, what is odd; what is stuck beside what is late."""
    watch_parts.head(story)
    if odd := (*story.contradictions, *story.silent):
        paper.points(odd[:MOST])
    grid = st.grid(2, min_column_width=560, gap="large", key="wall")
    with grid.cell():
        if len(story.stuck):
            paper.heading("Stuck nodes")
            paper.table(story.stuck.head(MOST), STUCK, scope.zone, "Nodes that are stuck")
        watch_parts.lately(story, scope)
    if len(story.overdue):
        with grid.cell():
            paper.heading("Overdue")
            paper.table(story.overdue.head(MOST), OVERDUE, scope.zone, "What is overdue")
