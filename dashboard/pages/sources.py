"""Sources: is what I see complete."""

import streamlit as st

from dashboard.model.scope import Scope
from dashboard.pages import paper, post, shell, text
from dashboard.views.sources import WhatComesIn

SOURCES = {
    "source": "Source",
    "state": "State",
    "lag": "Lag",
    "set_aside": "Set aside",
    "rows": "Facts in",
    "last_success": "Last success",
    "last_news": "Last news",
    "tries": "Failed tries",
    "type": "Type",
}
ASIDE = {"where": "From", "reason": "Why", "raw": "What it says", "set_aside_at": "Since"}


def page(scope: Scope) -> None:
    """Draws the page."""
    shell.printed(_state, "what_comes_in", scope)
    with shell.part("Rows set aside"):
        shell.printed(_aside, "what_comes_in", scope)
        _ways(scope)
    with shell.part("Unread messages"):
        post.section(scope)


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
        newest = f" The newest of {story.set_aside:,}." if story.set_aside > len(story.aside) else ""
        hint = "Each row stays here until it can be read. What waits for its node to be named comes in by itself."
        paper.heading("Set aside", hint + newest)
        with st.container(key="aside"):
            paper.table(story.aside, ASIDE, scope.zone, "Rows that were set aside, and why")


def _ways(scope: Scope) -> None:
    """What brings the rows of each source in, once what is wrong is mended."""
    story: WhatComesIn = shell.load("what_comes_in", scope)
    for number, each in enumerate(story.waiting):
        with st.container(horizontal=True, key=f"waiting_{number}", vertical_alignment="center", gap="small"):
            st.markdown(f"**{text.plain(each.whose)}**, {text.plain(each.rows)}. {text.plain(each.way)}")
            if each.readable and scope.as_of is None:
                clicked = st.button("Read it again", key=f"again_{each.whose}", type="tertiary")
                if clicked and shell.say("read_again", each.whose):
                    st.rerun()
