"""Whom to ask: the party that fits a role most closely."""

from collections.abc import Iterable

from sqlalchemy import RowMapping

from dashboard.model.parties import Directory, Party
from dashboard.model.stages import Role

__all__ = ["Party", "party_for"]


def party_for(parties: Iterable[RowMapping], role: Role | None, provider: str, cluster: str) -> Party:
    """The party of that role which speaks for this cluster, else this provider, else for all."""
    return Directory.of(parties).for_role(role, provider, cluster)
