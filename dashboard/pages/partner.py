"""Partner: what a provider and we owe each other, fit to be shown to them."""

import streamlit as st

from dashboard.model.scope import Scope
from dashboard.pages import paper, shell, text
from dashboard.views.partner import Partner

THEIRS = {
    "what": "What",
    "maintenance": "Maintenance",
    "due": "due",
    "late_words": "late",
    "who": "Who",
    "basis": "by",
    "since": "since",
    "escalates_to": "Escalates to",
}
OURS = {name: head for name, head in THEIRS.items() if name != "escalates_to"}
CASES = {
    "case_id": "Case",
    "node_id": "Node",
    "status": "Status",
    "response_due_at": "answer due",
    "resolution_due_at": "fix due",
    "severity": "Severity",
    "opened_at": "opened",
    "maintenance": "Maintenance",
}


def page(scope: Scope) -> None:
    """Draws the page of the provider that the URL names, and nothing around it."""
    provider = scope.provider or ""
    if not provider or shell.load("between_us", scope, provider) is None:
        paper.nothing("No such provider was known then.", "Follow a link from the page Who's up.")
        return
    with st.container(key="between"):
        shell.printed(_all, "between_us", scope, provider)


def _all(story: Partner, scope: Scope) -> None:
    paper.sentence(story.sentence)
    for title, frame, columns in (
        (f"What we expect of {story.provider}", story.theirs, THEIRS),
        (f"What we owe {story.provider}", story.ours, OURS),
        ("Open support cases", story.cases, CASES),
    ):
        paper.heading(text.plain(title))
        if len(frame):
            paper.table(frame, columns, scope.zone, title)
        else:
            paper.nothing("Nothing is open.")
    at = f"{text.when(story.now, scope.zone)}, {text.zone_words(scope.zone, story.now)}"
    paper.caption(f"As of {at}. Due by contract, promise or support case where one says, else by what is usual.")
