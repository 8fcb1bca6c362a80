"""What stands behind one maintenance: stages, who is waited for, stragglers, messages, cases, updates."""

import pandas as pd
import streamlit as st

from dashboard.figures.theme import LETTERS
from dashboard.model.scope import Scope
from dashboard.model.stages import Stage
from dashboard.model.words import role
from dashboard.pages import columns, paper, text
from dashboard.views.maintenance import WhereItStands

STAGES = {
    "stage": "Stage",
    "key": "Key",
    "nodes": "Nodes",
    "gpus": "GPUs",
    "waiting_for": "Waiting for",
    "longest_words": "Longest",
}
WAITING = {
    "who": "Who",
    "what": "Owes what",
    "due": "Due",
    "late_words": "Late",
    "basis": "By",
    "contact": "Contact",
    "escalates_to": "Escalates to",
    "role": "Role",
    "since": "Since",
}
STRAGGLERS = {
    "node_id": columns.text("Node", 180),
    "stage": columns.text("Stage"),
    "hours": columns.lasted("For"),
    "usual_hours": columns.lasted("Usually"),
    "waiting_for": columns.text("Waiting for", 220),
    "since": columns.instant("Since"),
    "rack": columns.text("Rack"),
}
CASES = {
    "case_id": "Case",
    "node_id": "Node",
    "status": "Status",
    "resolution_due_at": "Fix due",
    "note": "Note",
    "severity": "Severity",
    "opened_at": "Opened",
    "response_due_at": "Answer due",
}
TOLD = {"audience": "Audience", "told": "Told last", "next": "Next", "not_sent": "Not sent, and why"}
UPDATES = {
    "recorded_at": "When",
    "source": "Source",
    "status": "Status",
    "planned_start": "Planned start",
    "planned_end": "Planned end",
    "note": "Note",
}
MOST_OWED = 30


def by_stage(story: WhereItStands) -> dict[Stage, int]:
    """Nodes by stage."""
    return {Stage(stage): int(nodes) for stage, nodes in zip(story.stages["stage"], story.stages["nodes"], strict=True)}


def stages(story: WhereItStands, scope: Scope) -> None:
    """The key to the bar above and the grid below: a letter and a name a stage."""
    keyed = story.stages.assign(
        key=[LETTERS[Stage(each)] for each in story.stages["stage"]],
    )
    with st.container(key="by_stage"):
        paper.table(_spaced(keyed, "stage"), STAGES, scope.zone, "Nodes by stage")


def _spaced(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """A word of the contract as people write it: in_maintenance is in maintenance."""
    return frame.assign(**{column: frame[column].astype(str).str.replace("_", " ")})


def section(story: WhereItStands, scope: Scope) -> None:
    """Everything in writing."""
    paper.heading("Whom we wait for")
    if len(story.waiting_for):
        waiting = story.waiting_for.head(MOST_OWED)
        waiting = waiting.assign(role=[role(each) for each in waiting["role"]])
        with st.container(key="waited"):
            paper.table(waiting, WAITING, scope.zone, "Whom we wait for")
    else:
        paper.nothing("Nobody is expected to do anything right now.")
    if len(story.waiting_for) > MOST_OWED:
        paper.caption(f"And {len(story.waiting_for) - MOST_OWED:,} more that are due later, on the page Who’s up.")
    if len(story.cases):
        paper.heading("Support cases")
        with st.container(key="cases"):
            paper.table(_spaced(story.cases, "status"), CASES, scope.zone, "Support cases")
    if len(story.told):
        paper.heading("Who was told", "The last word to each audience; what was sent and how is on the page Notices.")
        paper.table(story.told, TOLD, scope.zone, "Who was told of it, and who is next")
    _messages(story, scope)
    if len(story.updates):
        with st.expander("Every update"):
            paper.table(_spaced(story.updates, "status"), UPDATES, scope.zone, "Every update")


def _messages(story: WhereItStands, scope: Scope) -> None:
    if not len(story.messages):
        return
    paper.heading("What the provider wrote")
    for message in story.messages.itertuples():
        claimed = text.when(message.claimed_end, scope.zone)
        ends = f" · names an end: {claimed}" if claimed != "–" else ""
        head = f"{text.when(message.received_at, scope.zone)} · {message.sender}{ends}"
        paper.letter(head, message.subject, message.body)
