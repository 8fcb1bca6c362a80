"""How does a duration go on that has already lasted so long: draws from the tail of a law."""

import numpy as np
from scipy.special import log_ndtr, ndtr, ndtri, ndtri_exp

from dashboard.forecast.pooling import Floats


def draw_beyond(bound: Floats, uniform: Floats) -> Floats:
    """A standard normal given that it exceeds `bound`, by inverse transform on the tail. Any shape.

    Past 30 sigma the survival rounds to 0 and the work moves to logs.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        drawn = -ndtri(ndtr(-bound) * uniform)
        far = bound > 30
        if np.any(far):
            drawn[far] = -ndtri_exp(log_ndtr(-bound[far]) + np.log(uniform[far]))
    return np.maximum(drawn, bound)


def draw_remaining(mu: Floats, sigma: Floats, elapsed: Floats, draws: int, rng: np.random.Generator) -> Floats:
    """Draws how much longer each node stays in its stage, given how long it already has.

    If T is lognormal and T > t, then S(T) is uniform on (0, S(t)).

    mu, sigma : (nodes,)  of log-hours
    elapsed   : (nodes,)  hours, >= 0; ValueError otherwise
    returns   : (draws, nodes)  hours, >= 0
    """
    if np.any(elapsed < 0):
        raise ValueError(f"elapsed is {elapsed.min():.1f} h: a stage entered after as_of")
    with np.errstate(divide="ignore"):
        z = np.broadcast_to((np.log(elapsed) - mu) / sigma, (draws, mu.size))
    drawn = draw_beyond(z, 1.0 - rng.random((draws, mu.size)))
    return np.maximum(np.exp(mu + sigma * drawn) - elapsed, 0.0)
