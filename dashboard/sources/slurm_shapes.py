"""What slurmrestd's answers say of nodes and reservations, in the shapes that it has had since v0.0.36.

Up to v0.0.38 a state is a word beside a list of flags, and a time is seconds; later a state is a list, and a time says
whether it is set.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dashboard.model.instants import EPOCH
from dashboard.sources.mapping import as_text


@dataclass(frozen=True, slots=True)
class Node:
    """A node and how it stands."""

    name: str
    gpus: int  # 0 where it has none
    states: frozenset[str]
    reason: str
    reason_at: datetime | None
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """A reservation for maintenance."""

    name: str
    start: datetime | None
    end: datetime | None
    nodes: str
    raw: Mapping[str, Any]


def read_node(item: Any, resource: str) -> Node:
    """A node, nameless where it is none; `resource`: the GRES that is counted."""
    told = item if isinstance(item, Mapping) else {}
    states = [*_words(told.get("state")), *_words(told.get("state_flags"))]
    reason = clean(as_text(told.get("reason")))
    name = as_text(told.get("name"))
    raw = {"name": name, "state": states, "reason": reason, "reason_changed_at": told.get("reason_changed_at")}
    at = _instant(told.get("reason_changed_at"))
    return Node(name, _count(as_text(told.get("gres")), resource), frozenset(states), reason, at, raw)


def read_plan(item: Any) -> Plan | None:
    """A reservation for maintenance; None for any other."""
    told = item if isinstance(item, Mapping) else {}
    name = as_text(told.get("name"))
    if not name or "MAINT" not in _words(told.get("flags")):
        return None
    raw = {key: told.get(key) for key in ("name", "flags", "node_list", "start_time", "end_time")}
    start, end = _instant(told.get("start_time")), _instant(told.get("end_time"))
    return Plan(name, start, end, as_text(told.get("node_list")), raw)


def _words(value: Any) -> list[str]:
    """States or flags in capitals, from a list, or from text as it was up to v0.0.38."""
    parts = value if isinstance(value, list) else re.split(r"[+,\s]+", as_text(value))
    return [word for word in (as_text(each).strip("*~#!%$@^-").upper() for each in parts) if word]


def _instant(value: Any) -> datetime | None:
    """A time, from seconds or from {set, infinite, number}; None for never, for no end, and for what is none."""
    if isinstance(value, Mapping):
        value = value.get("number") if value.get("set") and not value.get("infinite") else None
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        return None
    try:
        return EPOCH + timedelta(seconds=value)
    except (OverflowError, ValueError):
        return None


def _count(gres: str, resource: str) -> int:
    """How many of a resource: gpu:8, gpu:h100:8(S:0-1), gpu:a:4,gpu:b:4."""
    parts = [each.split(":") for each in re.sub(r"\([^)]*\)", "", gres).split(",")]
    ours = [each[-1] if len(each) > 1 else "1" for each in parts if each[0].strip() == resource]
    return sum(int(each) for each in ours if each.isascii() and each.isdecimal() and len(each) < 7)


def clean(text: str) -> str:
    """Text as any database stores it, on one line."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())
