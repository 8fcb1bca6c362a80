"""Notices: who was told what, who has not confirmed."""

from functools import partial

import streamlit as st

from dashboard.model.scope import Scope
from dashboard.pages import paper, shell, text
from dashboard.views.notices import Unconfirmed, WhoWasTold

LADDERS = {
    "title": "Maintenance",
    "audience": "Audience",
    "told": "Told last",
    "next": "Next",
    "not_sent": "Not sent, and why",
}
DELIVERIES = {
    "written_at": "When",
    "audience": "To",
    "subject": "What",
    "channel": "Over",
    "state": "State",
    "attempts": "Tries",
    "said": "What was answered",
}


def page(scope: Scope) -> None:
    """Draws the page."""
    story: WhoWasTold = shell.load("who_was_told", scope)
    shell.printed(_head, "who_was_told", scope)
    for each in story.unconfirmed:
        _waiting(each)
    shell.printed(_rest, "who_was_told", scope)


def _head(story: WhoWasTold, scope: Scope) -> None:
    paper.sentence(story.sentence)
    if scope.as_of is not None:
        paper.caption("Who was told is shown as it is now, whatever instant is chosen.")
    if story.unconfirmed:
        paper.heading("Nobody has acknowledged", "Each is sent again every few hours until somebody does.")


def _waiting(each: Unconfirmed) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"waits_{each.message}"):
        with st.container():
            paper.strong(each.subject)
            paper.caption(f"{each.audience} · sent {each.since}")
        st.button("Acknowledge", key=f"ack_{each.message}", on_click=partial(_acknowledge, each.message))


def _acknowledge(message: str) -> None:
    who = str(st.user.get("email") or "") if st.user.get("is_logged_in") else ""
    shell.say("acknowledge", message, who)


def _rest(story: WhoWasTold, scope: Scope) -> None:
    if not story.written and not len(story.ladders):
        paper.nothing(
            "Nothing has been sent, and nothing is due.",
            "Write channels and audiences under [notices] in the configuration, let dashboard doctor check them, "
            "and run dashboard worker.",
        )
        return
    if len(story.failures):
        paper.heading("Not arrived", "Each is tried again, and over the next channel, until it arrives.")
        paper.table(story.failures, DELIVERIES, scope.zone, "Messages that have not arrived, and why")
    if len(story.previews):
        paper.heading("What is said next")
        for each in story.previews.itertuples():
            paper.card(f"{text.when(each.at, scope.zone)} · {each.audience}", str(each.words))
    if len(story.ladders):
        paper.heading("Each ladder", "What is not sent has its reason.")
        paper.table(
            story.ladders, LADDERS, scope.zone, "Each maintenance and audience: told, next, and what is not sent"
        )
    if len(story.deliveries):
        paper.heading("Sent")
        paper.table(story.deliveries, DELIVERIES, scope.zone, "What was sent, over what, and what was answered")
