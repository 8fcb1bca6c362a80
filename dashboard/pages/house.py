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
    hints,
    lifecycle,
    maintenance,
    maintenances,
    node,
    notices,
    paper,
    partner,
    past,
    plan,
    preferences,
    remembered,
    review,
    scoping,
    search,
    shell,
    sources,
    trust,
    wall,
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
    quiet: str = ""  # with this in its address it is shown without anything around it
    wall: bool = False  # may hang on a wall


ROOMS = (
    Room("capacity", "Capacity", capacity.page),
    Room("maintenances", "Maintenances", maintenances.page),
    Room("plan", "Plan", plan.page),
    Room("whos_up", "Who’s up", whos_up.page),
    Room("watch", "Watch", watch.page, wall=True),
    Room("notices", "Notices", notices.page),
    Room("trust", "Trust", trust.page),
    Room("review", "Review", review.page, quiet="present"),
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
    room = next(room for room in ROOMS if here == pages[room.name])
    shell.signpost(**pages)
    preferences.begin()
    seen = shell.begin()
    with shell.part("This page", "Nor can the other pages, until then."):
        scope.append(_scope(room))
    if scope:
        here.run()
    if not scope or scope[0].as_of is None:
        shell.stay_live(seen)
    else:
        shell.stay_in_colour(paper.look().background)
    past.play_on(scope[0].as_of if scope else None, shell.now)
    remembered.hand_over()


def _scope(room: Room) -> Scope:
    if room.bare:
        return scoping.scope_alone()
    if on_a_wall(room):
        st.html(wall.LOOK)
        return scoping.scope_unseen()
    if _is_quiet(room):
        return scoping.scope_unseen()
    return _chrome(room)


def on_a_wall(room: Room) -> bool:
    """Whether it is shown to a room of people who touch nothing: larger, and without controls."""
    return room.wall and wall.is_on()


def _is_quiet(room: Room) -> bool:
    return bool(room.quiet and address.said(room.quiet))


def _chrome(here: Room) -> Scope:
    """The lines above a page: the ways to the others, the search, and the scope."""
    with st.container(key="chrome", gap="xsmall"):
        with st.container(horizontal=True, key="first_line", gap="small", vertical_alignment="center"):
            with st.container(horizontal=True, key="ways", gap="xsmall"):
                for room in ROOMS:
                    if room.listed:
                        with st.container(key="here", width="content") if room is here else nullcontext():
                            shell.way(room.name, room.title)
            found = st.container(key="finder", width="content")
        scope = scoping.scope_bar()
        with found:
            search.button(scope, here.name)
        return scope


def _draw(room: Room, scopes: list[Scope]) -> None:
    scope = scopes[0]
    if room.listed and room.name != "plan":
        for name in ("maintenance", "node", "q"):  # the browser's back button leaves these behind
            address.write(name, None)
    # Each in a place of its own: what comes and goes in one moves no other, and what is open there stays open.
    above, page, below = st.container(key="above"), st.container(key="page"), st.container(key="below")
    freshness: Freshness | None = None
    with above:
        if not (room.bare or on_a_wall(room) or _is_quiet(room)):
            hints.three()
        if not (room.bare or _is_quiet(room)):
            with shell.part("The age of the sources"):
                freshness = shell.load("freshness", scope)
                shell.banner(scope, freshness)
            with shell.part("How the notifier is"):
                watchdog.line()
    with page, shell.part(room.title, "The other pages may still work."):
        seen = f"seen_{room.name}"
        # Only the first picture is announced by a grey one: later ones replace the last, which stays until then.
        with nullcontext() if seen in st.session_state else st.skeleton(height=420):
            room.draw(scope)
        st.session_state[seen] = True
    if freshness is not None:
        with below:
            shell.footer(scope)
