"""How a viewer likes to begin: a team, a certainty, a zone. Kept by the browser; what the address says comes first."""

from collections.abc import Mapping
from functools import cache
from urllib.parse import parse_qsl, urlencode
from zoneinfo import available_timezones

import streamlit as st

from dashboard.pages import address, remembered
from dashboard.pages.text import known_zone, plain

BEGIN = "begin"
WITH = ("team", "certainty", "zone")
LONGEST = 400


def begin() -> None:
    """Puts what is remembered into an address that says nothing; one that says anything shows what its sender saw."""
    if "begun" not in st.session_state:
        st.session_state["begun"] = True
        kept = {name: value for name, value in _kept().items() if name != "zone"}
        if kept and not st.query_params:
            st.query_params.update(kept)


def zone() -> str:
    """Whose clock: the address's, else the remembered, else the browser's."""
    asked = (address.said("zone"), _kept().get("zone"), st.context.timezone)
    return next((known for each in asked if (known := known_zone(each))), "UTC")


def section(teams: Mapping[str, str], place: str) -> None:
    """Whose clock is shown, and what to begin with next time."""
    _pick_zone(place)
    chosen, kept = {name: value for name in WITH if (value := address.said(name))}, _kept()
    if chosen and chosen != kept:
        words = f"Always begin with {plain(_words(chosen, teams))}"
        st.button(words, key=f"keep_{place}", on_click=remembered.keep, args=(BEGIN, urlencode(chosen)))
    if kept:
        st.caption(f"This browser begins with {plain(_words(kept, teams))}; a link that says anything comes first.")
        st.button("Forget it", key=f"forget_{place}", on_click=remembered.keep, args=(BEGIN, ""))
    else:
        hint = "" if chosen else "A team, a certainty or a zone that you choose can be what you begin with. "
        st.caption(f"{hint}It is kept in a cookie of this browser, and nowhere else.")


def _kept() -> dict[str, str]:
    said = parse_qsl(remembered.recall(BEGIN)[:LONGEST])
    return {name: value for name, value in said if name in WITH}


def _words(chosen: Mapping[str, str], teams: Mapping[str, str]) -> str:
    said = dict(chosen)
    if "team" in said:
        said["team"] = teams.get(said["team"], said["team"])
    if "certainty" in said:
        said["certainty"] = f"certainty {said['certainty']}"
    return ", ".join(said[name] for name in WITH if name in said)


def _pick_zone(place: str) -> None:
    own, said = known_zone(st.context.timezone), known_zone(address.said("zone"))
    names = {"": f"Mine, {own}" if own else "Mine"} | {name: name for name in (*_zones(), *([said] if said else []))}
    address.pick("zone", "Time zone", names, "", place=f"sheet_{place}", width=300 if place == "bar" else None)


@cache
def _zones() -> tuple[str, ...]:
    return ("UTC", *sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/")))
