"""How fast does this maintenance go: its own shared shocks, drawn given what its nodes have shown so far."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from dashboard.forecast.durations import LONGER, SHORTEST, Law
from dashboard.forecast.fitting import SCALES, scale_chances
from dashboard.forecast.interweaving import Ended, respread, shift
from dashboard.forecast.lasting import Lasting
from dashboard.forecast.noise import Singles, normals, one_each
from dashboard.forecast.openings import Evidence, Prior, opening
from dashboard.forecast.paces import Pace
from dashboard.forecast.pooling import Floats
from dashboard.forecast.spells import Flags, Spells
from dashboard.model.rollout import Codes

SWEEPS = 5
_MUCH = 400_000  # stays and racks x paths, beyond which chains are shared
_MANY, _SOME = 500, 50  # of so many paths, also beyond so many stays and racks
_CHAINS, _DRAWS = 34, 102  # these, and what they give: of what so many nodes share, that says enough
_CLOSE = 2.0  # how much closer to each other the nodes of one maintenance keep than those of many, to be of one fate
_AT_ONCE = 100_000  # stays x paths drawn together: what fits a processor's cache
_FAR = 1e6  # log hours; further than any bound


@dataclass(frozen=True, slots=True)
class _Shocks:
    """What chains hold, (chains, 1) but for the racks' centres, (chains, racks).

    sigma is that of this maintenance, usual that of others; broad is how far nodes of different maintenances lie apart
    """

    level: Floats
    centre: Singles
    sigma: Singles
    usual: Singles
    rho: Singles
    broad: Singles


@dataclass(frozen=True, slots=True)
class _Own:
    """The maintenance's stays in one stage: sums a rack of those that ended, and those that last, sorted by rack."""

    ended: Floats
    total: Floats
    squares: Floats
    bound: Singles
    bound_rack: Codes
    running: Codes
    longer: Singles  # twice as long as it has lasted


def draw_pace(
    stage: int, spells: Spells, rack: Codes, law: Law, *, hour_of_week: float, paths: int, rng: np.random.Generator
) -> Pace:
    """Draws the maintenance's shock, its racks' and its running stays' lengths from their joint posterior.

    Gibbs sampling with the censored stays as data to be imputed (Tanner and Wong 1987): shocks given lengths are
    normal and drawn as one block, lengths given shocks are normal beyond what has passed; then both move together, see
    `interweaving`. Every path is a chain, begun as `openings` has it; where very many nodes run, fewer chains give
    several draws each, and each draw several paths.
    """
    racks = int(rack.max(initial=-1)) + 1
    own = _own(stage, spells, rack, racks, law, hour_of_week)
    table = None if law.warp is None else law.warp.table()
    most = float(law.warped(np.array(law.most))) if law.most < np.inf else law.most
    if not own.ended.any() and not own.bound.size:
        mu, sigma, rho, phi = (each.astype(np.float32) for each in law.draw(paths, rng))
        sigma_here = _scaled(sigma, np.zeros((paths, 1)), np.zeros(paths), law, rng)
        phi = phi * np.sqrt((law.tail - 2) / rng.chisquare(law.tail, (paths, 1)))
        level = (mu + phi * rng.standard_normal((paths, 1))).astype(np.float32)
        centre = level + rho * normals((paths, racks), rng)
        wide = _wide(sigma_here, sigma, np.hypot(sigma, phi))
        return Pace(
            centre, sigma_here, wide, np.empty((paths, 0), np.float32), own.running, law.odd, table, most, law.staffing
        )
    active = np.flatnonzero((own.ended > 0) | (np.bincount(own.bound_rack, minlength=racks) > 0))
    at = np.searchsorted(active, own.bound_rack)
    drawn = list(_sweep(own, active, at, law, paths, rng))
    level, inner, sigma_here, sigma, rho, broad = (
        np.concatenate([getattr(each, name) for each in drawn])[:paths].astype(np.float32, copy=False)
        for name in ("level", "centre", "sigma", "usual", "rho", "broad")
    )
    wide = _wide(sigma_here, sigma, broad)
    lasts = _lasting(own, at, inner, sigma_here, wide, law.odd, most, paths, rng)
    centre = inner
    if active.size < racks:
        centre = level + rho * normals((level.size, racks), rng)
        centre[:, active] = inner
    centre, sigma_here, wide = (_repeated(each, paths) for each in (centre, sigma_here, wide))
    return Pace(centre, sigma_here, wide, lasts, own.running, law.odd, table, most, law.staffing)


