"""A year of maintenances that are over: completed, some after being moved or put off, and a few cancelled."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby
from math import exp, log
from random import Random

import phrases
from aftermath import claims, on_the_hour, promises, repair_cases, slip_letters
from changes import Change, Letter, Update, limit
from fleet import CLUSTERS, NODES_PER_RACK, Cluster, Node
from habits import HABITS, KINDS
from letters import Desk
from rollouts import History, Job, provider_done, roll_out, share_back, usual_length
from titles import reference_of, title_of

YEAR = timedelta(days=365)
KIND_WEIGHTS = {
    "firmware": 26,
    "security_patch": 24,
    "power": 12,
    "network": 15,
    "hardware_refresh": 11,
    "cooling": 12,
}
Window = tuple[datetime, datetime]


@dataclass(slots=True)
class Diary:
    """Which nodes of one cluster are free when: nothing is done to a node twice at a time."""

    cluster: Cluster
    reserved: Mapping[str, datetime]  # by node: from when on something else is under way
    kept: Collection[str]  # nodes that will still be needed
    free_from: dict[str, datetime] = field(default_factory=dict)

    def pick(self, start: datetime, count: int, rng: Random) -> tuple[Node, ...]:
        """Neighbouring racks that are free at `start`, at least `count` nodes where there are as many."""
        free = [list(nodes) for _, nodes in groupby(self.cluster.nodes, key=lambda node: node.rack)]
        free = [rack for rack in free if all(self._is_free(node, start) for node in rack)]
        racks = -(-count // NODES_PER_RACK[self.cluster.sku])
        first = rng.randrange(max(1, len(free) - racks + 1))
        return tuple(node for rack in free[first : first + racks] for node in rack)

    def _is_free(self, node: Node, start: datetime) -> bool:
        ends = self.free_from.get(node.node_id)
        return (ends is None or ends + timedelta(hours=6) < start) and start + timedelta(days=9) < self.reserved.get(
            node.node_id, start + YEAR
        )

    def enter(self, histories: Mapping[str, History]) -> None:
        """Takes the nodes for as long as they were out; those that were removed never come back."""
        for node_id, history in histories.items():
            stage, at = history[-1]
            self.free_from[node_id] = at + YEAR * 2 if stage == "removed" else at

    def allows(self, histories: Mapping[str, History]) -> bool:
        """Whether a rollout is over before its nodes are needed."""
        return all(history[-1][1] < self.reserved[node_id] for node_id, history in histories.items())


def past(anchor: datetime, reserved: Mapping[str, datetime], seed: str) -> list[Change]:
    """All of them; `reserved` says, by node, when the current maintenance takes it. Nothing may be open by then."""
    changes: list[Change] = []
    for cluster in CLUSTERS:
        rng = Random(f"{seed}/past/{cluster.cluster_id}")
        until = {node.node_id: reserved.get(node.node_id, anchor - timedelta(hours=30)) for node in cluster.nodes}
        diary = Diary(cluster, until, reserved.keys())
        if cluster.cluster_id == "nimbus-iad-1":
            changes.append(_first_wave(anchor, diary, Random(f"{seed}/first-wave")))
        for start in _starts(anchor, rng):
            change = _one(diary, start, rng)
            if change is not None:
                changes.append(change)
    return changes


def _starts(anchor: datetime, rng: Random) -> Iterator[datetime]:
    """Instants over the year, about five weeks apart, and none in the last ten days."""
    at = anchor - YEAR + timedelta(days=rng.uniform(8, 35))
    while at < anchor - timedelta(days=10):
        yield at
        at += timedelta(days=9 + rng.expovariate(1 / 27))


def _one(diary: Diary, at: datetime, rng: Random) -> Change | None:
    """One maintenance, as fate has it; None where the nodes are not to be had for long enough."""
    cluster = diary.cluster
    kind = rng.choices(list(KIND_WEIGHTS), list(KIND_WEIGHTS.values()))[0]
    start = _window_opens(cluster, at, rng)
    count = round(exp(rng.uniform(log(8), log(min(400, cluster.size * 0.9)))))
    nodes = diary.pick(start, count, rng)
    if not nodes:
        return None
    title = title_of(kind, cluster, nodes, start, rng)
    return _tell(diary, Plan(cluster, kind, title, nodes, start), rng)


def _first_wave(anchor: datetime, diary: Diary, rng: Random) -> Change:
    """The wave that came before the one that is late now."""
    nodes = tuple(node for node in diary.cluster.nodes if node.rack >= "E")[:80]
    start = (anchor - timedelta(days=20)).replace(hour=13, minute=0)
    plan = Plan(diary.cluster, "firmware", "Firmware 2.14 on H100 trays, wave 1 of 3", nodes, start, certain=True)
    change = _tell(diary, plan, rng)
    if change is None:
        raise ValueError("the first wave does not end before its nodes are needed again: choose another seed")
    return change


def _window_opens(cluster: Cluster, at: datetime, rng: Random) -> datetime:
    """A full hour at which the provider would begin."""
    habit = HABITS[cluster.provider_id]
    local = habit.opens(at).astimezone(habit.zone)
    hour = habit.hours[0] if habit.hours != (0, 24) else rng.choice((6, 8, 9, 14, 20, 22))
    return local.replace(hour=hour, minute=0, second=0, microsecond=0).astimezone(at.tzinfo)


@dataclass(frozen=True, slots=True)
class Plan:
    """What was meant to happen."""

    cluster: Cluster
    kind: str
    title: str
    nodes: tuple[Node, ...]
    start: datetime
    certain: bool = False  # neither cancelled nor moved


def _tell(diary: Diary, plan: Plan, rng: Random) -> Change | None:
    """The whole story of one plan, from notice to the last node."""
    habit, kind = HABITS[plan.cluster.provider_id], KINDS[plan.kind]
    job = Job(
        habit, plan.kind, plan.nodes, rng.choice(kind.shares), rng.choice(kind.waves), plan.start, kept=diary.kept
    )
    length = usual_length(job, rng) * habit.optimism * rng.lognormvariate(0.0, 0.1)
    window = (plan.start, max(on_the_hour(plan.start + length), plan.start + timedelta(hours=2)))
    pace = rng.lognormvariate(0.0, habit.frailty)
    begins = plan.start + timedelta(minutes=rng.expovariate(1 / 25))
    histories = roll_out(replace(job, start=begins, pace=pace), rng)
    if not diary.allows(histories):
        return None
    reference = reference_of(habit.provider_id, plan.start, rng)
    desk = Desk(plan.cluster, plan.kind, plan.title, reference, plan.nodes)
    updates, letters = _notice(desk, window, plan.certain, rng)
    change = Change(plan.cluster, plan.kind, plan.title, reference, plan.nodes, tuple(updates), letters=tuple(letters))
    if updates[-1].status == "cancelled":
        return change
    diary.enter(histories)
    change = replace(change, at_once=limit(plan.cluster, histories) if rng.random() < 0.5 else None)
    return _course(_scope_change(diary, change, rng), desk, window, histories, rng)


def _notice(desk: Desk, window: Window, certain: bool, rng: Random) -> tuple[list[Update], list[Letter]]:
    """What is said before the start: announced 5 to 21 days ahead, sometimes moved, put off or cancelled."""
    start, end = window
    ahead = timedelta(days=rng.uniform(5, 21))
    announced = start - ahead
    turn = "" if certain else rng.choices(("", "moved", "deferred", "cancelled"), (72, 14, 5, 9))[0]
    first = window
    if turn in {"moved", "deferred"}:
        shift = timedelta(days=rng.choice((-2, 1, 2, 3) if turn == "moved" else (-4, -5)))
        first = (start + shift, end + shift)
    updates = [_update(announced, "proposed", rng, first)]
    letters = [desk.write(announced - timedelta(minutes=rng.uniform(2, 90)), "Notice", phrases.ANNOUNCED, first, rng)]
    updates.append(_update(announced + ahead * rng.uniform(0.05, 0.2), "scheduled", rng))
    turned = announced + ahead * rng.uniform(0.3, 0.45)
    if turn == "cancelled":
        updates.append(Update(turned, "cancelled", rng.choice(phrases.NOTES["cancelled"])))
        return updates, [*letters, desk.write(turned, "Cancelled", phrases.CANCELLED, window, rng)]
    if turn == "deferred":
        updates.append(Update(turned, "deferred", rng.choice(phrases.NOTES["deferred"])))
        letters.append(desk.write(turned, "Deferred", phrases.DEFERRED, window, rng))
        turned = announced + ahead * rng.uniform(0.5, 0.6)
    if turn:
        updates.append(Update(turned, "scheduled", rng.choice(phrases.NOTES["moved"]), start, end))
        letters.append(desk.write(turned + timedelta(minutes=9), "New window", phrases.MOVED, window, rng, claim=end))
    if rng.random() < 0.85:
        updates.append(_update(announced + ahead * rng.uniform(0.7, 0.95), "confirmed", rng))
    if rng.random() < 0.4:
        letters.append(
            desk.write(start - timedelta(hours=rng.uniform(18, 30)), "Reminder", phrases.REMINDED, window, rng)
        )
    return updates, letters


def _update(at: datetime, status: str, rng: Random, window: Window | None = None) -> Update:
    """An update with a note that fits its status."""
    start, end = window or (None, None)
    return Update(at, status, rng.choice(phrases.NOTES[status]), start, end)


def _scope_change(diary: Diary, change: Change, rng: Random) -> Change:
    """Now and then a rack was named at first and taken off the list before the start."""
    named = {node.node_id for node in change.nodes}
    others = [node for node in diary.cluster.nodes if node.node_id not in named]
    if rng.random() > 0.1 or not others:
        return change
    rack = rng.choice(others).rack
    at = change.announced_at + timedelta(days=rng.uniform(1.5, 4))
    return replace(change, dropped=tuple((node, at) for node in others if node.rack == rack))


def _course(change: Change, desk: Desk, window: Window, histories: Mapping[str, History], rng: Random) -> Change:
    """What is said from the first node to the last."""
    habit = change.habit
    began = min(history[0][1] for history in histories.values())
    half, most, ended = (share_back(histories, share) for share in (0.5, 0.97, 1.0))
    moves = claims(window[1], most, habit, rng)
    letters = list(change.letters)
    if rng.random() < 0.6:
        letters.append(
            desk.write(began + timedelta(minutes=rng.uniform(10, 120)), "Started", phrases.STARTED, window, rng)
        )
    letters += slip_letters(desk, window, moves, rng)
    done = min(max(provider_done(histories), most - timedelta(hours=1)), ended)
    if rng.random() < 0.8:
        letters.append(desk.write(done + timedelta(minutes=rng.uniform(15, 200)), "Done", phrases.DONE, window, rng))
    updates = [
        *change.updates,
        _update(habit.knows(began, rng), "in_progress", rng),
        *(_extended(at, claim, rng) for at, claim in moves if habit.moves_plan and began < at < done),
        _update(habit.knows(done, rng), "recovering", rng),
    ]
    updates.append(
        _update(max(habit.knows(ended, rng), updates[-1].recorded_at) + timedelta(minutes=12), "completed", rng)
    )
    return replace(
        change,
        updates=tuple(updates),
        letters=tuple(letters),
        histories=histories,
        cases=tuple(repair_cases(habit, histories, rng)),
        commitments=tuple(promises(change.cluster, window, (began, half, ended), rng)),
    )


def _extended(at: datetime, claim: datetime, rng: Random) -> Update:
    return Update(at + timedelta(minutes=7), "in_progress", rng.choice(phrases.NOTES["extended"]), planned_end=claim)
