"""Plan: what if it were moved, went more at once, or in two parts."""

import streamlit as st

from dashboard.figures.beside import beside
from dashboard.model.decision import Decision
from dashboard.model.planning import Alternative
from dashboard.model.scope import Scope
from dashboard.pages import address, paper, shell
from dashboard.views.plan import Plan

LATER = {
    -72.0: "3 days earlier", -24.0: "a day earlier", 0.0: "when planned", 24.0: "a day later", 72.0: "3 days later",
    168.0: "a week later", 336.0: "two weeks later",
}  # fmt: skip
TIMES = {0.5: "half as many", 1.0: "as many as planned", 1.5: "half as many again", 2.0: "twice as many", 0.0: "all"}
APART = {0.0: "in one go", 24.0: "halves, a day apart", 72.0: "halves, 3 days apart", 168.0: "halves, a week apart"}
BESIDE = {"what": " ", "today": "As planned", "instead": "Instead", "difference": "Difference"}
CLASHES = {
    "title": "Maintenance",
    "shares": "Also takes from",
    "begins": "Both out from",
    "ends": "Until",
    "together": "GPUs out at most, both",
}
DECISIONS = {
    "recorded_at": "When",
    "what": "What",
    "why": "Why",
    "decided_by": "By",
    "signed_off_by": "Signed off by",
    "knowing": "Knowing",
}


def page(scope: Scope) -> None:
    """Draws the page."""
    name = address.said("maintenance") or ""
    change = Alternative(
        *(
            address.chosen(*each, spell="{:g}".format)
            for each in (("later", list(LATER), 0.0), ("times", list(TIMES), 1.0), ("apart", list(APART), 0.0))
        )
    )
    story: Plan | None = shell.load("plan", scope, name, change)
    if story is None:
        paper.sentence("Nothing is announced or running, so there is nothing to plan.")
        paper.nothing("What is announced appears here.", "A past instant shows what could have been planned then.")
        return
    paper.sentence(story.sentence)
    _controls(story)
    shell.printed(_drawn, "plan", scope, name, change)
    if scope.as_of is None:
        _record(story)


def _controls(story: Plan) -> None:
    with st.container(horizontal=True, key="what_if", vertical_alignment="bottom", gap="small"):
        choices = dict(story.choices)
        address.pick("maintenance", "Maintenance", choices, story.maintenance_id, place="sheet", width=340)
        number = "{:g}".format
        if not story.begun:
            address.pick("later", "Starts", LATER, 0.0, place="sheet", spell=number, width=170)
        address.pick("times", "At once", TIMES, 1.0, place="sheet", spell=number, width=190)
        if not story.begun:
            address.pick("apart", "Goes", APART, 0.0, place="sheet", spell=number, width=190)
    if story.begun:
        paper.caption("It has begun: only how many go at once can still be chosen.")


def _drawn(story: Plan, scope: Scope) -> None:
    words = f"GPUs out as planned and instead. {story.sentence}"
    paper.picture(beside(story.today, story.instead, paper.look(), scope.zone), words, "beside")
    paper.caption("Dotted: everything as planned. Line and band, 8 in 10: everything, with this one instead.")
    if story.debt:
        paper.points([story.debt])
    paper.heading("Beside each other")
    with st.container(key="instead"):
        paper.table(story.beside, BESIDE, scope.zone, "As planned and instead")
    paper.heading("Clashes", "Others that take from the same team, or the same cluster, in the same days.")
    if len(story.clashes):
        with st.container(key="clashes"):
            paper.table(story.clashes, CLASHES, scope.zone, "Clashes")
    else:
        paper.nothing("None: whoever loses GPUs to this one loses none to another meanwhile.")
    if len(story.decisions):
        paper.heading("Decided so far")
        paper.table(story.decisions, DECISIONS, scope.zone, "Decisions on this maintenance")


def _record(story: Plan) -> None:
    with st.expander("Write down a decision"), st.form("decision", border=False, clear_on_submit=True):
        what = st.text_input("What was decided", value=story.what or "As planned", max_chars=300)
        why = st.text_input("Why", max_chars=600)
        left, right = st.columns(2)
        by = left.text_input("Decided by", max_chars=120)
        signed = right.text_input("Signed off by", max_chars=120)
        st.caption("It is kept in the log with what was known, and never changed: a later one may say otherwise.")
        if st.form_submit_button("Keep it"):
            if not (what.strip() and by.strip()):
                st.warning("Say what was decided, and by whom.")
            elif shell.say("decide", Decision(story.maintenance_id, what, why, by, signed, story.sentence)):
                st.rerun()
