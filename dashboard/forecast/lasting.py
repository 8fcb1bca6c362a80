"""How long do stays last in all that still run: drawn beyond what has passed, by the law of most or by their own."""

from dataclasses import dataclass

import numpy as np

from dashboard.forecast.noise import Singles, below, normals_beyond
from dashboard.forecast.spells import Flags


@dataclass(frozen=True, slots=True)
class _Law:
    """One law of running stays: beyond which bound, in its standard deviations, each is, and the share below."""

    bound: Singles
    low: Singles
    spread: Singles

    @classmethod
    def of(cls, past: Singles, spread: Singles) -> "_Law":
        bound = past / spread
        return cls(bound, below(bound), spread)


@dataclass(frozen=True, slots=True)
class Lasting:
    """What running stays are drawn from, given shocks: worked out once, for as many draws as are wanted.

    centre : (draws, running)  log-hours
    most, own : of most of them, and of those that go their own way; None where these are no wider
    apart : (draws, 1)  whether they are
    chance : (draws, running) of its own way and of either, up to a factor
    """

    centre: Singles
    most: _Law
    own: _Law | None = None
    apart: Flags | None = None
    chance: tuple[Singles, Singles] | None = None

    @classmethod
    def given(cls, bound: Singles, centre: Singles, sigma: Singles, wide: Singles, share: float) -> "Lasting":
        """From the log-hours that have passed, (running,), and (draws, 1) of shocks; a share goes its own, wide way."""
        past = bound - centre
        most, apart = _Law.of(past, sigma), wide > np.float32(1.02) * sigma
        if not apart.any():
            return cls(centre, most)
        own = _Law.of(past, wide)
        its, theirs = np.float32(share) * below(-own.bound), np.float32(1 - share) * below(-most.bound)
        return cls(centre, most, own, apart, (its, its + theirs))

    def draw(self, rng: np.random.Generator) -> tuple[Singles, Flags]:
        """Log-hours that each lasts in all, (draws, running), and which go their own way: the more, the longer."""
        if self.own is None or self.apart is None or self.chance is None:
            z = normals_beyond(self.most.bound, rng, self.most.low)
            return self.centre + self.most.spread * z, np.zeros(z.shape, dtype=bool)
        its, either = self.chance
        odd = self.apart & (rng.random(its.shape, dtype=np.float32) * either < its)
        # Sums, for no processor can guess flags that are drawn by lot.
        own = odd.astype(np.float32)
        rest = np.float32(1) - own
        bound, low, spread = (
            getattr(self.own, name) * own + getattr(self.most, name) * rest for name in ("bound", "low", "spread")
        )
        return self.centre + spread * normals_beyond(bound, rng, low), odd
