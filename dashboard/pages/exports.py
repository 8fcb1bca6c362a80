"""What can be taken along from a review. A file is made when somebody asks for it, and not before."""

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import streamlit as st

from dashboard.decks.paper import paper
from dashboard.decks.powerpoint import powerpoint
from dashboard.decks.sheet import sheet
from dashboard.model.scope import Scope
from dashboard.views.ledgers import behind, figures
from dashboard.views.review import Review
from dashboard.views.slides import deck

SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation"


def exports(story: Review, scope: Scope, chosen: Mapping[str, str]) -> None:
    """Behind a button: slides, a paper, and tables."""
    base, name = _base(), f"review-{story.period.spelt.replace('..', '-to-')}"

    def table(which: str) -> bytes:
        frame = figures(story.lines) if which == "figures" else behind(story)
        return sheet(list(frame.columns), frame.itertuples(index=False, name=None))

    with st.popover("Export", icon=":material/download:", key="export", width="content"):
        _button("PowerPoint", lambda: powerpoint(deck(story, scope, base, chosen)), f"{name}.pptx", SLIDES)
        _button("PDF", lambda: paper(deck(story, scope, base, chosen)), f"{name}.pdf", "application/pdf")
        _button("Figures as CSV", lambda: table("figures"), f"{name}-figures.csv", "text/csv")
        _button("Maintenances as CSV", lambda: table("behind"), f"{name}-maintenances.csv", "text/csv")
        st.caption("A figure as PNG: the camera above it. Every slide links back to what it shows.")


def _button(label: str, make: Callable[[], bytes], name: str, mime: str) -> None:
    st.download_button(label, make, name, mime, key=name, on_click="ignore", width="stretch")


def _base() -> str:
    """The app's address as the viewer has it."""
    page = urlsplit(st.context.url or "")
    return f"{page.scheme}://{page.netloc}{page.path.rstrip('/').removesuffix('/review')}" if page.netloc else ""
