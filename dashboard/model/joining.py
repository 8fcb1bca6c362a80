"""Which maintenances are one, told by two sources, and under which name it goes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from dashboard.model.instants import HOUR

REFERENCE, NODES, HAND = "reference", "nodes", "by hand"
"""The rules by which two are one."""

NEAR = 2 * HOUR  # µs between the starts of what is told twice
MOST_ALIKE = 0.8  # share of the fewer nodes that the other must name too


@dataclass(frozen=True, slots=True)
class Telling:
    """One maintenance as it was told under one name."""

    maintenance_id: str
    sources: frozenset[str]
    provider_id: str
    reference: str  # the provider's
    begins: int | None  # µs
    nodes: frozenset[str]


def same(one: Telling, other: Telling) -> tuple[str, str] | None:
    """By which rule two tellings are of one maintenance, and why in words; None where nothing says so.

    A source that gives two names means two maintenances. Two sources mean one where they give the provider's same
    reference, or the one's reference is the other's name; or where they begin within two hours of each other and most
    nodes of the one are among those of the other. Anything less is left to people.
    """
    if one.sources & other.sources or not one.provider_id or one.provider_id != other.provider_id:
        return None
    names = [{each.reference.strip().casefold(), each.maintenance_id.casefold()} - {""} for each in (one, other)]
    if (one.reference.strip() or other.reference.strip()) and names[0] & names[1]:
        return REFERENCE, (one.reference or other.reference).strip()
    if one.begins is None or other.begins is None or abs(one.begins - other.begins) > NEAR:
        return None
    both, fewer = len(one.nodes & other.nodes), min(len(one.nodes), len(other.nodes))
    return (NODES, f"{both:,} of {fewer:,}") if fewer and both >= MOST_ALIKE * fewer else None


@dataclass(frozen=True, slots=True)
class Wholes:
    """Maintenances as they were told, and the wholes that they are part of; most are wholes by themselves."""

    of: Mapping[str, str] = field(default_factory=dict)  # told -> whole, where these differ

    def whole(self, told: str) -> str:
        """The name under which a maintenance goes."""
        return self.of.get(told, told)

    def parts(self, wholes: Iterable[str]) -> list[str]:
        """Every name under which these wholes were told; none of what is but a part of another."""
        chosen = set(wholes)
        own = [each for each in chosen if each not in self.of]
        return sorted(own + [told for told, whole in self.of.items() if whole in chosen])

    def moved(self, other: "Wholes") -> set[str]:
        """The wholes, of this or of the other, that do not have the same parts in both."""
        told = {each for each in {**self.of, **other.of} if self.whole(each) != other.whole(each)}
        return {of.whole(each) for each in told for of in (self, other)} | told


def wholes(joined: Mapping[str, str]) -> Wholes:
    """The wholes that joins in force make: of each maintenance, what it was found to be the same as; '' for nothing.

    What is the same as a part of a whole is part of it too. Of a circle the least name stands for all.
    """
    found = {told: _end(joined, told) for told, into in joined.items() if into}
    return Wholes({told: whole for told, whole in found.items() if told != whole})


def _end(joined: Mapping[str, str], told: str) -> str:
    way = [told]
    while into := joined.get(way[-1], ""):
        if into in way:
            return min(way[way.index(into) :])
        way.append(into)
    return way[-1]
