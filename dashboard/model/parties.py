"""Whom to expect things from: the party that fits a role most closely, and to whom it escalates."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dashboard.model.stages import Role


@dataclass(frozen=True, slots=True)
class Party:
    """Someone to expect things from; '' where the directory does not tell."""

    name: str
    role: str
    contact: str
    escalates_to: str
    above: tuple[str, ...] = ()  # everyone up the ladder, the next one first
    party_id: str = ""
    provider_id: str = ""
    team_id: str = ""

    @property
    def chain(self) -> str:
        """To whom it escalates, and from there: Tom, then Dana."""
        return ", then ".join(self.above) or self.escalates_to


NOBODY = Party("", "", "", "")
NOBODY_ON_CALL = "nobody is on call"
"""What a directory that knows who is on call says where nobody is."""


@dataclass(frozen=True, slots=True)
class Directory:
    """Every party that is known, by id; `sealed` never shows an id that it does not hold."""

    rows: Mapping[str, Mapping[Any, Any]]
    sealed: bool = False
    _found: dict[tuple[Role, str, str], Party] = field(default_factory=dict, compare=False)

    @staticmethod
    def of(rows: Iterable[Mapping[Any, Any]]) -> "Directory":
        """The directory that these rows of the fact `parties` make."""
        return Directory({row["party_id"]: row for row in rows})

    def of_provider(self, provider: str) -> "Directory":
        """What of it may be shown to a provider: its own people; of everyone else the role stands in for the name."""
        rows = self.rows.items()
        theirs = {name: row for name, row in rows if row["role"] == Role.PROVIDER and row["provider_id"] == provider}
        return Directory(theirs, sealed=True)

    def named(self, party_id: str) -> Party | None:
        """The party of that id; None where there is none."""
        row = self.rows.get(party_id)
        if row is None:
            return None
        above = self._above(row)
        unknown = "" if self.sealed else row["escalates_to"]
        role = row["role"].replace("_", " ")
        of = (party_id, row["provider_id"], row["team_id"])
        return Party(row["name"] or party_id, role, row["channel"], above[0] if above else unknown, above, *of)

    def for_role(self, role: Role | None, provider: str, cluster: str) -> Party:
        """The party of that role which speaks for this cluster, else this provider, else for all; NOBODY for no role.

        Of several, one to whom none of them escalates: whoever is asked first. Where none is known, the role itself
        stands in.
        """
        if role is None:
            return NOBODY
        key = (role, provider, cluster)
        if key not in self._found:
            self._found[key] = self._fitting(role, provider, cluster)
        return self._found[key]

    def _fitting(self, role: Role, provider: str, cluster: str) -> Party:
        fitting = [
            row
            for row in self.rows.values()
            if row["role"] == role and row["provider_id"] in ("", provider) and row["cluster_id"] in ("", cluster)
        ]
        asked_later = {row["escalates_to"] for row in fitting}

        def closeness(row: Mapping[Any, Any]) -> tuple[bool, bool, bool, str]:
            first = row["party_id"] not in asked_later
            return row["cluster_id"] != "", row["provider_id"] != "", first, row["party_id"]

        best = max(fitting, key=closeness, default=None)
        found = self.named(best["party_id"]) if best is not None else None
        return found or Party(role.replace("_", " "), str(role), "", "")

    def _above(self, row: Mapping[Any, Any]) -> tuple[str, ...]:
        """The ladder from a party up, however it is tied into knots."""
        seen, names = {row["party_id"]}, []
        while (above := self.rows.get(row["escalates_to"])) is not None and above["party_id"] not in seen:
            seen.add(above["party_id"])
            names.append(above["name"] or above["party_id"])
            row = above
        return tuple(names)
