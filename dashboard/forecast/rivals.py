"""What anyone could say without an engine, to be held against it: the promise, a straight line, usual times."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dashboard.forecast.places import Stay, queue
from dashboard.forecast.pooling import Floats
from dashboard.forecast.quantiles import HORIZON, Futures, back
from dashboard.forecast.rollout import STEPS
from dashboard.forecast.spells import IN_SERVICE, IS_OUT, REMOVED, SCHEDULED, spells_of, spells_of_all, tidied
from dashboard.model.rollout import Knowledge, Rollout
from dashboard.model.stages import STAGES

PATHS = 200
FEW = 5  # stays that ended before a curve of its own is drawn
Where = tuple[str, ...]
"""Whose stays: (provider, kind), (provider,), or () for all."""


def promise(rollout: Rollout) -> float:
    """The provider's word in force, hours since as_of: a claim, else the plan; now where it has passed, nan if none."""
    at = rollout.claimed_end if np.isfinite(rollout.claimed_end) else rollout.planned_end
    return max(at, 0.0) if np.isfinite(at) else float("nan")


def straight_line(rollout: Rollout, fraction: float) -> float:
    """What has returned since the first node went out, carried on at the same rate; nan before anything returned."""
    rollout = tidied(rollout)
    spells = spells_of(rollout)
    home = spells.now == IN_SERVICE
    share = float(rollout.gpus[home].sum() / max(rollout.gpus[spells.now != REMOVED].sum(), 1))
    since = -spells.first_out
    if not share or np.isnan(since):
        return float("nan")
    return min(max(since * (fraction / share - 1.0), 0.0), HORIZON)


@dataclass(frozen=True, slots=True)
class Survival:
    """A survival curve as steps: S is `left[i]` from `at[i]` on, and 1 before."""

    at: Floats
    left: Floats

    def draw(self, elapsed: Floats, rng: np.random.Generator) -> Floats:
        """How long it lasts in all, of any shape, given that it lasted `elapsed`; the longest seen where none is."""
        steps = np.concatenate([[1.0], self.left])
        now = steps[np.searchsorted(self.at, elapsed, side="right")]
        target = now * (1.0 - rng.random(elapsed.shape))
        place = np.searchsorted(-self.left, -target, side="left")
        return np.asarray(np.maximum(self.at[np.minimum(place, self.at.size - 1)], elapsed))


def kaplan_meier(lasted: Floats, ended: np.ndarray) -> Survival:
    """The product-limit estimate (Kaplan and Meier 1958) from (stays,) hours, `ended` false where they still last."""
    at, place = np.unique(lasted[ended], return_inverse=True)
    deaths = np.bincount(place, minlength=at.size)
    at_risk = lasted.size - np.searchsorted(np.sort(lasted), at, side="left")
    left: Floats = np.cumprod(1.0 - deaths / at_risk, dtype=np.float64)
    return Survival(at, left)


@dataclass(frozen=True, slots=True)
class UsualTimes:
    """Kaplan-Meier curves a stage, of the nearest kin with enough stays, and the stage that most often follows."""

    curves: dict[tuple[int, Where], Survival]
    following: dict[int, int]

    def curve(self, stage: int, rollout: Rollout) -> Survival | None:
        """The curve of this provider and kind, else of the provider, else of all; None where no stay ever ended."""
        kin: tuple[Where, ...] = ((rollout.provider, rollout.kind), (rollout.provider,), ())
        return next((self.curves[stage, each] for each in kin if (stage, each) in self.curves), None)

    def quantiles(
        self, rollout: Rollout, fractions: Sequence[float], levels: Sequence[float], rng: np.random.Generator
    ) -> Floats:
        """Hours by which each fraction is back, (fractions, levels): every node by itself, no pace, no shared fate."""
        rollout = tidied(rollout)
        spells = spells_of(rollout)
        shape = (PATHS, rollout.nodes)
        start = max(rollout.planned_start, 0.0) if np.isfinite(rollout.planned_start) else 0.0
        stage = spells.now.copy()
        time = np.tile(np.where(spells.waiting | ~np.isfinite(spells.since), 0.0, spells.since), (PATHS, 1))
        stage[spells.waiting] = self.following.get(SCHEDULED, IN_SERVICE)
        for step in range(STEPS):
            for each in np.unique(stage[IS_OUT[stage]]):
                here, curve = stage == each, self.curve(int(each), rollout)
                past = np.zeros((PATHS, int(here.sum())))
                if step == 0:
                    past = np.maximum(np.where(spells.waiting[here], 0.0, -time[:, here]), 0.0)
                time[:, here] += curve.draw(past, rng) if curve else past
                stage[here] = self.following.get(int(each), IN_SERVICE)
        went = np.zeros(shape)
        if spells.waiting.any():
            told = rollout.max_unavailable
            held = int(told) if np.isfinite(told) and told < rollout.nodes else rollout.nodes
            out = time[:, IS_OUT[spells.now]]
            spare = np.full((PATHS, max(held - out.shape[1], 0 if out.shape[1] else 1)), start)
            free = np.concatenate([out, spare], axis=1).astype(np.float32)
            waits = queue(free, Stay(time[:, spells.waiting].astype(np.float32)), lambda at: at)
            went[:, spells.waiting] = waits
        ends = np.minimum(time + went, HORIZON)
        lost = np.tile(spells.now == REMOVED, (PATHS, 1))
        return back(Futures(went, ends, lost), rollout.gpus, fractions, levels)


def usual_times(known: Knowledge) -> UsualTimes:
    """Draws the curves from every stay known at one instant, censored where it lasts."""
    rollouts = [tidied(each) for each in known.rollouts]
    spells, nodes = spells_of_all(rollouts), [each.nodes for each in rollouts]
    cells = sorted({(each.provider, each.kind) for each in rollouts})
    cell = np.array([cells.index((each.provider, each.kind)) for each in rollouts], dtype=np.int64)
    cell = np.repeat(cell, nodes)[spells.node]
    ended = spells.following >= 0
    lasted = np.maximum(np.where(ended, spells.left, 0.0) - spells.entered, 0.0)
    curves = {}
    for stage in np.unique(spells.stage[IS_OUT[spells.stage]]).tolist():
        here = np.flatnonzero(spells.stage == stage)
        for where in {each[:some] for each in cells for some in range(3)}:
            theirs = np.array([each[: len(where)] == where for each in cells])
            rows = here[theirs[cell[here]]]
            if ended[rows].sum() >= (FEW if where else 1):
                curves[stage, where] = kaplan_meier(lasted[rows], ended[rows])
    moves = np.zeros((len(STAGES), len(STAGES)), dtype=np.int64)
    np.add.at(moves, (spells.stage[ended], spells.following[ended]), 1)
    moves[SCHEDULED] += np.bincount(spells.stage[spells.went], minlength=len(STAGES))
    return UsualTimes(
        curves, {stage: int(moves[stage].argmax()) for stage in np.flatnonzero(moves.any(axis=1)).tolist()}
    )
