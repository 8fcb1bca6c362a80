"""Search: a node, a maintenance, a cluster, a team, a provider or a page, by any part of its name."""

from pathlib import Path

import streamlit as st

from dashboard.model.scope import Scope
from dashboard.pages import address, paper, shell, text
from dashboard.views.search import Found

HEADS = {
    "cluster": "Clusters",
    "maintenance": "Maintenances",
    "node": "Nodes",
    "team": "Teams",
    "provider": "Providers",
}
WAYS = {
    "cluster": ("cluster", "cluster"),
    "maintenance": ("maintenance", "maintenance"),
    "node": ("node", "node"),
    "team": ("capacity", "team"),
    "provider": ("capacity", "provider"),
}
"""Of a kind of thing: the page that shows it, and the parameter that names it there."""
ASKS = "Node, maintenance, cluster, team, provider or page"
HINT = "Any word or number of its name will do, and several at once: a01, firmware 2.14, M-1129, iad."
WITHIN = ("maintenance", "node", "cluster", "partner", "search")
"""Pages that show one thing each: these are found by what they show."""
OPEN = "search_opened_on"
KEYS = f"<script>\n{Path(__file__).with_name('search.js').read_text('utf-8')}</script>"


def page(scope: Scope) -> None:
    """Draws what goes by the name that the URL says."""
    paper.sentence("Search")
    wanted = address.write_in("q", ASKS)
    _results(wanted, scope)


def button(scope: Scope, here: str) -> None:
    """Opens the search over any page; `here` says which one, so that it is closed once another one is opened."""
    place = f"{here} {sorted(st.query_params.to_dict().items())}"
    if st.button("Search", icon=":material/search:", shortcut="Ctrl+K", type="tertiary", key="search"):
        st.session_state[OPEN] = place
    if st.session_state.get(OPEN) == place:
        # Asked for again in every run, until it is closed: news would close it otherwise, while somebody types.
        _over(scope)


def _closed() -> None:
    st.session_state.pop(OPEN, None)


@st.dialog("Search", width="medium", on_dismiss=_closed)
def _over(scope: Scope) -> None:
    wanted = st.text_input(ASKS, type="search", live=True, key="search_text", placeholder=ASKS)
    _results(wanted or "", scope)
    st.html(KEYS, unsafe_allow_javascript=True)


def _results(wanted: str, scope: Scope) -> None:
    if not wanted.strip():
        paper.caption(HINT)
        return
    found: Found = shell.load("search", scope, wanted.strip())
    pages = [name for name, title in shell.rooms().items() if wanted.strip().casefold() in title.casefold()]
    pages = [name for name in pages if name not in WITHIN]
    if not found.hits and not pages:
        paper.nothing(f"Nothing goes by “{wanted.strip()}”.", HINT)
        return
    with st.container(key="hits", gap=None):
        for kind, head in HEADS.items():
            hits = [each for each in found.hits if each.kind == kind]
            if hits:
                paper.caption(f"{head}{': the first of many, type more of the name' if kind in found.more else ''}")
            for each in hits:
                room, name = WAYS[kind]
                shell.way(room, f"**{text.plain(each.name)}** {text.plain(each.about)}", **{name: each.id})
        if pages:
            paper.caption("Pages")
        for name in pages:
            shell.way(name, shell.rooms()[name])
