"""How a rollout goes, node by node: slots, waves, racks that share fate, repairs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from itertools import groupby
from math import ceil
from random import Random

from fleet import Node
from habits import DRAIN, HANDOVER, KINDS, LOST_IN_REPAIR, REPAIR, TAKEOVER, VALIDATION, Habit

History = list[tuple[str, datetime]]
OPEN = frozenset({"cordoned", "drained", "in_maintenance", "returned", "validating", "repairing"})


@dataclass(frozen=True, slots=True)
class Fate:
    """What is decided beforehand for one node; anything else is left to chance, but for failing validation."""

    stops_in: str = ""  # never leaves this stage
    fails: bool = False
    lost_after: float = 0.0  # hours of repair after which it is given up


@dataclass(frozen=True, slots=True)
class Job:
    """The work to be rolled out. `fates` given, no node fails validation but those it names."""

    habit: Habit
    kind: str
    nodes: tuple[Node, ...]
    share: float  # of the nodes that the provider has at once
    waves: int
    start: datetime
    pace: float = 1.0
    even: bool = False  # every rack at the same pace
    fates: Mapping[str, Fate] | None = None
    kept: Collection[str] = ()  # nodes that are never lost


def roll_out(job: Job, rng: Random) -> dict[str, History]:
    """Every node's way through the stages, from `scheduled` (not listed) to service or loss."""
    units = _units(job)
    size = ceil(len(units) / job.waves)
    histories: dict[str, History] = {}
    start = job.start
    for first in range(0, len(units), size):
        wave = units[first : first + size]
        freed = _roll_out_wave(job, wave, max(1, round(job.share * len(units))), start, rng, histories=histories)
        # The provider looks at the wave before it lets the next one go.
        start = freed + timedelta(hours=rng.uniform(0.5, 3.0))
    return histories


def _units(job: Job) -> list[list[Node]]:
    """What is taken as one: a rack, or a single node."""
    if KINDS[job.kind].by_rack:
        return [list(nodes) for _, nodes in groupby(job.nodes, key=lambda node: node.rack)]
    return [[node] for node in job.nodes]


def _roll_out_wave(
    job: Job, units: Sequence[list[Node]], slots: int, start: datetime, rng: Random, *, histories: dict[str, History]
) -> datetime:
    """Takes units as slots come free; the instant at which the provider has given back the last one."""
    free = [start + timedelta(minutes=3 * slot) for slot in range(min(slots, len(units)))]
    heapify(free)
    shocks: dict[str, float] = {}
    last = start
    for unit in units:
        taken = job.habit.opens(heappop(free))
        rack = unit[0].rack
        shocks.setdefault(rack, 1.0 if job.even else rng.lognormvariate(0.0, job.habit.rack_shock))
        back = taken
        for node in unit:
            history = _path(job, node, taken + timedelta(seconds=rng.uniform(5, 240)), shocks[rack], rng)
            histories[node.node_id] = history
            back = max([back, *(at for stage, at in history if stage == "returned")])
        heappush(free, back)
        last = max(last, back)
    return last


def _path(job: Job, node: Node, taken: datetime, shock: float, rng: Random) -> History:
    """One node, from cordon to service; cut short where its fate says so."""
    pace = job.habit.slowness * job.pace * shock
    fate = (job.fates or {}).get(node.node_id, Fate())
    drained = taken + _hours(DRAIN.draw(rng))
    begun = job.habit.opens(drained + _hours(HANDOVER.draw(rng)))
    returned = begun + _hours(KINDS[job.kind].work.draw(rng, pace))
    validating = returned + _hours(TAKEOVER.draw(rng))
    history = [
        ("cordoned", taken),
        ("drained", drained),
        ("in_maintenance", begun),
        ("returned", returned),
        ("validating", validating),
    ]
    history += _verdict(job, node, validating, rng)
    if fate.stops_in:
        stages = [stage for stage, _ in history]
        return history[: stages.index(fate.stops_in) + 1]
    return history


def _verdict(job: Job, node: Node, validating: datetime, rng: Random) -> History:
    """What follows the first validation: service, or repairs until it passes or is given up."""
    fate = (job.fates or {}).get(node.node_id, Fate())
    can_be_lost = "removed" in job.habit.stages and node.node_id not in job.kept
    at = validating + _hours(VALIDATION.draw(rng))
    chance = 0.0 if job.fates is not None else KINDS[job.kind].fail * job.habit.failing
    rest: History = []
    fails = fate.fails or rng.random() < chance
    while fails:
        rest.append(("repairing", at))
        at += _hours(fate.lost_after or REPAIR.draw(rng))
        if fate.lost_after or (can_be_lost and rng.random() < LOST_IN_REPAIR):
            return [*rest, ("removed", at)]
        rest.append(("validating", at))
        at += _hours(VALIDATION.draw(rng))
        fails = rng.random() < chance / 2
    return [*rest, ("in_service", at)]


def _hours(hours: float) -> timedelta:
    return timedelta(seconds=round(hours * 3600))


def usual_length(job: Job, rng: Random) -> timedelta:
    """How long until 97 % are back when nothing fails and the pace is the ordinary one: what a planner reckons with."""
    usual = replace(job, pace=1.0, even=True, fates={})
    return share_back(roll_out(usual, rng), 0.97) - job.start


def share_back(histories: Mapping[str, History], share: float) -> datetime:
    """When that share of the nodes had left maintenance, into service or for good."""
    ends = sorted(history[-1][1] for history in histories.values())
    return ends[min(len(ends) - 1, round(share * len(ends)))]


def provider_done(histories: Mapping[str, History]) -> datetime:
    """When the provider had given back the last node for the first time."""
    return max(at for history in histories.values() for stage, at in history if stage == "returned")


def stage_at(history: History, at: datetime) -> str:
    """The stage a node was in at an instant; `scheduled` before its first."""
    passed = [stage for stage, entered in history if entered <= at]
    return passed[-1] if passed else "scheduled"


def most_out(histories: Mapping[str, History]) -> int:
    """The most nodes that were out at one instant."""
    steps: list[tuple[datetime, int]] = []
    for history in histories.values():
        steps.append((history[0][1], 1))
        if history[-1][0] not in OPEN:
            steps.append((history[-1][1], -1))
    out = most = 0
    for _, step in sorted(steps):
        out += step
        most = max(most, out)
    return most
