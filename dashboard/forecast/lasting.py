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
    most : of most of them
    own : of those that go their own way, and the chance of that and of either, (draws, running) up to a factor; None
    where these are nowhere wider
    """

    centre: Singles
    most: _Law
    own: tuple[_Law, Singles, Singles] | None = None

    @classmethod
    def given(cls, bound: Singles, centre: Singles, sigma: Singles, wide: Singles, share: float) -> "Lasting":
        """From the log-hours that have passed, (running,), and (draws, 1) of shocks; a share goes its own, wide way."""
        past = bound - centre
        most, apart = _Law.of(past, sigma), wide > np.float32(1.02) * sigma
        if not apart.any():
            return cls(centre, most)
        own = _Law.of(past, wide)
        its, theirs = np.float32(share) * below(-own.bound), np.float32(1 - share) * below(-most.bound)
        return cls(centre, most, (own, its * apart, its + theirs))

    def draw(self, rng: np.random.Generator) -> tuple[Singles, Flags]:
        """Log-hours that each lasts in all, (draws, running), and which go their own way: the more, the longer."""
        if self.own is None:
            z = normals_beyond(self.most.bound, rng, self.most.low)
            return self.centre + self.most.spread * z, np.zeros(z.shape, dtype=bool)
        own, its, either = self.own
        odd = rng.random(its.shape, dtype=np.float32) * either < its
        # Sums, for no processor can guess flags that are drawn by lot.
        here = odd.astype(np.float32)
        rest = np.float32(1) - here
        bound, low, spread = (
            getattr(own, name) * here + getattr(self.most, name) * rest for name in ("bound", "low", "spread")
        )
        return self.centre + spread * normals_beyond(bound, rng, low), odd
