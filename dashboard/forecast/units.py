"""What goes out as one: single nodes, or whole racks."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from dashboard.forecast.noise import Singles
from dashboard.forecast.pooling import Cell, Floats
from dashboard.forecast.slots import Turnover
from dashboard.forecast.spells import Flags
from dashboard.model.rollout import Codes

_TOGETHER = 0.25  # hours within which the nodes of a rack go out as one
_SURE = 0.8  # share of racks that did
_FEW = 3  # racks before a habit is believed


class Went(NamedTuple):
    """How many racks went out as one with nobody beside them, parted, and as one among others: waves do that, too."""

    alone: int
    parted: int
    among: int


NONE = Went(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Racks:
    """Cell or provider -> how its racks went out."""

    counts: dict[Cell | str, Went]

    def together(self, cell: Cell, own: Went = NONE) -> bool:
        """Whether racks go as one: by this rollout's own racks, else by its cell's, else by its provider's."""
        for each in (own, self.counts.get(cell, NONE), self.counts.get(cell[0], NONE)):
            if each.alone + each.parted >= _FEW:
                return each.alone >= _SURE * (each.alone + each.parted)
            if each.alone + each.parted + each.among >= _FEW:
                return not each.parted
        return False

    def units(self, cell: Cell, rack: Codes, chosen: Flags) -> "Units":
        """What the chosen nodes of a rollout of this cell went out as. rack, chosen : (nodes,)."""
        return units_of(rack, chosen, self.together(cell))


def racks_of(out_at: Floats, rack: Codes) -> Went:
    """How racks of several nodes went out, when others had. out_at, rack : (nodes,)"""
    gone = np.isfinite(out_at)
    rack = np.unique(rack, return_inverse=True)[1]
    size = np.bincount(rack)
    if not gone.any() or size.max(initial=0) < 2:
        return NONE
    first, last = np.full(size.size, np.inf), np.full(size.size, -np.inf)
    np.minimum.at(first, rack[gone], out_at[gone])
    np.maximum.at(last, rack[gone], out_at[gone])
    whole = (np.bincount(rack[gone], minlength=size.size) == size) & (size > 1)
    whole &= first > out_at[gone].min() + _TOGETHER
    as_one = whole & (np.where(whole, last, 0.0) - np.where(whole, first, 0.0) <= _TOGETHER)
    at = np.sort(out_at[gone])
    near = np.searchsorted(at, last + _TOGETHER, side="right") - np.searchsorted(at, first - _TOGETHER)
    among = as_one & (near > size)
    return Went(int(np.sum(as_one & ~among)), int(np.sum(whole & ~as_one)), int(among.sum()))


def learn_racks(seen: list[tuple[Cell, Went]]) -> Racks:
    """Adds up what `racks_of` found, by cell and by provider."""
    counts: dict[Cell | str, Went] = {}
    for cell, went in seen:
        for key in (cell, cell[0]):
            counts[key] = Went(*map(sum, zip(counts.get(key, NONE), went, strict=True)))
    return Racks(counts)


@dataclass(frozen=True, slots=True)
class Units:
    """Some nodes of a rollout, and the units that they make up.

    nodes : (chosen,) indices; unit : (chosen,) index of each one's unit, None where each is one
    """

    nodes: Codes
    unit: Codes | None

    @property
    def number(self) -> int:
        """How many units."""
        return self.nodes.size if self.unit is None else int(self.unit.max(initial=-1)) + 1

    @property
    def size(self) -> float:
        """Nodes a unit, on average."""
        return self.nodes.size / max(self.number, 1)

    def longest(self, hours: Singles) -> Singles:
        """The longest of each unit's nodes, (paths, units). hours : (paths, nodes of the rollout)."""
        first, count = int(self.nodes[0]) if self.nodes.size else 0, self.nodes.size
        neighbours = count and self.nodes[-1] - first == count - 1  # they rise
        chosen = hours[:, first : first + count] if neighbours else hours[:, self.nodes]
        if self.unit is None or not count:
            return chosen
        order = np.argsort(self.unit, kind="stable")
        begins = np.searchsorted(self.unit[order], np.arange(self.number))
        return np.asarray(np.maximum.reduceat(chosen[:, order], begins, axis=1))

    def each(self, hours: Singles) -> Singles:
        """Its unit's hours for each node, (paths, chosen). hours : (paths, units)."""
        return hours if self.unit is None else np.take(hours, self.unit, axis=1)

    def turnover(self, held: Turnover) -> Turnover:
        """Places taken with a unit's first node and given back with its last. held : of the chosen nodes."""
        if self.unit is None:
            return held
        took, gave = np.full(self.number, np.inf), np.full(self.number, -np.inf)
        np.minimum.at(took, self.unit, held.took)
        np.maximum.at(gave, self.unit, held.gave)
        return Turnover(took, gave)


def units_of(rack: Codes, chosen: Flags, together: bool) -> Units:
    """The units of the chosen nodes: racks where they go together, else nodes. rack, chosen : (nodes,)."""
    nodes = np.flatnonzero(chosen)
    return Units(nodes, np.unique(rack[nodes], return_inverse=True)[1] if together else None)
