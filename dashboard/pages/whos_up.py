"""Who's up: whom do we wait for, since when, and what is overdue."""

import streamlit as st

from dashboard.model.scope import Scope
from dashboard.pages import columns, paper, shell
from dashboard.views.expectations import WhoIsUp

PARTIES = {
    "who": "Whom",
    "what": "Owes first",
    "late_words": "Late",
    "overdue_words": "Overdue",
    "next_due": "Next due",
    "at_risk": "At risk",
    "contact": "Contact",
    "escalates_to": "Escalates to",
}
CLOCKS = {
    "who": "Whom",
    "what": "Owes what",
    "state": "State",
    "due": "Due",
    "chance_words": "Chance to break",
    "basis_words": "Agreed",
    "title": "Maintenance",
}
OWED = {
    "who": columns.text("Whom", 215),
    "what": columns.text("Owes what", 320),
    "due": columns.instant("Due"),
    "late_words": columns.text("Late", 70),
    "basis": columns.text("By"),
    "state": columns.text("State"),
    "title": columns.text("Maintenance", 220),
    "since": columns.instant("Since"),
    "contact": columns.text("Contact"),
    "escalates_to": columns.text("Escalates to"),
    "basis_words": columns.text("Why then"),
}
CASES = {
    "case_id": "Case",
    "node_id": "Node",
    "stage": "Which is",
    "state": "Case is",
    "status": "Status",
    "resolution_due_at": "Fix due",
    "response_due_at": "Answer due",
    "severity": "Severity",
    "maintenance": "Maintenance",
    "note": "Note",
}
MOST = 40  # rows of a table that is read, not sorted


def page(scope: Scope) -> None:
    """Draws the page."""
    story: WhoIsUp = shell.load("who_is_up", scope)
    shell.printed(_first, "who_is_up", scope)
    if story.things:
        shell.maintenances(story.owed, OWED, scope.zone, "owed", "Everything that is owed")
        _rest(story.things - len(story.owed), "Narrow the scope above to see them.")
    shell.printed(_last, "who_is_up", scope)
    if story.providers:
        paper.heading("To show to a provider", "What they and we owe each other, without a word of anything else.")
        with st.container(horizontal=True, key="partners"):
            for provider, name in story.providers:
                shell.way_out("partner", name, provider=provider)


def _first(story: WhoIsUp, scope: Scope) -> None:
    """The sentence, the numbers, and each party."""
    paper.sentence(story.sentence)
    if not story.things:
        paper.nothing(
            "No stage, promise, commitment, support case or confirmation is open here.",
            "Widen the scope above to see more of the fleet.",
        )
        return
    grid = st.grid(4, min_column_width=150, gap="small", key="numbers")
    paper.number(grid, "Waiting for", f"{story.waiting_for:,}, parties, for {story.things:,} things")
    paper.number(grid, "Overdue", f"{story.overdue:,}", hint="Past what was agreed, promised, or usual (9 in 10).")
    paper.number(grid, "At risk", f"{story.at_risk:,}", hint="More likely than 10 % to be late, by the forecast.")
    paper.number(grid, "Due in 24 h", f"{story.soon:,}")
    paper.heading("Each party", "The longest overdue first.")
    with st.container(key="parties"):
        paper.table(story.parties, PARTIES, scope.zone, "Each party, and what it owes")
    paper.heading("Everything owed", "A title opens its maintenance; a heading sorts.")


def _last(story: WhoIsUp, scope: Scope) -> None:
    """The clocks of contracts, and the support cases."""
    if not story.things:
        return
    paper.heading("SLA clocks")
    if len(story.clocks):
        with st.container(key="clocks"):
            paper.table(story.clocks.head(MOST), CLOCKS, scope.zone, "What contracts grant, and how it stands")
        _rest(len(story.clocks) - MOST, "They are in the table above.")
    elif story.contracts:
        paper.nothing("No clock of a contract runs right now.")
    else:
        paper.nothing(
            "No contract is configured, so dues are what parties promised, what cases say, or what is usual.",
            "Write each as a table [[slas]] in the file that DASHBOARD_CONFIG names.",
        )
    if len(story.cases):
        paper.heading("Support cases", "Each beside the node that it is for.")
        with st.container(key="cases"):
            paper.table(story.cases.head(MOST), CASES, scope.zone, "Support cases and their nodes")
        _rest(len(story.cases) - MOST, "Narrow the scope above to see them.")


def _rest(more: int, where: str) -> None:
    if more > 0:
        paper.caption(f"And {more:,} more that are less pressing. {where}")
