"""How fast does this maintenance go: its own shared shocks, drawn given what its nodes have shown so far."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from dashboard.forecast.durations import SCALES, SHORTEST, Law, draw_beyond, scale_chances
from dashboard.forecast.pooling import Floats
from dashboard.forecast.spells import Flags, Spells
from dashboard.model.rollout import Codes

SWEEPS = 12
ODD = 0.1  # share of nodes that do not keep to their maintenance's own spread (Tukey 1960)


@dataclass(frozen=True, slots=True)
class Pace:
    """One stage of one maintenance, drawn: log T ~ N(centre[path, rack], sigma[path]).

    centre : (paths, racks)  log-hours
    sigma  : (paths, 1)  of most of its nodes
    wide   : (paths, 1)  of the share ODD of nodes that go their own way
    lasts  : (paths, running)  log-hours that each running stay lasts in all, in the order of `running`
    running : (running,)  the nodes now in this stage
    """

    centre: Floats
    sigma: Floats
    wide: Floats
    lasts: Floats
    running: Codes


@dataclass(frozen=True, slots=True)
class _Own:
    """The maintenance's stays in one stage: sums a rack of those that ended, and those that last, sorted by rack."""

    ended: Floats
    total: Floats
    squares: Floats
    bound: Floats
    bound_rack: Codes
    running: Codes


def draw_pace(stage: int, spells: Spells, rack: Codes, law: Law, *, paths: int, rng: np.random.Generator) -> Pace:
    """Draws the maintenance's shock, its racks' and its running stays' lengths from their joint posterior.

    Gibbs sampling with the censored stays as data to be imputed (Tanner and Wong 1987): shocks given lengths are
    normal and drawn as one block, lengths given shocks are normal beyond what has passed. Every path is a chain.
    """
    racks = int(rack.max(initial=-1)) + 1
    own = _own(stage, spells, rack, racks)
    mu, sigma, rho, phi = law.draw(paths, rng)
    sigma_here = _scaled(sigma, np.zeros((paths, 1)), np.zeros(paths), law, rng)
    if not own.ended.any() and not own.bound.size:
        phi = phi * np.sqrt((law.tail - 2) / rng.chisquare(law.tail, (paths, 1)))
        centre = mu + phi * rng.standard_normal((paths, 1)) + rho * rng.standard_normal((paths, racks))
        return Pace(centre, sigma_here, np.maximum(sigma, sigma_here), np.empty((paths, 0)), own.running)
    scale = np.ones((paths, 1))
    active = np.flatnonzero((own.ended > 0) | (np.bincount(own.bound_rack, minlength=racks) > 0))
    at = np.searchsorted(active, own.bound_rack)
    centre, level = np.full((paths, active.size), law.mean), np.full((paths, 1), law.mean)
    for _ in range(_sweeps(at.size)):
        size, total, squares = own.ended[active], own.total[active], own.squares.sum()
        if at.size:
            lasts, odd = _beyond(own.bound, centre[:, at], sigma_here, sigma, rng)
            size, total = size + _by_rack(~odd, at, active.size), total + _by_rack(lasts * ~odd, at, active.size)
            squares = squares + (lasts**2 * ~odd).sum(axis=1, keepdims=True)
        size = np.broadcast_to(np.maximum(size, 1e-9), centre.shape)
        weight, prior = 1.0 / (rho**2 + sigma_here**2 / size), law.variance + phi**2 * scale
        precision = 1.0 / prior + weight.sum(axis=1, keepdims=True)
        level = (law.mean / prior + (weight * total / size).sum(axis=1, keepdims=True)) / precision
        level = level + rng.standard_normal((paths, 1)) / np.sqrt(precision)
        # A t shock is a normal one of random scale.
        astray = (level - law.mean) ** 2 / (law.variance + phi**2)
        scale = (law.tail - 2 + astray) / rng.chisquare(law.tail + 1, (paths, 1))
        k = rho**2 * weight
        centre = level + k * (total / size - level) + rho * np.sqrt(1 - k) * rng.standard_normal(centre.shape)
        left = squares + (centre * (size * centre - 2 * total)).sum(axis=1, keepdims=True)
        sigma_here = _scaled(sigma, np.maximum(left, 0.0), size.sum(axis=1), law, rng)
    lasts = _beyond(own.bound, centre[:, at], sigma_here, sigma, rng)[0]
    everywhere = level + rho * rng.standard_normal((paths, racks))
    everywhere[:, active] = centre
    return Pace(everywhere, sigma_here, np.maximum(sigma, sigma_here), lasts, own.running)


def _sweeps(running: int) -> int:
    """Where very many run, each sweep averages over more of them and fewer sweeps do."""
    if not running:
        return 4
    return SWEEPS if running < 500 else SWEEPS // 2


def _by_rack(values: np.ndarray, at: Codes, racks: int) -> Floats:
    """(paths, racks) sums of (paths, running) values that are sorted by rack."""
    sums = np.zeros((values.shape[0], racks))
    if at.size:
        there, begins = np.unique(at, return_index=True)
        sums[:, there] = np.add.reduceat(values.astype(float), begins, axis=1)
    return sums


def _scaled(sigma: Floats, squares: Floats, number: Floats, law: Law, rng: np.random.Generator) -> Floats:
    """Draws the maintenance's own sigma, (paths, 1), given the sum of squares of its residuals."""
    chance = scale_chances(law.scales, sigma[:, 0] ** 2, squares[:, 0], number)
    drawn = (rng.random(sigma.shape) > np.cumsum(chance, axis=1)).sum(axis=1)
    return np.asarray(sigma * np.sqrt(SCALES[np.minimum(drawn, SCALES.size - 1)])[:, None])


def _beyond(
    bound: Floats, centre: Floats, sigma: Floats, wide: Floats, rng: np.random.Generator
) -> tuple[Floats, Flags]:
    """Draws how long running stays last in all, and which of them go their own way: the more, the longer they last."""
    wide = np.maximum(sigma, wide)
    bounds, spread = (bound - centre) / sigma, np.broadcast_to(sigma, centre.shape)
    odd = np.zeros(centre.shape, dtype=bool)
    apart = wide > 1.02 * sigma
    if apart.any():
        broad = (bound - centre) / wide
        its, theirs = ODD * ndtr(-broad), (1 - ODD) * ndtr(-bounds)
        odd = apart & (rng.random(centre.shape) * (its + theirs) <= its)
        bounds, spread = np.where(odd, broad, bounds), np.where(odd, wide, spread)
    return centre + spread * draw_beyond(bounds, 1.0 - rng.random(centre.shape)), odd


def _own(stage: int, spells: Spells, rack: Codes, racks: int) -> _Own:
    here = spells.stage == stage
    over = here & (spells.following >= 0)
    log_hours = np.log(np.maximum(spells.left[over] - spells.entered[over], SHORTEST))
    where = rack[spells.node[over]]
    running = np.flatnonzero(spells.now == stage)
    running = running[np.argsort(rack[running], kind="stable")]
    bound = np.log(np.maximum(-spells.since[running], SHORTEST))
    return _Own(
        np.bincount(where, minlength=racks).astype(float),
        np.bincount(where, log_hours, racks).astype(float),
        np.bincount(where, log_hours**2, racks).astype(float),
        bound,
        rack[running],
        running,
    )
