"""How the four rollouts that are reported by node stand at the anchor: searched for, not written down."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product
from random import Random

from fleet import Node
from habits import HABITS
from rollouts import OPEN, Fate, History, Job, roll_out, stage_at

Histories = Mapping[str, History]


def _at_pace(job: Job, slowest: float, fits: Callable[[Histories], bool], rng: Random) -> Histories:
    """The rollout at the first pace, from two thirds of the slowest on, at which it stands as the story has it."""
    for seed, step in product([rng.random() for _ in range(60)], range(20)):
        histories = roll_out(replace(job, pace=slowest * (1 - step / 60)), Random(seed))
        if fits(histories):
            return histories
    raise ValueError(f"no pace makes the {job.kind} at {job.habit.provider_id} stand as told: choose another seed")


def _count(histories: Histories, at: datetime) -> dict[str, int]:
    """Nodes by stage at an instant."""
    counts: dict[str, int] = {}
    for history in histories.values():
        stage = stage_at(history, at)
        counts[stage] = counts.get(stage, 0) + 1
    return counts


def _out(counts: Mapping[str, int]) -> int:
    return sum(count for stage, count in counts.items() if stage in OPEN)


def nearly_done(anchor: datetime, start: datetime, nodes: tuple[Node, ...], rng: Random) -> Histories:
    """All taken, all but twelve back, and all that the provider reports from before its portal fell silent."""
    job = Job(HABITS["halden"], "cooling", nodes, 0.7, 1, start + timedelta(minutes=9), fates={})

    def fits(histories: Histories) -> bool:
        counts = _count(histories, anchor)
        taken_late = max(history[2][1] for history in histories.values()) > anchor - timedelta(hours=12)
        return _out(counts) == 12 and "scheduled" not in counts and not taken_late

    return _at_pace(job, 3.9, fits, rng)


def stuck(anchor: datetime, start: datetime, nodes: tuple[Node, ...], rng: Random) -> Histories:
    """Seven held back; the last of the others came back twenty hours ago."""
    held = {node.node_id: Fate(stops_in="in_maintenance") for node in nodes[112:116]}
    held |= {node.node_id: Fate(stops_in="validating") for node in (nodes[63], nodes[64], nodes[92])}
    job = Job(HABITS["kestrel"], "network", nodes, 0.34, 1, start + timedelta(minutes=17), fates=held)

    def fits(histories: Histories) -> bool:
        last = max(history[-1][1] for history in histories.values())
        return timedelta(hours=20) < anchor - last < timedelta(hours=20, minutes=40)

    return _at_pace(job, 1.7, fits, rng)


def late(anchor: datetime, start: datetime, nodes: tuple[Node, ...], rng: Random) -> Histories:
    """128 out, and more than 120 back."""
    job = Job(
        HABITS["nimbus"], "firmware", nodes, 0.34, 1, start + timedelta(minutes=22), fates=_failing(nodes, rng, 7)
    )

    def fits(histories: Histories) -> bool:
        return _out(_count(histories, anchor)) == 128 and _count(histories, anchor).get("in_service", 0) > 120

    return _at_pace(job, 4.5, fits, rng)


def _failing(nodes: tuple[Node, ...], rng: Random, count: int) -> dict[str, Fate]:
    """A few of the earlier nodes fail their validation."""
    return {node.node_id: Fate(fails=True) for node in rng.sample(nodes[: len(nodes) // 2], count)}


def failing(anchor: datetime, start: datetime, nodes: tuple[Node, ...], rng: Random) -> Histories:
    """Nine in repair, two lost, half of the rest to go."""
    broken = rng.sample(nodes[:60], 11)
    fates = {node.node_id: Fate(fails=True, lost_after=2000.0) for node in broken[2:]}
    fates |= {node.node_id: Fate(fails=True, lost_after=rng.uniform(13, 24)) for node in broken[:2]}
    job = Job(HABITS["southmere"], "hardware_refresh", nodes, 0.4, 1, start + timedelta(minutes=14), fates=fates)

    def fits(histories: Histories) -> bool:
        counts = _count(histories, anchor)
        told = counts.get("repairing", 0) == 9 and counts.get("removed", 0) == 2
        return told and 78 <= _out(counts) <= 92 and counts.get("in_service", 0) >= 60

    return _at_pace(job, 2.2, fits, rng)
