"""What is put on a page: its sentence, numbers, figures and tables, and the words where there is none of these."""

import re
from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.figures.theme import DARK, LETTERS, LIGHT, Look
from dashboard.model.outlook import Fan
from dashboard.pages.text import numbers, plain, quantity, written_out


def look() -> Look:
    """The colours that the viewer sees."""
    return DARK if st.context.theme.type == "dark" else LIGHT


def sentence(words: str) -> None:
    """The first thing on every page: what it comes to, ready to be sent as it is."""
    st.title(plain(words), anchor=False)


def heading(words: str, aside: str = "") -> None:
    """Opens a section, with a quiet word on how to use it."""
    st.header(plain(words), anchor=False)
    if aside:
        st.caption(plain(aside))


def caption(words: str) -> None:
    """A quiet line."""
    st.caption(plain(words))


def strong(words: str) -> None:
    """A line that stands out."""
    st.markdown(f"**{plain(words)}**")


def card(head: str, words: str) -> None:
    """A few sentences under a quiet line, set apart."""
    with st.container(border=True):
        st.caption(plain(head))
        st.markdown(plain(words))


def points(words: Sequence[str]) -> None:
    """A short list."""
    st.markdown("\n".join(f"- {plain(each)}" for each in words))


def facts(pairs: tuple[tuple[str, str], ...]) -> None:
    """Labels and values, one pair a line."""
    if pairs:
        st.table({f"**{plain(label)}**": plain(value) for label, value in pairs}, border="horizontal")


def number(grid: Any, label: str, words: str, *, hint: str | None = None) -> None:
    """One number with what qualifies it below: what follows the first comma of `words`."""
    value, _, rest = words.partition(", ")
    grid.metric(label, plain(value), plain(rest) or None, delta_color="off", delta_arrow="off", help=hint)


def picture(figure: Any, words: str, key: str, camera: str = "") -> None:
    """A figure, with what it says in words for whoever does not see it; a `camera` saves it as a PNG of that name."""
    taken = {"format": "png", "scale": 2, "filename": camera}
    bar = {"modeBarButtons": [["toImage"]], "displaylogo": False, "toImageButtonOptions": taken} if camera else {}
    config = {"displayModeBar": bool(camera), "scrollZoom": False, **bar}
    st.plotly_chart(figure, theme=None, key=key, alt=words, config=config)


def stages() -> None:
    """The letters of the stages."""
    st.caption(" · ".join(f"{letter} {stage.replace('_', ' ')}" for stage, letter in LETTERS.items()))


def letter(head: str, subject: object, body: object) -> None:
    """A message of somebody's, set apart; no word of it is read as anything but text."""
    with st.container(border=True):
        caption(head)
        strong(str(subject))
        st.text(str(body))


def key(drawn: Fan | None = None) -> None:
    """The one grammar of every figure; not where the figure is empty."""
    if drawn is not None and not (drawn.past_at or drawn.curve.at):
        return
    st.caption(
        "Solid: what happened. Line and bands: likely, the middle half, 8 in 10 outcomes. "
        "A filled mark is our estimate, a hollow one the provider’s promise, grey once it has passed."
    )


def table(frame: pd.DataFrame, columns: dict[str, str], zone: str, words: str) -> None:
    """A table to read: real rows and cells, every word of it plain."""
    shown = written_out(frame, columns, zone)
    # The styler keeps numbers numbers, so that they stand on the right, and still groups their thousands.
    styled = shown.style.format(dict.fromkeys(numbers(shown), quantity))
    st.table(styled, border="horizontal", hide_index=True, alt=words)


def words_in_rows(head: Sequence[str], rows: Sequence[Sequence[str]], words: str) -> None:
    """A table that is in words already; columns may have the same name, or none."""
    frame = pd.DataFrame([[plain(each) for each in row] for row in rows], columns=range(len(head)))
    # A name that nobody sees tells two columns apart.
    frame.columns = pd.Index([plain(each) + "\u200b" * i for i, each in enumerate(head)])
    st.table(frame, border="horizontal", hide_index=True, alt=words)


def nothing(words: str, hint: str = "") -> None:
    """Empty, as a state of its own: why, and what to do."""
    with st.container(key=_slug("nothing", words), border=True):
        st.markdown(plain(words))
        if hint:
            st.caption(plain(hint))


def failed(what: str, why: str, still: str) -> None:
    """One sentence on what cannot be shown and why, and what still works."""
    with st.container(key=_slug("failed", what), border=True):
        st.markdown(f"**{plain(what)} cannot be shown right now.** {plain(why)}")
        st.caption(f"{plain(still)} This page tries again by itself.")


def _slug(state: str, words: str) -> str:
    return f"{state}_" + "_".join(re.findall(r"[a-z0-9]+", words.lower()))
