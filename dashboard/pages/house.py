"""The house around the pages: which there are, the way between them, and what all of them have."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import streamlit as st

from dashboard.model.scope import Scope
from dashboard.pages import (
    address,
    capacity,
    cluster,
    lifecycle,
    maintenance,
    maintenances,
    node,
    notices,
    partner,
    plan,
    search,
    shell,
    sources,
    trust,
    watch,
    watchdog,
    whos_up,
)
from dashboard.views.freshness import Freshness

CSS = Path(__file__).with_name("house.css")


@dataclass(frozen=True, slots=True)
class Room:
    """A page of the house; one that is not listed is reached from within others, one that is bare stands alone."""

    name: str
    title: str
    draw: Callable[[Scope], None]
    listed: bool = True
    bare: bool = False  # for people from outside: nothing around it names anything


ROOMS = (
    Room("capacity", "Capacity", capacity.page),
    Room("maintenances", "Maintenances", maintenances.page),
    Room("plan", "Plan", plan.page),
    Room("whos_up", "Who’s up", whos_up.page),
    Room("watch", "Watch", watch.page),
    Room("notices", "Notices", notices.page),
    Room("trust", "Trust", trust.page),
    Room("sources", "Sources", sources.page),
    Room("lifecycle", "Lifecycle", lifecycle.page),
    Room("maintenance", "Maintenance", maintenance.page, listed=False),
    Room("node", "Node", node.page, listed=False),
    Room("cluster", "Cluster", cluster.page, listed=False),
    Room("search", "Search", search.page, listed=False),
    Room("partner", "Partner", partner.page, listed=False, bare=True),
)


def run(home: str = ROOMS[0].name) -> None:
    """Draws the page that the URL names; `home` is the one for an address that names none."""
    st.set_page_config(layout="wide", initial_sidebar_state="collapsed")
    st.html(CSS)
    scope: list[Scope] = []
    pages = {
        room.name: st.Page(partial(_draw, room, scope), title=room.title, url_path=room.name, default=room.name == home)
        for room in ROOMS
    }
    here = st.navigation(list(pages.values()), position="hidden")
    bare = any(room.bare and here == pages[room.name] for room in ROOMS)
    shell.signpost(**pages)
    seen = shell.begin()
    with shell.part("This page", "Nor can the other pages, until then."):
        scope.append(shell.scope_alone() if bare else _chrome(here.url_path))
    if scope:
        here.run()
    if not scope or scope[0].as_of is None:
        shell.stay_live(seen)


def _chrome(here: str) -> Scope:
    """The lines above a page: the ways to the others, the search, and the scope."""
    with st.container(key="chrome", gap="xsmall"):
        with st.container(horizontal=True, key="first_line", gap="small", vertical_alignment="center"):
            with st.container(horizontal=True, key="ways", gap="xsmall"):
                for room in ROOMS:
                    if room.listed:
                        shell.way(room.name, room.title)
            found = st.container(key="finder", width="content")
        scope = shell.scope_bar()
        with found:
            search.button(scope, here)
        return scope


def _draw(room: Room, scopes: list[Scope]) -> None:
    scope = scopes[0]
    if room.listed and room.name != "plan":
        for name in ("maintenance", "node", "q"):  # the browser's back button leaves these behind
            address.write(name, None)
    freshness: Freshness | None = None
    if not room.bare:
        with shell.part("The age of the sources"):
            freshness = shell.load("freshness", scope)
            shell.banner(scope, freshness)
        with shell.part("How the notifier is"):
            watchdog.line()
    with shell.part(room.title, "The other pages may still work."):
        seen = f"seen_{room.name}"
        # Only the first picture is announced by a grey one: later ones replace the last, which stays until then.
        with nullcontext() if seen in st.session_state else st.skeleton(height=420):
            room.draw(scope)
        st.session_state[seen] = True
    if freshness is not None:
        shell.footer(scope)
