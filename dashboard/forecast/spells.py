"""How long did each node spend in each stage: a rollout's transitions, cleaned and cut into spells."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from dashboard.model.rollout import Codes, Hours, Rollout
from dashboard.model.stages import CODE, OUT, STAGES, Stage

Flags = npt.NDArray[np.bool_]

SCHEDULED = CODE[Stage.SCHEDULED]
IN_MAINTENANCE = CODE[Stage.IN_MAINTENANCE]
VALIDATING = CODE[Stage.VALIDATING]
REPAIRING = CODE[Stage.REPAIRING]
IN_SERVICE = CODE[Stage.IN_SERVICE]
REMOVED = CODE[Stage.REMOVED]
IS_OUT = np.array([stage in OUT for stage in STAGES])
_EVER = 24.0 * 365 * 30  # hours
SKEW = 0.25  # hours by which clocks may be apart
_MIXED = 4  # passes of putting neighbours in order: as many stages may follow each other so fast
REPAIRS = 2  # further repairs of one node are like the second


@dataclass(frozen=True, slots=True)
class Spells:
    """One row per stay of a node in a stage, and where each node stands now. Hours since as_of.

    node, stage, entered, left, following, repairs : (spells,)  `left` is nan and `following` -1 while it lasts;
        `repairs` counts the repairs before it, at most REPAIRS
    now, since, out_at, waiting, now_repairs : (nodes,)  `now` is a stage code, `out_at` nan where it never was out
    """

    node: Codes
    stage: Codes
    entered: Hours
    left: Hours
    following: Codes
    repairs: Codes
    now: Codes
    since: Hours
    out_at: Hours
    now_repairs: Codes

    @property
    def waiting(self) -> Flags:
        """(nodes,) whether the node has yet to go out."""
        return np.asarray(self.now == SCHEDULED)

    @property
    def first_out(self) -> float:
        """When the first node went out; nan where none has."""
        went = self.out_at[np.isfinite(self.out_at)]
        return float(went.min()) if went.size else float("nan")

    @property
    def went(self) -> Codes:
        """(nodes that went out,) the row of each one's first spell out."""
        return first_of_each(self.node, np.flatnonzero(IS_OUT[self.stage]))

    def arranged(self, order: Codes) -> "Spells":
        """The same with the nodes in this order."""
        return replace(
            self,
            node=np.argsort(order)[self.node],
            now=self.now[order],
            since=self.since[order],
            out_at=self.out_at[order],
            now_repairs=self.now_repairs[order],
        )


def spells_of(rollout: Rollout) -> Spells:
    """Cuts a rollout into spells, whatever is wrong with its records.

    Transitions without a time, node or stage are dropped, repeats keep the first, a clock that runs ahead reads
    as now, and nothing follows a removal.
    """
    return spells_of_all((rollout,))


def spells_of_all(rollouts: Sequence[Rollout]) -> Spells:
    """The same of many at once, their nodes numbered on from one to the next: see `first_nodes`."""
    first = first_nodes(rollouts)
    nodes, none = int(first[-1]), np.empty(0, dtype=np.int64)
    node = np.concatenate([none, *(_numbered(each, at) for each, at in zip(rollouts, first.tolist(), strict=False))])
    stage = np.concatenate([none, *(each.stage for each in rollouts)])
    at = np.concatenate([np.empty(0), *(each.at for each in rollouts)])
    known = np.isfinite(at) & (node >= 0) & (stage >= 0) & (stage < len(STAGES))
    node, stage, at = node[known], stage[known], np.minimum(at[known], 0.0)
    order = np.lexsort((stage, at, node))
    node, stage, at = node[order], stage[order], at[order]
    stage, believed = _in_order(node, stage, at)
    node, stage, at = node[believed], stage[believed], at[believed]
    keep = np.ones(node.size, dtype=bool)
    keep[1:] = (node[1:] != node[:-1]) | ((stage[1:] != stage[:-1]) & (stage[:-1] != REMOVED))
    node, stage, at = node[keep], stage[keep], at[keep]
    same = np.zeros(node.size, dtype=bool)
    same[:-1] = node[1:] == node[:-1]
    left, following = np.full(node.size, np.nan), np.full(node.size, -1)
    left[:-1][same[:-1]] = at[1:][same[:-1]]
    following[:-1][same[:-1]] = stage[1:][same[:-1]]
    so_far = np.cumsum(stage == REPAIRING) - (stage == REPAIRING)
    first = np.searchsorted(node, np.arange(nodes))
    repairs = so_far - so_far[first[node]] if node.size else so_far
    rows = node, stage, at, left, following, np.minimum(repairs, REPAIRS)
    return _stand(nodes, rows)


