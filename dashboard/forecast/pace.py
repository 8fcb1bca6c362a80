"""How fast does this maintenance go: its own shared shocks, drawn given what its nodes have shown so far."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dashboard.forecast.durations import SCALES, SHORTEST, Law, scale_chances
from dashboard.forecast.noise import Singles, below, normals, normals_beyond
from dashboard.forecast.pooling import Floats
from dashboard.forecast.spells import Flags, Spells
from dashboard.model.rollout import Codes

SWEEPS = 12
_MUCH = 400_000  # stays and racks x paths, from which on chains are shared
_FEWEST = 50  # chains
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

    centre: Singles
    sigma: Singles
    wide: Singles
    lasts: Singles
    running: Codes


@dataclass(frozen=True, slots=True)
class _Own:
    """The maintenance's stays in one stage: sums a rack of those that ended, and those that last, sorted by rack."""

    ended: Floats
    total: Floats
    squares: Floats
    bound: Singles
    bound_rack: Codes
    running: Codes


def draw_pace(stage: int, spells: Spells, rack: Codes, law: Law, *, paths: int, rng: np.random.Generator) -> Pace:
    """Draws the maintenance's shock, its racks' and its running stays' lengths from their joint posterior.

    Gibbs sampling with the censored stays as data to be imputed (Tanner and Wong 1987): shocks given lengths are
    normal and drawn as one block, lengths given shocks are normal beyond what has passed. Every path is a chain; where
    very many nodes run, fewer chains give several paths each, one a sweep.
    """
    racks = int(rack.max(initial=-1)) + 1
    own = _own(stage, spells, rack, racks)
    if not own.ended.any() and not own.bound.size:
        mu, sigma, rho, phi = (each.astype(np.float32) for each in law.draw(paths, rng))
        sigma_here = _scaled(sigma, np.zeros((paths, 1)), np.zeros(paths), law, rng)
        phi = phi * np.sqrt((law.tail - 2) / rng.chisquare(law.tail, (paths, 1)))
        level = (mu + phi * rng.standard_normal((paths, 1))).astype(np.float32)
        centre = level + rho * normals((paths, racks), rng)
        return Pace(centre, sigma_here, np.maximum(sigma, sigma_here), np.empty((paths, 0), np.float32), own.running)
    active = np.flatnonzero((own.ended > 0) | (np.bincount(own.bound_rack, minlength=racks) > 0))
    drawn = list(_sweep(own, active, law, paths, rng))
    level, inner, sigma_here, sigma, rho = (np.concatenate(each)[:paths] for each in zip(*drawn, strict=True))
    at = np.searchsorted(active, own.bound_rack)
    lasts = _beyond(own.bound, np.take(inner, at, axis=1), sigma_here, sigma, rng)[0]
    if active.size < racks:
        centre = level + rho * normals((paths, racks), rng)
        centre[:, active] = inner
    else:
        centre = inner
    return Pace(centre, sigma_here, np.maximum(sigma, sigma_here), lasts, own.running)


