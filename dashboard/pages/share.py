"""What can be taken away from a page: the update as text, and the addresses to subscribe to."""

from datetime import datetime
from urllib.parse import urlencode, urlsplit

import streamlit as st

from dashboard.model.scope import Scope
from dashboard.pages import shell
from dashboard.views.status import Status
from dashboard.views.update import written

FILTERS = ("team", "provider", "cluster", "sku")
SHAPES = {"Markdown": "markdown", "Plain text": "text"}


def both(scope: Scope) -> None:
    """Discreetly, below everything else."""
    with st.container(horizontal=True, key="share", gap="small"):
        update(scope)
        subscribe(scope)


def update(scope: Scope, *ids: str) -> None:
    """The status update, behind a button, ready to be copied; written once somebody asks for it."""
    held = st.popover(
        "Copy as update", icon=":material/content_copy:", key="update", width="content", on_change="rerun"
    )
    if not held.open:
        return
    with held, shell.part("The update"):
        since: datetime | None = None  # a day before
        found: Status = shell.load("status", scope, since, ids)
        for tab, shape in zip(st.tabs(list(SHAPES)), SHAPES.values(), strict=True):
            tab.code(str(written(found, shape)), language=None, wrap_lines=True)


def subscribe(scope: Scope) -> None:
    """The calendar and the feed of what is in scope, behind a button."""
    chosen = {name: value for name in FILTERS if (value := getattr(scope, name))}
    query = f"?{urlencode(chosen)}" if chosen else ""
    page = urlsplit(st.context.url or "")
    base = f"{page.scheme}://{page.netloc}" if page.netloc else ""
    with st.popover("Subscribe", icon=":material/calendar_month:", type="tertiary", key="subscribe", width="content"):
        kept = "with the filters above" if chosen else "of everything; filters above narrow it"
        st.caption(f"For your calendar, {kept}. It follows every change of plan.")
        st.code(f"{base}/calendar.ics{query}", language=None, wrap_lines=True)
        st.caption("For a feed reader: what became known, newest first.")
        st.code(f"{base}/feed.atom{query}", language=None, wrap_lines=True)
