"""Who tells of one maintenance: under which names, why they are taken for one, and where they contradict each other."""

import streamlit as st

from dashboard.model.scope import Scope
from dashboard.pages import paper, shell
from dashboard.views.tellings import Tellings

PARTS = {
    "maintenance_id": "Told as",
    "sources": "By",
    "status": "Status",
    "ends": "Planned end",
    "because": "Taken for one by",
    "since": "Since",
}


def section(scope: Scope, maintenance_id: str) -> None:
    """Nothing where one source tells of it, and nothing is odd."""
    story: Tellings = shell.load("tellings", scope, maintenance_id)
    if story.contradictions:
        paper.heading("What does not fit together", "Both stand in the log; ask who is right.")
        paper.points(story.contradictions)
    if not len(story.parts):
        return
    paper.heading("Told more than once", "These are taken for one maintenance.")
    paper.table(story.parts, PARTS, scope.zone, "The names under which it was told")
    parts = [name for name in story.parts["maintenance_id"] if name != maintenance_id]
    if scope.as_of is None:
        with st.popover("They are not one"):
            chosen = st.selectbox("Which stands by itself?", parts, key="apart")
            st.caption("It becomes a maintenance of its own from now on, and no rule joins it again.")
            if st.button("Take it apart", key="take_apart") and shell.say("take_apart", chosen):
                st.rerun()
