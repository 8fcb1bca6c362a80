"""What passes before the next node goes: nothing, a provider's pause, or the end of the wave before it."""

from dataclasses import dataclass, field
from typing import NamedTuple

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
_RARE = 0.03  # share of hand-overs
_TELLING = 10  # hand-overs of a maintenance that say no less of its like than more of them would
_OTHERS = 5.0  # hand-overs of its own that weigh as much as all that others had


@dataclass(frozen=True)
class Handover:
    """How a provider passes a place on.

    pauses : maintenance -> hours lost at each hand-over, in office hours' reckoning; none where hardly any were
    waves  : whether the next nodes go only when the last of those before has given its place back
    """

    pauses: dict[str, Floats] = field(default_factory=dict)
    waves: bool = False

    @property
    def every(self) -> Floats:
        """The pauses of all."""
        return np.concatenate([np.empty(0), *self.pauses.values()])

    def draw(self, name: str, shape: tuple[int, int], rng: np.random.Generator) -> Singles:
        """Draws pauses of a maintenance, (paths, nodes): all of one path as one that was seen had them.

        What one maintenance has in common is kept in so: a bootstrap by clusters (Davison and Hinkley 1997, 3.8). The
        more were seen of its own, the likelier those are.
        """
        if not self.pauses:
            return np.zeros(shape, np.float32)
        sizes = np.array([each.size for each in self.pauses.values()])
        own = np.array([each == name for each in self.pauses])
        weight = np.where(own, 0.0, np.minimum(sizes, _TELLING))
        weight = weight / max(weight.sum(), 1.0) * _OTHERS + np.where(own, sizes, 0)
        which = rng.choice(sizes.size, shape[0], p=weight / weight.sum())
        first = (np.cumsum(sizes) - sizes)[which][:, None]
        index = first + (rng.random(shape, dtype=np.float32) * sizes[which][:, None]).astype(np.int64)
        return np.asarray(self.every.astype(np.float32)[np.minimum(index, sizes.sum() - 1)])


PROMPTLY = Handover()


class Round(NamedTuple):
    """One maintenance: nodes, waves after the first, how many of them began clear; its pauses by node and by wave."""

    name: str
    nodes: int
    waves: int
    clear: int
    by_node: Floats
    by_wave: Floats


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


def habit(rounds: list[Round]) -> Handover:
    """A provider's habit from its maintenances."""
    nodes = sum(each.nodes for each in rounds)
    waves, clear = sum(each.waves for each in rounds), sum(each.clear for each in rounds)
    if waves >= _ENOUGH and clear >= _SURE * waves and nodes >= 2 * waves:
        return Handover({each.name: each.by_wave for each in rounds if each.by_wave.size}, waves=True)
    made = Handover({each.name: each.by_node for each in rounds if each.by_node.size})
    # A rare pause may be a record that is missing; a habit shows more often.
    return made if made.pauses and np.mean(made.every > 0) > _RARE else PROMPTLY


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
            start[new] = opens((opens(busy) + pause[:, node])[new])
            left[new] = width[new]
        went[:, node] = start
        busy = np.where(new, start + hold[:, node], np.maximum(busy, start + hold[:, node]))
        left -= 1
    return went
