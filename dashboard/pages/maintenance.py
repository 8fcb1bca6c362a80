"""Maintenance: where does this one stand."""

import streamlit as st

from dashboard.figures.fan import fan
from dashboard.figures.progress import progress
from dashboard.figures.racks import racks
from dashboard.figures.slip import slip
from dashboard.model.scope import Scope
from dashboard.pages import address, ledger, paper, share, shell, tellings
from dashboard.views.maintenance import WhereItStands

BACK = {"fraction": "Back", "likely": "likely", "plan_on": "plan on", "words": "in words"}


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
    shell.printed(_all, "where_it_stands", scope, maintenance_id)
    with shell.part("Who tells of it"):
        tellings.section(scope, maintenance_id)


def _all(story: WhereItStands, scope: Scope) -> None:
    paper.caption(f"{story.title} · {story.subtitle} · {story.maintenance_id}")
    paper.sentence(story.sentence)
    _numbers(story, scope)
    paper.picture(fan(story.fan, paper.look(), scope.zone), f"GPUs out over time. {story.sentence}", "curve")
    paper.key(story.fan)
    _why(story, scope)
    with shell.part("How the ETA moved"):
        paper.heading("How the ETA moved")
        paper.picture(slip(story.slip, paper.look(), scope.zone), "How the ETA moved against the promise", "slip")
    with shell.part("Nodes by stage"):
        _nodes(story, scope)
    with shell.part("The record"):
        ledger.section(story, scope)


def _numbers(story: WhereItStands, scope: Scope) -> None:
    grid = st.grid(5, min_column_width=150, gap="small", key="numbers")
    lost = f", {story.lost:,} lost" if story.lost else ""
    paper.number(grid, "Out", f"{story.out:,}, of {story.gpus:,} GPUs{lost}")
    paper.number(grid, "Back", f"{story.returned:,}, GPUs in service again")
    paper.number(grid, "Likely back", story.likely_words, hint="95 % of its GPUs; as likely before as after.")
    paper.number(grid, f"Safe to plan on, {scope.certainty:.0%}", story.plan_on_words, hint="95 % of its GPUs.")
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


def _nodes(story: WhereItStands, scope: Scope) -> None:
    paper.heading("Nodes by stage")
    if not story.by_node:
        paper.nothing("The provider does not report node by node.", "The curve rests on its word for the whole.")
        return
    paper.picture(progress(ledger.by_stage(story), paper.look()), "Nodes by stage, as one bar", "progress")
    ledger.stages(story, scope)
    paper.picture(racks(story.racks, paper.look()), "Nodes by stage, rack by rack", "racks")
