"""Maintenance: where does this one stand."""

import streamlit as st

from dashboard.figures.fan import fan
from dashboard.figures.progress import progress
from dashboard.figures.slip import slip
from dashboard.model.scope import Scope
from dashboard.model.words import percent
from dashboard.pages import address, ledger, paper, share, shell, tellings
from dashboard.views.maintenance import WhereItStands

BACK = {"fraction": "Back", "likely": "Likely", "plan_on": "Plan on", "words": "In words"}


def page(scope: Scope) -> None:
    """Draws the page of the maintenance that the URL names."""
    top = st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="top")
    with top:
        shell.way("maintenances", "All maintenances", icon=":material/arrow_back:")
    maintenance_id = shell.load("whole_of", scope, address.said("maintenance") or "")
    if shell.load("where_it_stands", scope, maintenance_id) is None:
        paper.nothing(f"No maintenance {maintenance_id} was known then.", "Pick one from the list of maintenances.")
        return
    with top:
        share.update(scope, maintenance_id)
    shell.printed(_first, "where_it_stands", scope, maintenance_id)
    with shell.part("Nodes by stage"):
        _nodes(scope, maintenance_id)
    with shell.part("The record"):
        shell.printed(ledger.section, "where_it_stands", scope, maintenance_id)
    with shell.part("Who tells of it"):
        tellings.section(scope, maintenance_id)


def _first(story: WhereItStands, scope: Scope) -> None:
    """The sentence, the numbers, the curve, and how the ETA moved."""
    paper.caption(f"{story.title} · {story.subtitle} · {story.maintenance_id}")
    paper.sentence(story.sentence)
    _numbers(story, scope)
    paper.picture(fan(story.fan, paper.look(), scope.zone), f"GPUs out over time. {story.sentence}", "curve")
    paper.key(story.fan)
    _why(story, scope)
    paper.heading("How the ETA moved", "Across, when it was said; up, what was said. What climbs, slips.")
    paper.picture(slip(story.slip, paper.look(), scope.zone), "How the ETA moved against the promise", "slip")


def _numbers(story: WhereItStands, scope: Scope) -> None:
    grid = st.grid(5, min_column_width=150, gap="small", key="numbers")
    lost = f", {story.lost:,} lost" if story.lost else ""
    paper.number(grid, "Out", f"{story.out:,}, of {story.gpus:,} GPUs{lost}")
    paper.number(grid, "Back", f"{story.returned:,}, GPUs in service again")
    paper.number(grid, "Likely back", story.likely_words, hint="95 % of its GPUs; as likely before as after.")
    paper.number(grid, f"Safe to plan on, {percent(scope.certainty)}", story.plan_on_words, hint="95 % of its GPUs.")
    paper.number(grid, "Promised", story.promised_words, hint="The provider's latest word.")


def _why(story: WhereItStands, scope: Scope) -> None:
    left, right = st.columns(2, gap="medium")
    with left:
        if story.account:
            paper.heading("How it went")
            paper.points(story.account)
        else:
            paper.heading("Why", story.moved)
            paper.points(story.because or ("Nothing is known yet that moves it.",))
        paper.facts(story.facts)
    with right:
        paper.heading("How much is back by when")
        paper.table(story.back, BACK, scope.zone, "How much is back by when")


def _nodes(scope: Scope, maintenance_id: str) -> None:
    story: WhereItStands = shell.load("where_it_stands", scope, maintenance_id)
    shell.printed(_stages, "where_it_stands", scope, maintenance_id)
    if story.by_node:
        words = "Nodes by stage, rack by rack"
        shell.nodes("where_it_stands", scope, maintenance_id, words=words, key="racks")
    if len(story.stragglers):
        paper.heading("Stragglers", "Longest in a stage that somebody is to move them on from. A node opens its page.")
        shell.maintenances(story.stragglers, ledger.STRAGGLERS, scope.zone, "stragglers", "Stragglers")


def _stages(story: WhereItStands, scope: Scope) -> None:
    """How many nodes stand in which stage."""
    paper.heading("Nodes by stage", "A column a rack; a node opens its page." if story.by_node else "")
    if not story.by_node:
        paper.nothing("The provider does not report node by node.", "The curve rests on its word for the whole.")
        return
    paper.picture(progress(ledger.by_stage(story), paper.look()), "Nodes by stage, as one bar", "progress")
    ledger.stages(story, scope)
