"""Watch: is anything stuck or wrong right now. It may stand on a wall: the page is drawn anew as facts come."""

import streamlit as st

from dashboard.model.scope import Scope
from dashboard.pages import columns, paper, shell
from dashboard.views.watch import Watch

STUCK = {
    "node_id": columns.text("Node"),
    "stage": columns.text("Stuck in"),
    "hours": columns.hours("Hours"),
    "usual": columns.text("Usually", 230),
    "who": columns.text("Ask", 190),
    "contact": columns.text("Contact", 200),
    "title": columns.text("Maintenance", 250),
}
OVERDUE = {
    "who": "Whom",
    "what": "owes what",
    "late_words": "late",
    "contact": "Contact",
    "escalates_to": "Escalates to",
    "title": "Maintenance",
}
CHANGED = {"title": "Maintenance", "what": "Entered"}


def page(scope: Scope) -> None:
    """Draws the page."""
    story: Watch = shell.load("watch", scope)
    shell.printed(_first, "watch", scope)
    if len(story.stuck):
        shell.maintenances(story.stuck, STUCK, scope.zone, "stuck", "Nodes that are stuck")
    shell.printed(_last, "watch", scope)


def _first(story: Watch, scope: Scope) -> None:
    """The sentence, the numbers, and what is odd."""
    paper.sentence(story.sentence)
    grid = st.grid(4, min_column_width=150, gap="small", key="numbers")
    paper.number(grid, "Stuck", f"{story.stuck_nodes:,}, nodes", hint="Longer in a stage than 19 of 20 of their like.")
    paper.number(grid, "Overdue", f"{story.late:,}, promises and dues")
    paper.number(grid, "Contradictions", f"{len(story.contradictions):,}, between sources")
    paper.number(grid, "Silent", f"{len(story.silent):,}, sources")
    for title, said in (("What does not fit together", story.contradictions), ("Who is silent", story.silent)):
        if said:
            paper.heading(title)
            paper.points(said)
    if len(story.stuck):
        more = story.stuck_nodes - len(story.stuck)
        paper.heading("Stuck nodes", f"The worst first{f'; {more:,} more are not shown' if more else ''}.")


def _last(story: Watch, scope: Scope) -> None:
    """What is late, and what has happened lately."""
    if len(story.overdue):
        paper.heading("Overdue", "The longest first.")
        paper.table(story.overdue, OVERDUE, scope.zone, "What is overdue")
    paper.heading("In the last hour")
    if len(story.changed):
        paper.table(story.changed, CHANGED, scope.zone, "What nodes did in the last hour")
    else:
        paper.nothing("No node has entered another stage.", "A quiet hour, or a silent source: see above.")
