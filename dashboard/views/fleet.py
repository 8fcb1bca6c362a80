"""Whose GPUs are they: names, allocations, and the part of each node that a scope counts."""

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property

from sqlalchemy import Connection, RowMapping

from dashboard.log.read import fleet_totals, in_force
from dashboard.model.instants import micros
from dashboard.model.scope import Scope
from dashboard.model.shares import share

Key = tuple[str, str]
"""A cluster and the team that its nodes name, '' for none."""


@dataclass(frozen=True)
class Fleet:
    """The fleet as known at an instant, seen through a scope."""

    scope: Scope
    providers: dict[str, RowMapping]
    clusters: dict[str, RowMapping]
    teams: dict[str, RowMapping]
    parties: list[RowMapping]
    allocated: dict[Key, int]  # (cluster, team) -> GPUs, in force at the instant
    totals: dict[Key, tuple[int, int]]  # nodes, GPUs
    _shares: dict[tuple[Key, str | None], float] = field(default_factory=dict)

    def provider_of(self, cluster: str) -> str:
        """The provider's id; '' where nobody told."""
        return str(self.clusters[cluster]["provider_id"]) if cluster in self.clusters else ""

    def sku_of(self, cluster: str) -> str:
        """The GPU's generation; '' where nobody told."""
        return str(self.clusters[cluster]["sku"]) if cluster in self.clusters else ""

    def provider_name(self, provider: str) -> str:
        """The provider's name, its id where it has none."""
        return _named(self.providers, provider)

    def team_name(self, team: str) -> str:
        """The team's name, its id where it has none."""
        return _named(self.teams, team)

    def in_scope(self, cluster: str) -> bool:
        """Whether the scope's provider, cluster and SKU let it in."""
        scope = self.scope
        return (
            scope.cluster in (None, cluster)
            and scope.provider in (None, self.provider_of(cluster))
            and scope.sku in (None, self.sku_of(cluster))
        )

    def weight(self, cluster: str, team: str) -> float:
        """What part of such a node's GPUs the scope counts: all, none, or a team's share of what names no team."""
        return self.share(cluster, team, self.scope.team) if self.in_scope(cluster) else 0.0

    def share(self, cluster: str, team: str, wanted: str | None) -> float:
        """What part of the GPUs in `cluster` that name `team` is of the team `wanted`.

        By the node where it names a team, else pro rata to what teams are allocated there.
        """
        return 1.0 if wanted is None else share(self.allocated, cluster, team, wanted)

    @cached_property
    def gpus(self) -> int:
        """All GPUs in scope."""
        return round(sum(gpus * self.weight(*key) for key, (_, gpus) in self.totals.items()))

    @cached_property
    def by_cluster(self) -> dict[str, float]:
        """GPUs in scope, a cluster each; clusters of which the scope counts nothing are left out."""
        found: dict[str, float] = defaultdict(float)
        for (cluster, team), (_, gpus) in self.totals.items():
            found[cluster] += gpus * self.weight(cluster, team)
        return {cluster: gpus for cluster, gpus in sorted(found.items()) if gpus > 0}

    @cached_property
    def given(self) -> int | None:
        """GPUs in scope that teams are allocated; None where nobody told of any."""
        rows = [(key, gpus) for key, gpus in self.allocated.items() if self.in_scope(key[0])]
        rows = [(key, gpus) for key, gpus in rows if self.scope.team in (None, key[1])]
        return sum(gpus for _, gpus in rows) if rows else None

    def basis(self, team: str) -> str:
        """How a team's part is known: by node, pro rata to allocations, or both."""
        by_node = any(named == team and self.in_scope(cluster) for cluster, named in self.totals)
        pro_rata = any(
            who == team and self.in_scope(cluster) and (cluster, "") in self.totals for cluster, who in self.allocated
        )
        words = [word for word, so in (("by node", by_node), ("pro rata to allocations", pro_rata)) if so]
        return " and ".join(words)


def _named(rows: dict[str, RowMapping], key: str) -> str:
    return str(rows[key]["name"] or key) if key in rows else key


def read_fleet(connection: Connection, scope: Scope, at: int | None) -> Fleet:
    """The fleet at the instant `at` (µs; None: all that is known), as the scope sees it."""
    moment = at if at is not None else None
    allocated: dict[Key, int] = defaultdict(int)
    for row in in_force(connection, "allocations", at):
        begun = moment is None or row["starts_at"] <= moment
        over = moment is not None and row["ends_at"] is not None and row["ends_at"] <= moment
        if begun and not over:
            allocated[row["cluster_id"], row["team_id"]] += row["gpus"]
    return Fleet(
        scope,
        {row["provider_id"]: row for row in in_force(connection, "providers", at)},
        {row["cluster_id"]: row for row in in_force(connection, "clusters", at)},
        {row["team_id"]: row for row in in_force(connection, "teams", at)},
        in_force(connection, "parties", at),
        dict(allocated),
        {(cluster, team): (nodes, gpus) for cluster, team, nodes, gpus in fleet_totals(connection, at)},
    )


def instant_of(scope: Scope) -> int | None:
    """The scope's instant for the log; None for live."""
    return None if scope.as_of is None else micros(scope.as_of)
