"""Watch: is anything stuck or wrong right now. It may stand on a wall: the page is drawn anew as facts come."""

import streamlit as st

from dashboard.model.scope import Scope
from dashboard.pages import alarm, columns, paper, shell, wall, watch_parts
from dashboard.views.watch import Watch

STUCK = {
    "node_id": columns.text("Node"),
    "stage": columns.text("Stuck in"),
    "hours": columns.lasted("For"),
    "usual": columns.text("Usually", 180),
    "who": columns.text("Ask", 190),
    "contact": columns.text("Contact", 200),
    "title": columns.text("Maintenance", 320),
}


def page(scope: Scope) -> None:
    """Draws the page."""
    story: Watch = shell.load("watch", scope)
    if wall.is_on():
        shell.printed(wall.draw, "watch", scope)
    else:
        shell.printed(_first, "watch", scope)
        if len(story.stuck):
            shell.maintenances(story.stuck, STUCK, scope.zone, "stuck", "Nodes that are stuck")
        shell.printed(_last, "watch", scope)
    with st.container(horizontal=True, key="alarm_bar", vertical_alignment="center", gap="medium"):
        if scope.as_of is None:
            alarm.offer(story.sentence, story.wrong)
        wall.door()


def _first(story: Watch, scope: Scope) -> None:
    """The sentence, the numbers, and what is odd."""
    watch_parts.head(story)
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
        paper.table(story.overdue, watch_parts.OVERDUE, scope.zone, "What is overdue")
    watch_parts.lately(story, scope)