def _sweep(own: _Own, active: Codes, law: Law, paths: int, rng: np.random.Generator) -> Iterator[tuple[Singles, ...]]:
    """Yields level, racks' centres, sigma here, usual sigma and rho, (chains, ...), until there are enough for all."""
    at = np.searchsorted(active, own.bound_rack)
    chains = paths if paths * (at.size + active.size) <= _MUCH else min(paths, max(paths // 10, _FEWEST))
    _, sigma, rho, phi = (each.astype(np.float32) for each in law.draw(chains, rng))
    sigma_here = _scaled(sigma, np.zeros((chains, 1)), np.zeros(chains), law, rng)
    scale = np.ones((chains, 1))
    centre = np.full((chains, active.size), law.mean, np.float32)
    burn = _sweeps(at.size)
    ended, total_ended, squares_ended = (
        each.astype(np.float32) for each in (own.ended[active], own.total[active], own.squares[active])
    )
    for sweep in range(burn - 1 + -(-paths // chains)):
        size, total, squares = ended, total_ended, squares_ended.sum(dtype=np.float64)
        if at.size:
            lasts, odd = _beyond(own.bound, np.take(centre, at, axis=1), sigma_here, sigma, rng)
            keep = (~odd).astype(np.float32)
            lasts *= keep
            size, total = size + _by_rack(keep, at, active.size), total + _by_rack(lasts, at, active.size)
            squares = squares + np.einsum("ij,ij->i", lasts, lasts)[:, None]
        size = np.broadcast_to(np.maximum(size, np.float32(1e-9)), centre.shape)
        weight, prior = 1.0 / (rho**2 + sigma_here**2 / size), law.variance + phi**2 * scale
        precision = 1.0 / prior + weight.sum(axis=1, keepdims=True, dtype=np.float64)
        mean = total / size
        level = (law.mean / prior + np.einsum("ij,ij->i", weight, mean)[:, None]) / precision
        level = level + rng.standard_normal((chains, 1)) / np.sqrt(precision)
        # A t shock is a normal one of random scale.
        astray = (level - law.mean) ** 2 / (law.variance + phi**2)
        scale = (law.tail - 2 + astray) / rng.chisquare(law.tail + 1, (chains, 1))
        level_here = level.astype(np.float32)
        k = np.minimum(rho**2 * weight, np.float32(1))
        centre = level_here + k * (mean - level_here) + rho * np.sqrt(1 - k) * normals(centre.shape, rng)
        left = squares + np.sum(centre * (size * centre - 2 * total), axis=1, keepdims=True, dtype=np.float64)
        sigma_here = _scaled(sigma, np.maximum(left, 0.0), size.sum(axis=1, dtype=np.float64), law, rng)
        if sweep >= burn - 1:
            yield level_here, centre, sigma_here, sigma, rho


def _sweeps(running: int) -> int:
    """Where very many run, each sweep averages over more of them and fewer sweeps do."""
    if not running:
        return 4
    return SWEEPS if running < 500 else SWEEPS // 2


def _by_rack(values: Singles, at: Codes, racks: int) -> Singles:
    """(paths, racks) sums of (paths, running) values that are sorted by rack."""
    sums = np.zeros((values.shape[0], racks), np.float32)
    there, begins = np.unique(at, return_index=True)
    sums[:, there] = np.add.reduceat(values, begins, axis=1)
    return sums


def _scaled(sigma: Singles, squares: Floats, number: Floats, law: Law, rng: np.random.Generator) -> Singles:
    """Draws the maintenance's own sigma, (paths, 1), given the sum of squares of its residuals."""
    chance = scale_chances(law.scales, sigma[:, 0].astype(np.float64) ** 2, squares[:, 0], number)
    drawn = (rng.random(sigma.shape) > np.cumsum(chance, axis=1)).sum(axis=1)
    return np.asarray(sigma * np.sqrt(SCALES[np.minimum(drawn, SCALES.size - 1)])[:, None], dtype=np.float32)


def _beyond(
    bound: Singles, centre: Singles, sigma: Singles, wide: Singles, rng: np.random.Generator
) -> tuple[Singles, Flags]:
    """Draws how long running stays last in all, and which of them go their own way: the more, the longer they last."""
    wide = np.maximum(sigma, wide)
    past = bound - centre
    bounds, spread = past / sigma, np.broadcast_to(sigma, centre.shape)
    odd = np.zeros(centre.shape, dtype=bool)
    apart = wide > np.float32(1.02) * sigma
    if apart.any():
        broad = past / wide
        its, theirs = np.float32(ODD) * below(-broad), np.float32(1 - ODD) * below(-bounds)
        odd = apart & (rng.random(centre.shape, dtype=np.float32) * (its + theirs) <= its)
        bounds, spread = np.where(odd, broad, bounds), np.where(odd, wide, spread)
    return centre + spread * normals_beyond(bounds, rng), odd


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
        bound.astype(np.float32),
        rack[running],
        running,
    )