def _repeated(drawn: Singles, paths: int) -> Singles:
    """(paths, ...) of fewer draws, one after the other and again."""
    return drawn if len(drawn) == paths else np.concatenate([drawn] * -(-paths // len(drawn)))[:paths]


def _sweep(own: _Own, active: Codes, at: Codes, law: Law, paths: int, rng: np.random.Generator) -> Iterator[_Shocks]:
    """Yields shocks of (chains, ...) until there are enough: one a path or, of few chains, one for several.

    active : the racks of which anything was seen; at : (running,) where among them each stay that lasts is
    """
    shared = at.size + active.size > (_MUCH // paths if paths < _MANY else _SOME)
    chains = min(paths, _CHAINS) if shared else paths
    _, sigma, rho, phi = (each.astype(np.float32) for each in law.draw(chains, rng))
    prior = law.variance + phi**2 * ((law.tail - 2) / rng.chisquare(law.tail, (chains, 1)))
    level, centre, here = opening(
        Evidence.of(own.ended, own.total, own.squares, own.bound, own.bound_rack),
        Prior(law.mean, prior, sigma, rho, law.scales, law.odd, float(np.hypot(sigma, phi).mean())),
        active.size,
        rng,
    )
    shocks = _Shocks(level, centre, here, sigma, rho, np.hypot(sigma, phi))
    ended = Ended(*(each[active].astype(np.float32) for each in (own.ended, own.total, own.squares)))
    needed = min(paths, _DRAWS) if shared else paths
    for sweep in range(SWEEPS - 1 + -(-needed // chains)):
        if at.size:
            # At first none: where all are taken to go their own way, nothing says any more that they do not.
            share = law.odd if sweep >= SWEEPS // 2 else 0.0
            wide, here = _wide(shocks.sigma, sigma, shocks.broad), np.take(shocks.centre, at, axis=1)
            lasts, odd = Lasting.given(own.bound, here, shocks.sigma, wide, share).draw(rng)
            shocks = _given_stays(_with(ended, lasts, ~odd, at), shocks, law, prior, rng)
            lasts[odd] = np.inf
            shocks = _loosened(own.bound, lasts, at, ended, shocks, law, prior, rng)
        else:
            shocks = _given_stays(ended, shocks, law, prior, rng)
        # A t shock is a normal one of random scale.
        astray = (shocks.level - law.mean) ** 2 / (law.variance + phi**2)
        prior = law.variance + phi**2 * ((law.tail - 2 + astray) / rng.chisquare(law.tail + 1, (chains, 1)))
        if sweep >= SWEEPS - 1:
            yield shocks


def _with(ended: Ended, lasts: Singles, keep: Flags, at: Codes) -> Ended:
    """What ended and what is imputed, (chains, racks), but for what goes its own way."""
    counts = keep.astype(np.float32)
    lasts = lasts * counts
    racks = ended.size.size
    squares = ended.squares.sum(dtype=np.float64) + np.einsum("ij,ij->i", lasts, lasts, dtype=np.float64)[:, None]
    return Ended(ended.size + _by_rack(counts, at, racks), ended.total + _by_rack(lasts, at, racks), squares)


def _given_stays(stays: Ended, now: _Shocks, law: Law, prior: Floats, rng: np.random.Generator) -> _Shocks:
    """Draws level and racks as one block, then the spread. prior : (chains, 1) variance of the level around its mean"""
    size = np.broadcast_to(np.maximum(stays.size, np.float32(1e-9)), now.centre.shape)
    weight = 1.0 / (now.rho**2 + now.sigma**2 / size)
    precision = 1.0 / prior + weight.sum(axis=1, keepdims=True, dtype=np.float64)
    mean = stays.total / size
    level = (law.mean / prior + np.einsum("ij,ij->i", weight, mean)[:, None]) / precision
    level = level + rng.standard_normal(level.shape) / np.sqrt(precision)
    level_here = level.astype(np.float32)
    k = np.minimum(now.rho**2 * weight, np.float32(1))
    centre = level_here + k * (mean - level_here) + now.rho * np.sqrt(1 - k) * normals(mean.shape, rng)
    left = stays.around(centre)[:, None]
    sigma = _scaled(now.usual, left, size.sum(axis=1, dtype=np.float64), law, rng)
    return replace(now, level=level, centre=centre, sigma=sigma)


def _loosened(
    bound: Singles, lasts: Singles, at: Codes, ended: Ended, now: _Shocks, law: Law, prior: Floats,
    rng: np.random.Generator,
) -> _Shocks:  # fmt: skip
    """Moves the shocks together with the stays imputed from them. lasts : (chains, running), inf where it is odd"""
    gap = np.maximum((bound - lasts).max(axis=1, keepdims=True).astype(np.float64), -_FAR)
    moved = shift(gap, ended, now.level, now.centre, now.sigma, prior=prior, mean=law.mean, rng=rng)
    centre = now.centre + moved
    here = np.take(centre, at, axis=1)
    past, far = bound - here, lasts + moved - here
    sigma = respread(past, far, ended, centre, sigma=now.sigma, usual=now.usual, law=law, rng=rng)
    return replace(now, level=now.level + moved, centre=centre, sigma=sigma)


def _by_rack(values: Singles, at: Codes, racks: int) -> Singles:
    """(paths, racks) sums of (paths, running) values that are sorted by rack."""
    sums = np.zeros((values.shape[0], racks), np.float32)
    there, begins = np.unique(at, return_index=True)
    sums[:, there] = np.add.reduceat(values, begins, axis=1)
    return sums


def _scaled(sigma: Singles, squares: Floats, number: Floats, law: Law, rng: np.random.Generator) -> Singles:
    """Draws the maintenance's own sigma, (paths, 1), given the sum of squares of its residuals."""
    chance = scale_chances(law.scales, sigma[:, 0].astype(np.float64) ** 2, squares[:, 0], number)
    return np.asarray(sigma * np.sqrt(SCALES[one_each(chance, rng)])[:, None], dtype=np.float32)


def _wide(sigma: Singles, usual: Singles, broad: Singles) -> Singles:
    """The spread of nodes that go their own way, (paths, 1): if the others keep close, as if of other maintenances."""
    return np.where(broad > np.float32(_CLOSE) * sigma, broad, np.maximum(sigma, usual))


def _lasting(
    own: _Own, at: Codes, centre: Singles, sigma: Singles, wide: Singles, odd: float, most: float, paths: int,
    rng: np.random.Generator,
) -> Singles:  # fmt: skip
    """How long running stays last in all, (paths, running). at : (running,) where in centre, (draws, racks)"""
    draws, longest = centre.shape[0], np.maximum(most, own.longer)
    lasts, rows = np.empty((paths, at.size), np.float32), max(_AT_ONCE // max(at.size, 1), 1)
    for begin in range(0, draws, rows):
        draw = slice(begin, begin + rows)
        stays = Lasting.given(own.bound, np.take(centre[draw], at, axis=1), sigma[draw], wide[draw], odd)
        for path in range(begin, paths, draws):
            here = lasts[path : min(path + rows, path + draws - begin)]
            so_long, _ = stays.draw(rng)
            np.minimum(so_long[: len(here)], longest, out=here)
    return lasts


def _own(stage: int, spells: Spells, rack: Codes, racks: int, law: Law, hour_of_week: float) -> _Own:
    here = spells.stage == stage
    over = here & (spells.following >= 0)
    log_hours = np.log(np.maximum(law.work(spells.entered[over], spells.left[over], hour_of_week), SHORTEST))
    where = rack[spells.node[over]]
    running = np.flatnonzero(spells.now == stage)
    running = running[np.argsort(rack[running], kind="stable")]
    since = spells.since[running]
    bound = np.log(np.maximum(law.work(since, np.zeros(since.size), hour_of_week), SHORTEST))
    longer = law.warped(bound + LONGER)
    log_hours, bound = law.warped(log_hours), law.warped(bound)
    return _Own(
        np.bincount(where, minlength=racks).astype(float),
        np.bincount(where, log_hours, racks).astype(float),
        np.bincount(where, log_hours**2, racks).astype(float),
        bound.astype(np.float32),
        rack[running],
        running,
        longer.astype(np.float32),
    )
