"""What follows from a rollout besides the rollout: slips and their letters, support cases, commitments."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

import phrases
from changes import Case, Commitment, Letter
from fleet import Cluster
from habits import Habit
from letters import Desk
from rollouts import History, stage_at


def on_the_hour(at: datetime) -> datetime:
    """The nearest full hour: people promise in hours."""
    return (at + timedelta(minutes=30)).replace(minute=0, second=0, microsecond=0)


def claims(planned_end: datetime, end: datetime, habit: Habit, rng: Random) -> list[tuple[datetime, datetime]]:
    """When the provider moved its promise, and to when: each time towards the true end, rarely far enough."""
    moves: list[tuple[datetime, datetime]] = []
    promised = planned_end
    while promised < end - timedelta(hours=1) and len(moves) < 4:
        said_at = promised - timedelta(hours=rng.uniform(0.4, 5.0))
        hope = min(1.05, rng.uniform(0.75, 1.3) * habit.optimism)
        promised = on_the_hour(promised + max((end - promised) * hope, timedelta(hours=1)))
        moves.append((said_at, promised))
    return moves


def slip_letters(
    desk: Desk, window: tuple[datetime, datetime], moves: Sequence[tuple[datetime, datetime]], rng: Random
) -> list[Letter]:
    """One letter per move of the promise."""
    letters = []
    for number, (said_at, claim) in enumerate(moves):
        subject, wordings = ("Delay", phrases.SLIPPED) if number == 0 else ("Further delay", phrases.SLIPPED_AGAIN)
        letters.append(desk.write(said_at, subject, wordings, window, rng, claim=claim))
    return letters


def repair_cases(habit: Habit, histories: Mapping[str, History], rng: Random) -> list[Case]:
    """A case for most repairs, where the provider's repairs are seen per node."""
    if "repairing" not in habit.stages:
        return []
    cases = []
    for node_id, history in histories.items():
        for (stage, failed_at), (following, ended_at) in pairwise(history):
            if stage == "repairing" and rng.random() < 0.9:
                cases.append(_repair_case(node_id, failed_at, ended_at, following == "removed", rng))
    return cases


def _repair_case(node_id: str, failed_at: datetime, ended_at: datetime, lost: bool, rng: Random) -> Case:
    """One repair as a case; answered late now and then."""
    opened_at = failed_at + timedelta(minutes=rng.uniform(6, 50))
    severity = "sev2" if rng.random() < 0.35 else "sev3"
    taken_at = opened_at + min(timedelta(hours=rng.lognormvariate(0.9, 0.8)), (ended_at - opened_at) / 2)
    closed_at = max(ended_at + timedelta(minutes=rng.uniform(5, 90)), taken_at + timedelta(minutes=20))
    solved = "given up, RMA without replacement" if lost else rng.choice(phrases.CASE_SOLVED)
    steps = (
        (opened_at, "open", rng.choice(phrases.CASE_OPENED).format(gpu=rng.randrange(8))),
        (taken_at, "in_progress", rng.choice(phrases.CASE_TAKEN)),
        (closed_at, "resolved", solved),
    )
    return Case(opened_at, node_id, severity, steps)


def promises(
    cluster: Cluster, window: tuple[datetime, datetime], marks: tuple[datetime, datetime, datetime], rng: Random
) -> list[Commitment]:
    """What parties took on around a maintenance that began, half returned and ended at `marks`."""
    began, half, ended = marks
    start, end = window
    provider = cluster.provider_id
    rows = []
    if rng.random() < 0.45:
        due = start - timedelta(hours=12)
        met = min(due - timedelta(hours=rng.uniform(-3, 20)), began)
        rows.append(_kept("Confirm window, crew and spare parts", f"{provider}-desk", due, met, 72, rng=rng))
    if rng.random() < 0.35:
        due = on_the_hour(start + (end - start) * 0.6)
        rows.append(_kept("Hand back half of the nodes", f"{provider}-desk", due, half, 60, rng=rng))
    if rng.random() < 0.3:
        due = on_the_hour(ended + timedelta(days=5))
        met = due + timedelta(hours=rng.uniform(-60, 40))
        rows.append(_kept("Report on delays and failed nodes", f"{provider}-service", due, met, 110, rng=rng))
    if rng.random() < 0.3:
        due = start - timedelta(hours=2)
        met = due - timedelta(hours=rng.uniform(-1, 8))
        rows.append(
            _kept("Checkpoint and move long runs off the nodes", f"oncall-{cluster.site}", due, met, 50, rng=rng)
        )
    if rng.random() < 0.25:
        due = on_the_hour(end + timedelta(hours=8))
        rows.append(_kept("Finish burn-in of the last rack", "hw-health", due, ended, 30, rng=rng))
    return rows


def _kept(what: str, party_id: str, due_at: datetime, met_at: datetime, notice: float, *, rng: Random) -> Commitment:
    """A commitment made some hours before it is due; one in twelve is withdrawn instead of met."""
    made_at = min(due_at, met_at) - timedelta(hours=notice * rng.uniform(0.4, 1.0))
    if rng.random() < 1 / 12:
        return Commitment(made_at, party_id, what, due_at, withdrawn_at=made_at + (due_at - made_at) * 0.7)
    return Commitment(made_at, party_id, what, due_at, met_at=met_at)


def open_cases(histories: Mapping[str, History], anchor: datetime, rng: Random) -> list[Case]:
    """A case for each node in repair or lost; the older ones were answered, the newest not yet."""
    faults = (
        "burn-in: GPU 3 drops off the bus under load",
        "burn-in: uncorrectable memory errors on GPU 6",
        "node does not come up after the restart, no console",
        "NVMe 2 missing after the restart",
        "PCIe replays on slot 5, bandwidth test 60 % of target",
    )
    cases = []
    for node_id, history in histories.items():
        entered = {stage: at for stage, at in history if at <= anchor}
        if "repairing" not in entered:
            continue
        opened_at = entered["repairing"] + timedelta(minutes=rng.uniform(8, 40))
        steps = [(opened_at, "open", rng.choice(faults))]
        answered_at = opened_at + timedelta(hours=rng.uniform(1.5, 6))
        if answered_at < anchor:
            steps.append((answered_at, "in_progress", "provider sees the same fault, board on order"))
        stage = stage_at(history, anchor)
        if stage != "repairing":
            note = "given up, RMA without replacement" if stage == "removed" else "module replaced, back in burn-in"
            steps = [step for step in steps if step[0] < _after_repair(history)]
            steps.append((_after_repair(history) + timedelta(minutes=11), "resolved", note))
        cases.append(Case(opened_at, node_id, rng.choice(("sev2", "sev3", "sev3")), tuple(steps)))
    return cases


def _after_repair(history: History) -> datetime:
    """When the first repair ended."""
    return next(at for (stage, _), (_, at) in pairwise(history) if stage == "repairing")
