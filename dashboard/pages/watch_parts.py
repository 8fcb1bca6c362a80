"""What Watch and its wall have in common: the sentence, the numbers, the last hour."""

import streamlit as st

from dashboard.model.scope import Scope
from dashboard.pages import paper
from dashboard.views.watch import Watch

OVERDUE = {
    "who": "Whom",
    "what": "Owes what",
    "late_words": "Late",
    "contact": "Contact",
    "escalates_to": "Escalates to",
    "title": "Maintenance",
}
CHANGED = {"title": "Maintenance", "what": "Entered"}


def head(story: Watch) -> None:
    """The sentence, and how many of what."""
    paper.sentence(story.sentence)
    grid = st.grid(4, min_column_width=150, gap="small", key="numbers")
    paper.number(
        grid,
        "Stuck",
        f"{story.stuck_nodes:,}, node{'' if story.stuck_nodes == 1 else 's'}",
        hint="Longer in a stage than 19 of 20 of their like.",
    )
    paper.number(grid, "Overdue", f"{story.late:,}, promises and dues")
    paper.number(grid, "Contradictions", f"{len(story.contradictions):,}, between sources")
    paper.number(grid, "Silent", f"{len(story.silent):,}, source{'' if len(story.silent) == 1 else 's'}")


def lately(story: Watch, scope: Scope) -> None:
    """What has happened in the last hour."""
    paper.heading("In the last hour")
    if len(story.changed):
        paper.table(story.changed, CHANGED, scope.zone, "What nodes did in the last hour")
    else:
        paper.nothing("No node has entered another stage.", "A quiet hour, or a silent source: see above.")
