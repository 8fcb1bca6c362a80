"""What passes before the next node goes: nothing, a provider's pause, or the end of the wave before it."""

from dataclasses import dataclass

import numpy as np

from dashboard.forecast.hours import Opens, SoonOpens
from dashboard.forecast.noise import Singles
from dashboard.forecast.pooling import Floats
from dashboard.forecast.slots import Turnover
from dashboard.forecast.waves import LONGEST, NONE, PROMPT, Stops
from dashboard.model.rollout import Codes

_TOGETHER = 0.25  # hours within which nodes go out as one wave
_SURE = 0.8  # share of waves that began with nobody out
_ENOUGH = 5


@dataclass(frozen=True)
class Handover:
    """How a provider passes a place on.

    pauses : hours lost at each hand-over, in office hours' reckoning, of every one seen
    waves  : whether the next nodes go only when the last of those before has given its place back
    """

    pauses: Floats
    waves: bool

    def draw(self, shape: tuple[int, int], rng: np.random.Generator) -> Singles:
        """Draws pauses of any shape; nothing is drawn where none was ever seen."""
        if not self.pauses.any():
            return np.zeros(shape, np.float32)
        pauses = self.pauses.astype(np.float32)
        return np.take(pauses, rng.integers(0, pauses.size, shape, dtype=np.int32), mode="clip")


PROMPTLY = Handover(np.zeros(0), False)


def pauses_of(held: Turnover, room: int, opens: Opens, stops: Stops = NONE) -> Floats:
    """Hours between each place coming free and the next node going out, beyond waiting for office hours.

    The i-th place to come free is taken by the i-th node after the first `room`; over a stop, it waits for the stop's
    end first.
    """
    took, gave = np.sort(held.took), np.sort(held.gave[np.isfinite(held.gave)])
    count = max(min(gave.size, took.size - room), 0)
    goes_on = np.append(-np.inf, took[stops.after])
    took, gave = took[room : room + count], gave[:count]
    pause = took - np.maximum(opens(gave), goes_on[np.searchsorted(goes_on, took, side="right") - 1])
    return np.where(pause > PROMPT, np.minimum(pause, LONGEST), 0.0)


def waves_of(held: Turnover, opens: Opens) -> tuple[int, int, Floats]:
    """How many waves came after the first, how many of them with nobody out, and the pauses before those."""
    took, gave = np.sort(held.took), np.sort(held.gave)
    first = np.flatnonzero(np.diff(took) > _TOGETHER) + 1
    begun = took[first]
    clear = np.searchsorted(gave, begun + 1e-6, side="right") >= first
    ended = gave[first[clear] - 1]
    pause = begun[clear] - opens(ended)
    return first.size, int(clear.sum()), np.where(pause > PROMPT, np.clip(pause, 0.0, LONGEST), 0.0)


def habit(rounds: list[tuple[int, int, int, Floats, Floats]]) -> Handover:
    """A provider's habit from its maintenances: nodes, waves, waves that began clear, pauses by node and by wave."""
    nodes = sum(each[0] for each in rounds)
    waves, clear = sum(each[1] for each in rounds), sum(each[2] for each in rounds)
    if waves >= _ENOUGH and clear >= _SURE * waves and nodes >= 2 * waves:
        return Handover(np.concatenate([each[4] for each in rounds]), True)
    pauses = np.concatenate([np.empty(0), *(each[3] for each in rounds)])
    # A rare pause may be a record that is missing; a habit shows more often.
    return Handover(pauses if np.mean(pauses > 0) > 0.03 else np.zeros(0), False) if pauses.size else PROMPTLY


def waves(free: Singles, hold: Singles, pause: Singles, width: Codes, opens: SoonOpens) -> Singles:
    """When each waiting node goes out, where each wave waits for the whole of the one before it.

    free : (paths, places)  when each place comes free; hold, pause : (paths, waiting); width : (paths,) nodes a wave
    returns : (paths, waiting)
    """
    paths, waiting = hold.shape
    went = np.empty(hold.shape, hold.dtype)
    busy = np.where(np.isfinite(free), free, -np.inf).max(axis=1)
    left, start = np.zeros(paths, dtype=np.int64), np.zeros(paths, hold.dtype)
    for node in range(waiting):
        new = left == 0
        if new.any():
            start[new] = opens((busy + pause[:, node])[new])
            left[new] = width[new]
        went[:, node] = start
        busy = np.where(new, start + hold[:, node], np.maximum(busy, start + hold[:, node]))
        left -= 1
    return went
