"""A review presented: one figure a screen, turned by the keyboard, and nothing around it."""

import streamlit as st

from dashboard.figures.chart import chart
from dashboard.model.deck import Deck, Slide
from dashboard.model.scope import Scope
from dashboard.pages import address, paper

WIDE = 7  # columns, from which on a table is set smaller
PARAMETER = "present"


def present(deck: Deck, scope: Scope) -> None:
    """The slide that the URL numbers, and the three keys: back, on, and out."""
    last = len(deck.slides)
    text = address.said(PARAMETER) or ""
    number = min(max(int(text), 1), last) if text.isascii() and text.isdigit() and len(text) < 6 else 1
    with st.container(key="presenting"):
        _slide(deck.slides[number - 1], scope)
    with st.container(horizontal=True, key="turning", vertical_alignment="center", gap="small"):
        _turn("Back", "Left", max(number - 1, 1), disabled=number == 1)
        _turn("On", "Right", min(number + 1, last), disabled=number == last)
        st.button("Leave", shortcut="Esc", key="leave", type="tertiary", on_click=address.write, args=(PARAMETER, None))
        paper.caption(f"{number} of {last} · {deck.subtitle} · {deck.foot}")


def _turn(label: str, key: str, to: int, *, disabled: bool) -> None:
    st.button(label, shortcut=key, key=key, disabled=disabled, on_click=address.write, args=(PARAMETER, str(to)))


def _slide(slide: Slide, scope: Scope) -> None:
    paper.sentence(slide.title)
    if slide.aside:
        paper.caption(slide.aside)
    if slide.chart is not None:
        paper.picture(chart(slide.chart, paper.look(), scope.zone, large=True), slide.title, "presented")
    if slide.table is not None:
        wide = len(slide.table.head) > WIDE
        with st.container(key="presenting_wide" if wide else "presenting_table"):
            paper.words_in_rows(slide.table.head, slide.table.rows, slide.title)
