"""Whom to ask: the party that fits a role most closely."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import RowMapping

from dashboard.model.stages import Role


@dataclass(frozen=True, slots=True)
class Party:
    """Someone to expect things from; '' where the directory does not tell."""

    name: str
    role: str
    contact: str
    escalates_to: str


NOBODY = Party("", "", "", "")


def party_for(parties: Iterable[RowMapping], role: Role | None, provider: str, cluster: str) -> Party:
    """The party of that role which speaks for this cluster, else this provider, else for all; NOBODY for no role.

    Where the directory knows none, the role itself stands in.
    """
    if role is None:
        return NOBODY
    rows = {row["party_id"]: row for row in parties}
    fitting = [
        row
        for row in rows.values()
        if row["role"] == role and row["provider_id"] in ("", provider) and row["cluster_id"] in ("", cluster)
    ]
    if not fitting:
        return Party(role.replace("_", " "), str(role), "", "")
    best = max(fitting, key=lambda row: (row["cluster_id"] != "", row["provider_id"] != "", row["party_id"]))
    above = rows.get(best["escalates_to"])
    return Party(
        best["name"] or best["party_id"],
        str(role).replace("_", " "),
        best["channel"],
        (above["name"] or above["party_id"]) if above else best["escalates_to"],
    )
