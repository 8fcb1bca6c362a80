"""Which stage follows: learnt from every move seen, so that skips and loops need no rule of their own.

Counts of moves are Dirichlet-multinomial (Mosimann 1962), shrunk along a chain: all, provider, provider and kind, and
then the maintenance itself. How far each link shrinks is fitted by likelihood on a grid.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from dashboard.forecast.pooling import Cell, Floats
from dashboard.forecast.spells import IN_SERVICE, REMOVED, REPAIRS, SCHEDULED, Spells
from dashboard.model.rollout import Codes
from dashboard.model.stages import CODE, STAGES, Stage

WAYS = len(STAGES)
VISITS = REPAIRS + 1
_GRID = np.array([1.0, 2.0, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 400.0, 1000.0, 4000.0])
_TOP = 1.0  # how many moves the prior is worth

Counts = npt.NDArray[np.float64]  # (..., visits, from, to)


def _usual() -> Floats:
    """(from, to): what a rollout does where nothing was seen."""
    odds = {
        Stage.SCHEDULED: {Stage.CORDONED: 0.5, Stage.IN_MAINTENANCE: 0.5},
        Stage.CORDONED: {Stage.DRAINED: 0.2, Stage.IN_MAINTENANCE: 0.8},
        Stage.DRAINED: {Stage.IN_MAINTENANCE: 1.0},
        Stage.IN_MAINTENANCE: {Stage.VALIDATING: 0.5, Stage.IN_SERVICE: 0.5},
        Stage.RETURNED: {Stage.VALIDATING: 0.5, Stage.IN_SERVICE: 0.5},
        Stage.VALIDATING: {Stage.IN_SERVICE: 0.94, Stage.REPAIRING: 0.06},
        Stage.REPAIRING: {Stage.VALIDATING: 0.5, Stage.IN_SERVICE: 0.48, Stage.REMOVED: 0.02},
        Stage.IN_SERVICE: {Stage.IN_SERVICE: 1.0},
        Stage.REMOVED: {Stage.REMOVED: 1.0},
    }
    table = np.zeros((WAYS, WAYS))
    for stage, to in odds.items():
        for each, share in to.items():
            table[CODE[stage], CODE[each]] = share
    return table


USUAL = _usual()


@dataclass(frozen=True)
class Turns:
    """Counts of moves (visits, from, to), in all and by provider, cell and maintenance, and the three strengths.

    strength : (3, visits, from)  of the link to a provider, to a cell, to a maintenance
    """

    everything: Counts
    provider: dict[str, Counts]
    cell: dict[Cell, Counts]
    maintenance: dict[str, Counts]
    strength: Floats

    def draw(self, cell: Cell, name: str, paths: int, rng: np.random.Generator) -> Floats:
        """Draws the chances of each move, (paths, visits, from, to), the maintenance's own evidence included."""
        nothing = np.zeros_like(self.everything)
        own = self.maintenance.get(name, nothing)
        mean = _shrunk(self.everything - own, np.broadcast_to(USUAL, own.shape), np.full((VISITS, WAYS), _TOP))
        mean = _shrunk(_less(self.provider.get(cell[0]), own), mean, self.strength[0])
        inner = _less(self.cell.get(cell), own) + self.strength[1][..., None] * mean
        chance = _dirichlet(inner, paths, rng)
        if own.any():
            chance = _dirichlet(self.strength[2][..., None] * chance + own, paths, rng)
        chance[:, :, [IN_SERVICE, REMOVED]] = USUAL[[IN_SERVICE, REMOVED]]
        return np.asarray(chance)

    def chance(self, cell: Cell, stage: int, to: int) -> float:
        """The expected chance that a first stay in `stage` ends in `to`."""
        mean = _shrunk(self.everything, np.broadcast_to(USUAL, self.everything.shape), np.full((VISITS, WAYS), _TOP))
        nothing = np.zeros_like(self.everything)
        mean = _shrunk(self.provider.get(cell[0], nothing), mean, self.strength[0])
        mean = _shrunk(self.cell.get(cell, nothing), mean, self.strength[1])
        return float(mean[0, stage, to])


