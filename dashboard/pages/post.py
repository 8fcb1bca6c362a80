"""Messages of no maintenance: read them here, and say which maintenance they are of."""

from collections.abc import Sequence

import streamlit as st

from dashboard.model.scope import Scope
from dashboard.pages import paper, shell, text
from dashboard.views.messages import Unread, Written

TYING = "tying"


def section(scope: Scope) -> None:
    """The unread messages, each with a way to its maintenance, and the ways back."""
    found: Unread = shell.load("what_is_unread", scope)
    if found.unread:
        hint = "What one says becomes facts only where it says it clearly; who knows better can say of what it is."
        paper.heading("Unread messages", f"{found.sentence} {hint}")
        for number, each in enumerate(found.unread):
            _card(each, scope, number)
        if found.more:
            paper.caption(f"And {found.more:,} older ones.")
    if found.tied:
        paper.heading("Tied by hand")
        for number, each in enumerate(found.tied):
            _tied(each, scope, number)


def _card(each: Written, scope: Scope, number: int) -> None:
    with st.container(border=True, key=f"unread_{number}"):
        claimed = f" · names an end: {text.when(each.claimed_end, scope.zone)}" if each.claimed_end else ""
        paper.caption(f"{text.when(each.received_at, scope.zone)} · {each.sender or 'no sender'}{claimed}")
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{text.plain(each.subject or 'No subject')}**")
            if scope.as_of is None and st.session_state.get(TYING) != each.message_id:
                key = f"tie_{each.message_id}"
                st.button("Tie to a maintenance…", key=key, type="tertiary", on_click=_begin, args=(each.message_id,))
        st.text(each.excerpt)
        if each.rest:
            with st.expander("All of it"):
                st.text(each.rest)
        if scope.as_of is None and st.session_state.get(TYING) == each.message_id:
            _way(each)


def _way(each: Written) -> None:
    """To its maintenance. In the card, and not in a dialog: a page that draws itself anew would close that."""
    offered: Sequence[tuple[str, str]] = shell.load("may_be_of")
    names = dict(offered)
    chosen = st.selectbox(
        "Of which maintenance?",
        list(names),
        index=None,
        format_func=lambda name: names[name],
        placeholder="Search by title or id",
        key=f"of_{each.message_id}",
        width=640,
    )
    st.caption("It is shown there from now on; a look at the past still finds it unread. This can be undone.")
    with st.container(horizontal=True):
        tie = st.button("Tie", type="primary", disabled=chosen is None, key="tie")
        st.button("Leave it", key="leave", on_click=_begin, args=(None,))
    if tie and chosen and shell.say("tie", each.message_id, chosen):
        _begin(None)
        st.rerun()


def _begin(message_id: str | None) -> None:
    st.session_state[TYING] = message_id


def _tied(each: Written, scope: Scope, number: int) -> None:
    with st.container(horizontal=True, key=f"tied_{number}", vertical_alignment="center"):
        when = text.when(each.tied_at, scope.zone)
        st.markdown(f"{text.plain(each.subject or 'No subject')}, to **{text.plain(each.maintenance)}** ({when})")
        if scope.as_of is None:
            undo = st.button("Undo", key=f"untie_{each.message_id}", type="tertiary")
            if undo and shell.say("tie", each.message_id, ""):
                st.rerun()
