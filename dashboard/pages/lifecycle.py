"""Lifecycle: what happens to a node, and what does the scheduler do."""

import streamlit as st

from dashboard.figures.states import states
from dashboard.model.scope import Scope
from dashboard.model.words import role
from dashboard.pages import paper, shell
from dashboard.views.lifecycle import Lifecycle

STAGES = {
    "stage": "Stage",
    "scheduler": "What the scheduler does",
    "holder": "Has the ball",
    "likely": "Likely",
    "plan_on": "Plan on",
    "nodes": "Nodes",
    "gpus": "GPUs",
}
OTHERS = {"way": "From one to the next", "moves": "Times", "likely": "Likely after", "plan_on": "Plan on"}
CONTRACT = (
    "Capacity is out from cordoned until in service. Removed is lost, and counted as lost, never as returned.",
    "in_service: of each cluster, so many GPUs or more are in service at each instant, with that certainty. Plan on "
    "the 90 % line; what needs the GPUs anyway may look at the 50 % line.",
    "avoid: nodes with the instant from which to leave them alone. Before it, start only what will have ended by then.",
    "draining: what runs there may end by itself. Everything else on the list runs nothing, or is about to.",
    "until: by when the whole maintenance of a node is back, at the certainty asked for. No promise for a node.",
    "A node leaves the list when it is in service again. A removed one stays on it while its maintenance is open.",
)


def page(scope: Scope) -> None:
    """Draws the page."""
    shell.printed(_drawn, "lifecycle", scope)


def _drawn(story: Lifecycle, scope: Scope) -> None:
    paper.sentence(story.sentence)
    left, right = st.columns([2, 3], gap="large")
    with left:
        paper.picture(states(story.states, paper.look()), story.spoken, "states")
        paper.caption(
            "In each box: nodes now, and who has the ball. Beside each way: how long a stay is, likely – plan on."
        )
    with right:
        with st.container(key="stages"):
            stages = story.stages.assign(holder=[role(each) for each in story.stages["holder"]])
            paper.table(stages, STAGES, scope.zone, "Each stage: who has the ball, and what the scheduler does")
        paper.caption(story.basis)
        if len(story.others):
            with st.expander("Other ways that nodes took"):
                paper.table(story.others, OTHERS, scope.zone, "Other ways that nodes took")
    paper.heading("Signals for schedulers")
    paper.caption(
        "GET /api/v1/signals gives this as JSON, live or as of any instant; /api/v1/openapi.json describes it."
    )
    paper.points(CONTRACT)
