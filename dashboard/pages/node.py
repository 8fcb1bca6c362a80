"""Node: what happened to this machine, and who has it now."""

import streamlit as st

from dashboard.figures.stays import stays
from dashboard.model.scope import Scope
from dashboard.pages import address, columns, paper, shell, text
from dashboard.views.node import WhatHappened

TABLE = {
    "title": columns.text("Maintenance", 290),
    "out_at": columns.instant("Went out"),
    "back_at": columns.instant("Back"),
    "hours": columns.lasted("Out for"),
    "repairs": columns.count("Failed validation"),
    "stages": columns.text("How long in which stage", 520),
    "status": columns.text("Status"),
}
CASES = {
    "case_id": "Case",
    "status": "Status",
    "note": "Note",
    "opened_at": "Opened",
    "severity": "Severity",
    "closed_at": "Closed",
    "title": "Maintenance",
}


def page(scope: Scope) -> None:
    """Draws the page of the node that the URL names."""
    node_id = address.said("node") or ""
    story: WhatHappened | None = shell.load("what_happened", scope, node_id)
    if story is None:
        paper.nothing(f"No node {node_id} was known then.", "Search finds it by any part of its name.")
        shell.way("search", "Search", icon=":material/search:", q=node_id)
        return
    with st.container(horizontal=True, key="top"):
        if story.cluster:
            shell.way("cluster", text.plain(story.cluster), icon=":material/arrow_back:", cluster=story.cluster)
        if story.maintenance_id:
            shell.way("maintenance", text.plain(story.maintenance), maintenance=story.maintenance_id)
    shell.printed(_first, "what_happened", scope, node_id)
    if len(story.maintenances):
        shell.maintenances(story.maintenances, TABLE, scope.zone, "passed", "Every maintenance that names this node")
    shell.printed(_last, "what_happened", scope, node_id)


def _first(story: WhatHappened, scope: Scope) -> None:
    """The sentence, the numbers, its way through every maintenance, and how it stands against its like."""
    paper.caption(" · ".join(story.kind))
    paper.sentence(story.sentence)
    grid = st.grid(4, min_column_width=150, gap="small", key="numbers")
    paper.number(grid, "Now", story.stage_words)
    paper.number(grid, "Out in 180 days", f"{story.outs:,}, times")
    paper.number(grid, "Failed validation", f"{story.repairs:,}, of these times")
    paper.number(grid, "Out in all", f"{story.hours_out:,.0f} h, as far as is known")
    paper.heading("Through every maintenance", "Hours since it went out, each time. A letter names a stage.")
    paper.picture(stays(story.lanes, paper.look(), scope.zone), f"How long in which stage. {story.sentence}", "stays")
    paper.stages()
    left, right = st.columns(2, gap="medium")
    with left:
        paper.heading("Who has the ball")
        if story.who:
            paper.facts(story.ball)
        else:
            paper.caption("Nobody is waited for.")
        if story.odd:
            paper.heading("What does not fit together")
            paper.points(story.odd)
    with right:
        paper.heading("Against its like")
        paper.points(story.beside or ("It was not out in the last 180 days.",))
        if story.changed:
            paper.heading("What it was before")
            paper.points(story.changed)
    if len(story.maintenances):
        paper.heading("All of them", "A title opens its maintenance; a heading sorts.")


def _last(story: WhatHappened, scope: Scope) -> None:
    """Its cases, and what was written of it."""
    if len(story.cases):
        paper.heading("Support cases")
        paper.table(story.cases, CASES, scope.zone, "Support cases")
    if len(story.messages):
        paper.heading("What the provider wrote", "What names this node, and the latest of what has it out.")
        for each in story.messages.itertuples():
            paper.letter(f"{text.when(each.received_at, scope.zone)} · {each.sender}", each.subject, each.body)
