"""Partner: what a provider and we owe each other, fit to be shown to them."""

from collections.abc import Iterator

import pandas as pd
import streamlit as st

from dashboard.model.scope import Scope
from dashboard.pages import paper, shell, text
from dashboard.pages.tables import as_file
from dashboard.views.partner import Partner

THEIRS = {
    "maintenance": "Maintenance",
    "what": "What",
    "due": "Due",
    "late_words": "Late",
    "who": "Who",
    "basis": "By",
    "since": "Since",
    "escalates_to": "Escalates to",
}
OURS = {name: head for name, head in THEIRS.items() if name != "escalates_to"}
CASES = {
    "maintenance": "Maintenance",
    "case_id": "Case",
    "node_id": "Node",
    "status": "Status",
    "response_due_at": "Answer due",
    "resolution_due_at": "Fix due",
    "severity": "Severity",
    "opened_at": "Opened",
}

MOST = 40  # rows of a table that is read; a file has them all


def page(scope: Scope) -> None:
    """Draws the page of the provider that the URL names, and nothing around it."""
    provider = scope.provider or ""
    story: Partner | None = shell.load("between_us", scope, provider) if provider else None
    if story is None:
        paper.nothing("No such provider was known then.", "Follow a link from the page Who's up.")
        return
    with st.container(key="between"):
        shell.printed(_all, "between_us", scope, provider)
        long = [each for each in _tables(story) if len(each[2]) > MOST]
        if long:
            with st.container(horizontal=True, key="whole"):
                for name, title, frame, columns in long:
                    as_file(frame, columns, text.unread(f"{title}: all {len(frame):,} as CSV"), name)


def _all(story: Partner, scope: Scope) -> None:
    paper.sentence(story.sentence)
    for name, title, frame, columns in _tables(story):
        paper.heading(text.plain(title))
        if len(frame):
            with st.container(key=name):
                for maintenance, rows in _by_maintenance(frame.head(MOST)):
                    with st.container(gap=None):
                        paper.strong(maintenance)
                        paper.table(rows, _but_its_name(columns), scope.zone, f"{title}: {maintenance}")
        else:
            paper.nothing("Nothing is open.")
        if len(frame) > MOST:
            paper.caption(f"And {len(frame) - MOST:,} more that are less pressing, in the file below.")
    at = f"{text.when(story.now, scope.zone)}, {text.zone_words(scope.zone, story.now)}"
    paper.caption(f"As of {at}. Due by contract, promise or support case where one says, else by what is usual.")


def _by_maintenance(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Each one's name and rows; that of the most pressing row comes first."""
    for name, its in rows.groupby("maintenance", sort=False):
        yield str(name) or "Of no maintenance", its


def _but_its_name(columns: dict[str, str]) -> dict[str, str]:
    return {name: head for name, head in columns.items() if name != "maintenance"}


def _tables(story: Partner) -> tuple[tuple[str, str, pd.DataFrame, dict[str, str]], ...]:
    """Name, title, rows and columns of each."""
    return (
        ("expected", f"What we expect of {story.provider}", story.theirs, THEIRS),
        ("owed", f"What we owe {story.provider}", story.ours, OURS),
        ("cases", "Open support cases", story.cases, CASES),
    )
