"""Which maintenances are one, told by two sources, and under which name it goes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


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
