"""Sources: is what I see complete."""

import streamlit as st

from dashboard.model.scope import Scope
from dashboard.pages import paper, post, shell
from dashboard.views.sources import WhatComesIn

SOURCES = {
    "source": "Source",
    "state": "State",
    "lag": "well, ago",
    "tries": "failed tries",
    "rows": "facts",
    "set_aside": "set aside",
    "last_news": "last news",
    "type": "type",
}
ASIDE = {"where": "From", "reason": "Why", "raw": "What it says", "set_aside_at": "since"}


def page(scope: Scope) -> None:
    """Draws the page."""
    shell.printed(_state, "what_comes_in", scope)
    with shell.part("Unread messages"):
        post.section(scope)
    shell.printed(_aside, "what_comes_in", scope)


def _state(story: WhatComesIn, scope: Scope) -> None:
    """The sentence, what fails and why, and each source."""
    paper.sentence(story.sentence)
    if scope.as_of is not None:
        paper.caption("How collecting goes is shown as it is now, whatever instant is chosen.")
    if story.failing:
        paper.heading("What is wrong", "What came before is kept, and shown on the other pages.")
        paper.points(story.failing)
    if len(story.sources):
        grid = st.grid(3, min_column_width=150, gap="small", key="numbers")
        paper.number(grid, "Sources", f"{len(story.sources):,}")
        paper.number(grid, "Facts brought in", f"{story.rows:,}")
        paper.number(grid, "Set aside", f"{story.set_aside:,}", hint="Rows that could not be read, imported ones too.")
        paper.heading("Each source")
        paper.table(story.sources, SOURCES, scope.zone, "Each source: how it is, and what it brought")
    else:
        paper.nothing(
            "No source is configured, so nothing comes in by itself.",
            "List the sources in a TOML file, name it by DASHBOARD_CONFIG, let dashboard doctor check it, "
            "and run dashboard worker.",
        )


def _aside(story: WhatComesIn, scope: Scope) -> None:
    """What could not be read."""
    if len(story.aside):
        paper.heading("Set aside", "Each row stays here until its source tells it in a way that can be read.")
        paper.table(story.aside, ASIDE, scope.zone, "Rows that were set aside, and why")
