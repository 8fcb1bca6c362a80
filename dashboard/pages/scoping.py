"""The scope bar: whose GPUs, how sure, as of when and on whose clock; all of it in the address."""

from typing import Any, Literal

import streamlit as st

from dashboard.model.scope import Scope
from dashboard.model.words import percent
from dashboard.pages import address, past, preferences, shell
from dashboard.pages.text import plain, when
from dashboard.views.freshness import Choices

CERTAINTIES = {0.75: "plan on 75 %", 0.9: "plan on 90 %", 0.95: "plan on 95 %"}

Offered = dict[str, tuple[str, dict[Any, str]]]
"""What the bar offers by name: its label, and the words for each value."""


def scope_bar() -> Scope:
    """Team, provider, cluster, SKU, certainty and as of: in the URL, in one line, on a phone behind one button."""
    choices: Choices = shell.load("choices")
    offered = _offered(choices)
    zone, at = preferences.zone(), address.as_of(shell.now())
    values = _chosen(offered)
    # What is behind a button is made once somebody opens it: most who look at a page do not.
    with st.container(horizontal=True, key="scope_bar", gap="xsmall", vertical_alignment="center"):
        _controls(offered, "bar")
        icon = ":material/schedule:"
        if (held := _behind(f"As of {when(at, zone)}" if at else "Live", "instant", icon)).open:
            with held:
                past.choose(at, zone, shell.now(), choices.first_at, "bar")
        if (held := _behind("Mine", "mine", ":material/person:")).open:
            with held:
                preferences.section(dict(choices.teams), "bar")
    filters = [offered[name][1][value] for name, value in values.items() if value and name in offered]
    summary = " · ".join([*(filters or ["Everything"]), percent(values["certainty"]), *(["past"] if at else [])])
    with st.container(key="scope_sheet"):
        if (held := _behind(summary, "sheet", width="stretch")).open:
            with held:
                _controls(offered, "sheet")
                past.choose(at, zone, shell.now(), choices.first_at, "sheet")
                preferences.section(dict(choices.teams), "sheet")
    return _scope(values)


def scope_unseen() -> Scope:
    """The same scope, without the controls."""
    return _scope(_chosen(_offered(shell.load("choices"))))


def _scope(values: dict[str, Any]) -> Scope:
    said: dict[str, Any] = {name: value or None for name, value in values.items()}
    return Scope(**said, as_of=address.as_of(shell.now()), zone=preferences.zone())


def _offered(choices: Choices) -> Offered:
    return {
        "team": ("Team", {"": "All teams"} | dict(choices.teams)),
        "provider": ("Provider", {"": "All providers"} | dict(choices.providers)),
        "cluster": ("Cluster", {"": "All clusters"} | dict(choices.clusters)),
        "sku": ("SKU", {"": "All SKUs"} | dict(choices.skus)),
    }


def _behind(words: str, name: str, icon: str | None = None, width: Literal["stretch", "content"] = "content") -> Any:
    """A button with something behind it, which says whether it is open."""
    return st.popover(plain(words), icon=icon, key=f"{name}_behind", width=width, on_change="rerun")


def scope_alone() -> Scope:
    """The provider, the instant and the zone that the URL names, without a control that would name any other."""
    return Scope(provider=address.said("provider"), as_of=address.as_of(shell.now()), zone=preferences.zone())


def _chosen(offered: Offered) -> dict[str, Any]:
    """What the address chooses of it, and the certainty."""
    values: dict[str, Any] = {name: address.chosen(name, list(names), "") for name, (_, names) in offered.items()}
    return values | {"certainty": address.chosen("certainty", list(CERTAINTIES), Scope().certainty, "{:g}".format)}


def _controls(offered: Offered, place: str) -> None:
    width = 160 if place == "bar" else None
    for name, (label, names) in offered.items():
        address.pick(name, label, names, "", place=place, width=width)
    spell, usual = "{:g}".format, Scope().certainty
    address.pick("certainty", "Certainty", CERTAINTIES, usual, place=place, spell=spell, width=width)
