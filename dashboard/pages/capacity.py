"""Capacity: what is out for me, when is it back, and when can I run."""

import streamlit as st

from dashboard.figures.fan import fan
from dashboard.figures.spark import spark
from dashboard.model.scope import Scope
from dashboard.model.words import percent
from dashboard.pages import can_i_run, columns, paper, share, shell
from dashboard.views.capacity import WhatIsOut

BEHIND = {
    "title": columns.text("Maintenance", 320),
    "gpus_out": columns.count("GPUs out"),
    "gpus_total": columns.count("Of"),
    "risk": columns.text("Risk"),
    "likely_back": columns.instant("Likely back"),
    "plan_on": columns.instant("Plan on"),
    "promised": columns.instant("Promised"),
    "waiting_for": columns.text("Waiting for"),
    "provider": columns.text("Provider"),
    "cluster": columns.text("Cluster"),
}
TEAMS = {
    "team": "Team",
    "allocated": "GPUs allocated",
    "out_now": "Out now",
    "most_out": "Out at most",
    "most_out_at": "On",
    "basis": "Known",
}
CLUSTERS = {
    "cluster": "Cluster",
    "provider": "Provider",
    "region": "Region",
    "sku": "SKU",
    "gpus": "GPUs",
    "in_service": "In service",
    "out": "Out",
    "lost": "Lost",
}
BACK = "When 95 % of the GPUs that are out now are back in service."


def page(scope: Scope) -> None:
    """Draws the page."""
    story: WhatIsOut = shell.load("what_is_out", scope)
    shell.printed(_first, "what_is_out", scope)
    if len(story.behind):
        shell.maintenances(story.behind, BEHIND, scope.zone, "behind", "Maintenances that have GPUs out")
    with shell.part("Can I run?"):
        can_i_run.section(scope)
    shell.printed(_last, "what_is_out", scope)
    share.both(scope)


def _first(story: WhatIsOut, scope: Scope) -> None:
    """What a look takes in: the sentence, the numbers, the curve."""
    paper.sentence(story.sentence)
    _numbers(story, scope)
    paper.picture(fan(story.fan, paper.look(), scope.zone), f"GPUs out over time. {story.sentence}", "fan")
    paper.key(story.fan)
    paper.heading("What is behind it", "A title opens its maintenance." if len(story.behind) else "")
    if not len(story.behind):
        paper.nothing("No maintenance has GPUs out.", "What is announced is under Maintenances.")


def _last(story: WhatIsOut, scope: Scope) -> None:
    """What only some want to know."""
    if len(story.teams):
        paper.heading("Who loses what in the next 14 days")
        paper.table(story.teams, TEAMS, scope.zone, "What each team loses")
    if len(story.clusters):
        with st.expander("Every cluster"):
            paper.table(story.clusters, CLUSTERS, scope.zone, "Every cluster")


def _numbers(story: WhatIsOut, scope: Scope) -> None:
    grid = st.grid(4, min_column_width=150, gap="small", key="numbers")
    out = f"{story.out:,}, of {story.gpus:,} GPUs" + (f", {story.lost:,} lost" if story.lost else "")
    with grid.cell():
        paper.number(st, "Out now", out)
        if story.trend:
            paper.picture(spark(story.trend, paper.look()), "GPUs out over the last 7 days", "trend")
    paper.number(grid, "Likely back", story.likely_words, hint=f"{BACK} As likely before as after.")
    paper.number(grid, f"Safe to plan on, {percent(scope.certainty)}", story.plan_on_words, hint=BACK)
    if story.dip is None:
        paper.number(grid, "Next dip", "none, planned in 14 days")
    else:
        paper.number(grid, "Next dip", f"{story.dip.gpus:,} GPUs, {story.dip.words}", hint=story.dip.title)
