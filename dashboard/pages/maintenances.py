"""Maintenances: what is planned, running, late."""

import streamlit as st

from dashboard.figures.timeline import timeline
from dashboard.model.scope import Scope
from dashboard.pages import columns, paper, share, shell
from dashboard.views.maintenances import WhatIsPlanned

TABLE = {
    "title": columns.text("Maintenance", 310),
    "status": columns.text("Status"),
    "risk": columns.text("Risk"),
    "progress": columns.share("Done"),
    "likely_end": columns.instant("Likely back"),
    "plan_on_end": columns.instant("Plan on"),
    "planned_end": columns.instant("Promised"),
    "slip_hours": columns.hours("Slip", "From the end that was promised first to the end that was, or is likely."),
    "waiting_for": columns.text("Waiting for"),
    "gpus_out": columns.count("GPUs out"),
    "gpus": columns.count("Of"),
    "planned_start": columns.instant("Planned start"),
    "provider": columns.text("Provider"),
    "cluster": columns.text("Cluster"),
    "kind": columns.text("Kind"),
}


def page(scope: Scope) -> None:
    """Draws the page."""
    story: WhatIsPlanned = shell.load("what_is_planned", scope)
    shell.printed(_first, "what_is_planned", scope)
    if story.bars:
        shell.maintenances(story.table, TABLE, scope.zone, "planned", "Maintenances")
    share.both(scope)


def _first(story: WhatIsPlanned, scope: Scope) -> None:
    """The sentence, the numbers, the timeline."""
    paper.sentence(story.sentence)
    grid = st.grid(4, min_column_width=150, gap="small", key="numbers")
    paper.number(grid, "Running", f"{story.running:,}")
    paper.number(grid, "Late", f"{story.late:,}", hint="Running past what the provider promised.")
    paper.number(grid, "Announced", f"{story.announced:,}")
    paper.number(grid, "Finished", f"{story.finished:,}", hint="In the last 14 days.")
    if not story.bars:
        paper.nothing("No maintenance touches these GPUs.", "Widen the scope above to see more of the fleet.")
        return
    paper.picture(timeline(story.bars, story.now, paper.look(), scope.zone), f"Timeline. {story.sentence}", "timeline")
    paper.key()
    paper.heading("All of them", "A title opens its maintenance; a heading sorts.")