def _less(counts: Counts | None, own: Counts) -> Counts:
    return np.zeros_like(own) if counts is None else np.maximum(counts - own, 0.0)


def _shrunk(counts: Counts, mean: Floats, strength: Floats) -> Floats:
    pulled = counts + strength[..., None] * mean
    return np.asarray(pulled / pulled.sum(axis=-1, keepdims=True))


def _dirichlet(weights: Floats, paths: int, rng: np.random.Generator) -> Floats:
    """Dirichlet draws; `weights` is (visits, from, to), or the same a path."""
    flat = weights.reshape(-1, VISITS * WAYS * WAYS)
    some = np.flatnonzero(flat.max(axis=0) > 0)
    drawn = np.zeros((paths, VISITS, WAYS, WAYS))
    drawn.reshape(paths, -1)[:, some] = rng.standard_gamma(flat[:, some], size=(paths, some.size))
    total = drawn.sum(axis=-1, keepdims=True)
    best = (np.arange(WAYS) == weights.argmax(axis=-1)[..., None]).astype(float)
    return np.asarray(np.where(total > 1e-200, drawn / np.maximum(total, 1e-200), best))


def fit_turns(moves: dict[str, Counts], cell_of: dict[str, Cell]) -> Turns:
    """Learns from each maintenance's counts of moves."""
    everything = np.zeros((VISITS, WAYS, WAYS))
    provider: dict[str, Counts] = {}
    cell: dict[Cell, Counts] = {}
    for name, counts in moves.items():
        where = cell_of[name]
        everything = everything + counts
        provider[where[0]] = provider.get(where[0], 0.0) + counts
        cell[where] = cell.get(where, 0.0) + counts
    top = _shrunk(everything, np.broadcast_to(USUAL, everything.shape), np.full((VISITS, WAYS), _TOP))
    links: list[Floats] = []
    links.append(_strength([(counts, top) for counts in provider.values()]))
    mean_p = {p: _shrunk(counts, top, links[0]) for p, counts in provider.items()}
    links.append(_strength([(counts, mean_p[c[0]]) for c, counts in cell.items()]))
    mean_c = {c: _shrunk(counts, mean_p[c[0]], links[1]) for c, counts in cell.items()}
    links.append(_strength([(counts, mean_c[cell_of[name]]) for name, counts in moves.items()]))
    return Turns(everything, provider, cell, moves, np.array(links))


def _strength(pairs: list[tuple[Counts, Floats]]) -> Floats:
    """(visits, from): the likeliest strength of one link, with a prior that leans to 30 moves.

    pairs : counts and the mean they are drawn around, each (visits, from, to)
    """
    prior = -0.5 * (np.log(_GRID / 30.0) / 2.0) ** 2
    score = np.tile(prior[:, None, None], (1, VISITS, WAYS))
    if pairs:
        counts = np.array([each for each, _ in pairs])
        told = np.nonzero(counts.sum(axis=-1))
        means = np.maximum(np.array([each for _, each in pairs])[told], 1e-6)
        seen = counts[told]
        row, way = np.nonzero(seen)
        for i, k in enumerate(_GRID):
            found = gammaln(k) - gammaln(k + seen.sum(axis=-1))
            pull = k * means[row, way]
            found += np.bincount(row, gammaln(pull + seen[row, way]) - gammaln(pull), found.size)
            np.add.at(score[i], told[1:], found)
    return np.asarray(_GRID[score.argmax(axis=0)])


def moves_of(spells: Spells, whose: Codes, maintenances: int) -> Counts:
    """Counts of moves by maintenance, (maintenances, visits, from, to). whose : (nodes,) the maintenance of each"""
    shape = (maintenances, VISITS, WAYS, WAYS)
    over = np.flatnonzero(spells.following >= 0)
    moves = whose[spells.node[over]], spells.repairs[over], spells.stage[over], spells.following[over]
    counts = np.bincount(np.ravel_multi_index(moves, shape), minlength=int(np.prod(shape))).reshape(shape).astype(float)
    counts[:, :, SCHEDULED] = 0.0
    first = spells.went
    np.add.at(counts[:, 0, SCHEDULED], (whose[spells.node[first]], spells.stage[first]), 1.0)
    return counts
