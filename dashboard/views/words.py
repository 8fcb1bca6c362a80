"""Words for numbers and instants, as every view has them: those of the model."""

from dashboard.model.words import (
    clock,
    count,
    gpus,
    listed,
    nodes,
    percent,
    relative,
    role,
    span,
    stage,
    when,
    zone_of,
)

__all__ = [
    "clock",
    "count",
    "gpus",
    "listed",
    "nodes",
    "percent",
    "relative",
    "role",
    "span",
    "stage",
    "when",
    "zone_of",
]


def reached(contact: str) -> str:
    """How somebody is reached, as people write it: mailto:a@b is a@b, slack:#room is #room on Slack."""
    how, _, where = contact.strip().partition(":")
    if not where or how not in ("mailto", "tel", "slack"):
        return contact
    return f"{where} on Slack" if how == "slack" else where
