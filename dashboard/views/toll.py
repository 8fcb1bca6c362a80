"""What one maintenance took: GPU-hours, by who had the ball and beside the promise; validations, and what came back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from dashboard.forecast.spells import (
    IN_SERVICE,
    IS_OUT,
    REMOVED,
    REPAIRING,
    Flags,
    Spells,
    spells_of,
    tidied,
)
from dashboard.model.instants import HOUR, micros
from dashboard.model.maintenance import stage_by_status
from dashboard.model.rollout import Hours, Rollout
from dashboard.model.stages import CODE, HAS_THE_BALL, STAGES, Stage, Status

VALIDATING, IN_MAINTENANCE = CODE[Stage.VALIDATING], CODE[Stage.IN_MAINTENANCE]


@dataclass(frozen=True, slots=True)
class Toll:
    """What it took; hours since as_of, and GPU-hours. `back`: (node, when it first came back) of those that did."""

    planned: float
    unplanned: float
    by_role: dict[str, float]
    whole: float
    early: float
    validated: int
    failed: int
    recoveries: tuple[float, ...]
    back: tuple[tuple[int, float], ...]
    lost: float


def by_steps(rollout: Rollout, steps: Sequence[tuple[int, Status]], as_of: datetime) -> Rollout:
    """A rollout whose nodes nobody reported on one by one: all of them move as its status does."""
    if rollout.at.size or not rollout.nodes:
        return rollout
    rows = [(CODE[stage_by_status(status)], (at - micros(as_of)) / HOUR) for at, status in steps]
    began = next((i for i, (code, _) in enumerate(rows) if IS_OUT[code]), len(rows))
    rows = rows[began:]
    node = np.repeat(np.arange(rollout.nodes), len(rows))
    stage = np.tile(np.array([code for code, _ in rows], dtype=np.int64), rollout.nodes)
    return replace(rollout, node=node, stage=stage, at=np.tile([at for _, at in rows], rollout.nodes))


def ended(rollout: Rollout) -> float:
    """Hours since as_of at which it was over: as told, else with its last node; nan where it is not, or never began."""
    spells = spells_of(rollout)
    went = np.isfinite(spells.out_at)
    if rollout.status is Status.COMPLETED or (rollout.status is Status.CANCELLED and went.any()):
        return rollout.closed
    home = np.isin(spells.now, (IN_SERVICE, REMOVED))
    return float(np.max(spells.since)) if went.any() and home.all() else float("nan")


def toll(rollout: Rollout, weight: Hours, begins: float, ends: float, promised: float) -> Toll:
    """What it took; GPU-hours between `begins` and `ends`, all else whole.

    weight : (nodes,) GPUs as the scope counts them
    promised : hours since as_of by which it was to be back when it began; nan where nothing was promised
    """
    spells = spells_of(tidied(rollout))
    mine = weight > 0
    out = IS_OUT[spells.stage] & mine[spells.node]
    left = np.where(np.isnan(spells.left), 0.0, spells.left)  # what lasts, has lasted until as_of
    gpus = weight[spells.node]

    def hours(since: float, until: float) -> Hours:
        long = np.minimum(left, until) - np.maximum(spells.entered, since)
        return np.asarray(np.clip(long, 0.0, None) * gpus * out, dtype=np.float64)

    within = hours(begins, ends)
    planned = 0.0 if np.isnan(promised) else float(hours(begins, min(ends, promised)).sum())
    by_stage = np.bincount(spells.stage, within, len(STAGES)).astype(np.float64)
    validations = (spells.stage == VALIDATING) & (spells.following >= 0) & mine[spells.node]
    home = mine & (spells.now == IN_SERVICE) & np.isfinite(spells.out_at)
    return Toll(
        planned=planned,
        unplanned=float(within.sum()) - planned,
        by_role=_by_role(by_stage),
        whole=float(hours(-np.inf, np.inf).sum()),
        early=_early(spells, weight, home, promised),
        validated=int(validations.sum()),
        failed=int((validations & (spells.following == REPAIRING)).sum()),
        recoveries=_recoveries(spells, home),
        back=_back(spells, mine),
        lost=float(weight[spells.now == REMOVED].sum()),
    )


def _by_role(by_stage: Hours) -> dict[str, float]:
    found: dict[str, float] = {}
    for stage, role in HAS_THE_BALL.items():
        if role is not None:
            found[role.value] = found.get(role.value, 0.0) + float(by_stage[CODE[stage]])
    return found


def _early(spells: Spells, weight: Hours, home: Flags, promised: float) -> float:
    if np.isnan(promised):
        return 0.0
    return float((np.clip(promised - spells.since[home], 0.0, None) * weight[home]).sum())


def _recoveries(spells: Spells, home: Flags) -> tuple[float, ...]:
    """From when a node first left the provider's maintenance to when it was in service, repairs and all.

    Where nobody tells the two apart, nothing is known of it.
    """
    given = np.full(home.size, np.nan)
    told = (spells.stage == IN_MAINTENANCE) & (spells.following >= 0) & (spells.following != IN_SERVICE)
    rows = np.flatnonzero(told)[::-1]  # the first one stays
    given[spells.node[rows]] = spells.left[rows]
    took = spells.since[home] - given[home]
    return tuple(took[np.isfinite(took)].tolist())


def _back(spells: Spells, mine: Flags) -> tuple[tuple[int, float], ...]:
    first = np.full(mine.size, np.nan)
    rows = np.flatnonzero((spells.stage == IN_SERVICE) & (spells.entered > spells.out_at[spells.node]))[::-1]
    first[spells.node[rows]] = spells.entered[rows]
    came = np.flatnonzero(mine & np.isfinite(first))
    return tuple(zip(came.tolist(), first[came].tolist(), strict=True))


def out_or_waiting(rollout: Rollout) -> bool:
    """Whether any node of it is out, or has yet to go."""
    return not bool(np.isin(spells_of(rollout).now, (IN_SERVICE, REMOVED)).all())
