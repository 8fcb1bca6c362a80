"""What goes out as one: single nodes, or whole racks."""

from dataclasses import dataclass

import numpy as np

from dashboard.forecast.noise import Singles
from dashboard.forecast.pooling import Cell, Floats
from dashboard.forecast.slots import Turnover
from dashboard.forecast.spells import Flags
from dashboard.model.rollout import Codes

_TOGETHER = 0.25  # hours within which the nodes of a rack go out as one
_SURE = 0.8  # share of racks that did
_FEW = 3  # racks before a habit is believed


@dataclass(frozen=True, slots=True)
class Racks:
    """Cell or provider -> how many racks went out as one, of how many that could have gone node by node."""

    counts: dict[Cell | str, tuple[int, int]]

    def together(self, cell: Cell, own: tuple[int, int] = (0, 0)) -> bool:
        """Whether racks go as one: by this rollout's own racks, else by its cell's, else by its provider's."""
        for as_one, racks in (own, self.counts.get(cell, (0, 0)), self.counts.get(cell[0], (0, 0))):
            if racks >= _FEW:
                return as_one >= _SURE * racks
        return False


def racks_of(out_at: Floats, rack: Codes) -> tuple[int, int]:
    """How many racks went out as one, of those of several nodes that went when others had. out_at, rack : (nodes,)."""
    gone = np.isfinite(out_at)
    rack = np.unique(rack, return_inverse=True)[1]
    size = np.bincount(rack)
    if not gone.any() or size.max(initial=0) < 2:
        return 0, 0
    first, last = np.full(size.size, np.inf), np.full(size.size, -np.inf)
    np.minimum.at(first, rack[gone], out_at[gone])
    np.maximum.at(last, rack[gone], out_at[gone])
    whole = (np.bincount(rack[gone], minlength=size.size) == size) & (size > 1)
    whole &= first > out_at[gone].min() + _TOGETHER
    spread = np.where(whole, last, 0.0) - np.where(whole, first, 0.0)
    return int(np.sum(whole & (spread <= _TOGETHER))), int(whole.sum())


def learn_racks(seen: list[tuple[Cell, tuple[int, int]]]) -> Racks:
    """Adds up what `racks_of` found, by cell and by provider."""
    counts: dict[Cell | str, tuple[int, int]] = {}
    for cell, (as_one, racks) in seen:
        for key in (cell, cell[0]):
            before = counts.get(key, (0, 0))
            counts[key] = before[0] + as_one, before[1] + racks
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