def first_nodes(rollouts: Sequence[Rollout]) -> Codes:
    """(rollouts + 1,) the number of the first node of each, where those of all are numbered on; last, how many."""
    return np.cumsum([0, *(each.nodes for each in rollouts)])


def _numbered(rollout: Rollout, first: int) -> Codes:
    """(transitions,) the node of each, numbered on; -1 where there is no such node."""
    there = (rollout.node >= 0) & (rollout.node < rollout.nodes)
    return np.where(there, rollout.node + first, -1)


def _in_order(node: Codes, stage: Codes, at: Hours) -> tuple[Codes, Flags]:
    """Which stages were entered in which order, where clocks have mixed that up; and which rows are not to be believed.

    Of stages up to validation that are told within SKEW of each other, the earlier ones came first. Not believed is a
    step back that is over within SKEW, a cordon just after a repair began, and, of a node in service, what was told
    within SKEW before: clocks, and several that tell of one node, do that, and nodes do not.
    """
    stage, near = stage.copy(), (node[1:] == node[:-1]) & (at[1:] - at[:-1] < SKEW)
    for step in range(_MIXED):
        back = np.flatnonzero(near & _steps_back(stage))
        if not back.size:
            break
        back = back[back % 2 == step % 2]  # so that no row is in two pairs
        stage[back], stage[back + 1] = stage[back + 1], stage[back]
    believed = np.ones(stage.size, dtype=bool)
    cordoned_again = (stage[:-1] == REPAIRING) & (stage[1:] > SCHEDULED) & (stage[1:] < IN_MAINTENANCE)
    returns = (node[1:] == node[:-1]) & (_steps_back(stage) | cordoned_again)
    believed[1:-1] &= ~(returns[:-1] & near[1:] & (stage[2:] > stage[1:-1]))
    believed[1:] &= ~(near & cordoned_again)
    late = np.flatnonzero(near & (stage[:-1] == IN_SERVICE)) + 1
    for rows in range(2, _MIXED + 2):
        before = np.maximum(late - rows, 0)
        again = (node[before] == node[late]) & (stage[before] == stage[late]) & (at[late] - at[before] < SKEW)
        believed[late[again]] = False
    return stage, believed


def _steps_back(stage: Codes) -> Flags:
    """(rows - 1,) whether the next row is an earlier stage, both on the way up to validation."""
    return np.asarray((stage[1:] < stage[:-1]) & (stage[1:] > SCHEDULED) & (stage[:-1] <= VALIDATING))


def first_of_each(node: Codes, rows: Codes) -> Codes:
    """Of these rows, which rise, the first of each node. node : (spells,) rising"""
    of = node[rows]
    new = np.ones(of.size, dtype=bool)
    new[1:] = of[1:] != of[:-1]
    return np.asarray(rows[new])


def _stand(nodes: int, rows: tuple[Codes, Codes, Hours, Hours, Codes, Codes]) -> Spells:
    node, stage, at, _, following, repairs = rows
    now, since = np.full(nodes, SCHEDULED), np.full(nodes, np.nan)
    out_at, now_repairs = np.full(nodes, np.nan), np.zeros(nodes, dtype=np.int64)
    last = following < 0
    now[node[last]], since[node[last]], now_repairs[node[last]] = stage[last], at[last], repairs[last]
    out = first_of_each(node, np.flatnonzero(IS_OUT[stage]))
    out_at[node[out]] = at[out]
    gone = np.isnan(out_at) & (now != SCHEDULED)
    out_at[gone] = since[gone]
    return Spells(*rows, now, since, out_at, now_repairs)


def tidied(rollout: Rollout) -> Rollout:
    """The rollout without times that cannot be: beyond a human age, or an end of the future that was already told."""
    return replace(
        rollout,
        max_unavailable=rollout.max_unavailable if 1 <= rollout.max_unavailable < np.inf else float("nan"),
        announced=_possible(rollout.announced, 0.0),
        started=_possible(rollout.started, 0.0),
        planned_start=_possible(rollout.planned_start),
        planned_end=_possible(rollout.planned_end),
        first_planned_end=_possible(rollout.first_planned_end),
        claimed_end=_possible(rollout.claimed_end),
        closed=_possible(rollout.closed, 0.0),
    )


def _possible(at: float, latest: float = np.inf) -> float:
    return min(at, latest) if abs(at) < _EVER else float("nan")


def shared_racks(rack: Codes) -> Codes:
    """(nodes,) rack indices; where no two nodes share a rack, racks tell nothing and all nodes get the same one."""
    at = np.unique(np.clip(rack, 0, None), return_inverse=True)[1]
    return np.zeros_like(at) if at.max(initial=-1) + 1 == at.size else at
