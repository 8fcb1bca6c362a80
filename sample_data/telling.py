"""Changes as rows: ids in the order in which things became known, each fact with the source it came from."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

import phrases
from changes import Change, Commitment
from fleet import CLUSTERS, GPUS_PER_NODE, PROVIDERS, TEAMS, Cluster, allocations
from habits import Habit, Spread
from people import DESKS, mailbox, parties
from rows import Dataset

OURS = {
    "cordoned": ("slurm", Spread(0.8, 0.4)),
    "drained": ("slurm", Spread(0.8, 0.4)),
    "validating": ("fleet", Spread(1.5, 0.5)),
    "repairing": ("fleet", Spread(1.5, 0.5)),
    "in_service": ("fleet", Spread(1.5, 0.5)),
    "removed": ("fleet", Spread(1.5, 0.5)),
}
"""The stages that we see ourselves, by which source, and its delay in minutes; the provider reports the others."""


def tell_fleet(data: Dataset) -> None:
    """Everything that is not a maintenance."""
    for provider_id, name in PROVIDERS.items():
        data.add("providers", provider_id=provider_id, name=name)
    for team_id, name in TEAMS.items():
        data.add("teams", team_id=team_id, name=name)
    for cluster in CLUSTERS:
        _tell_cluster(data, cluster)
    for share in allocations():
        data.add(
            "allocations",
            team_id=share.team_id,
            cluster_id=share.cluster_id,
            gpus=share.gpus,
            starts_at=share.starts_at,
            ends_at=share.ends_at,
        )
    for party in parties():
        data.add(
            "parties",
            party_id=party.party_id,
            name=party.name,
            role=party.role,
            provider_id=party.provider_id,
            cluster_id=party.cluster_id,
            team_id=party.team_id,
            channel=party.channel,
            escalates_to=party.escalates_to,
            timezone=party.timezone,
        )


def _tell_cluster(data: Dataset, cluster: Cluster) -> None:
    data.add(
        "clusters",
        cluster_id=cluster.cluster_id,
        provider_id=cluster.provider_id,
        region=cluster.region,
        sku=cluster.sku,
        gpus_per_node=GPUS_PER_NODE,
    )
    for node in cluster.nodes:
        data.add(
            "nodes",
            node_id=node.node_id,
            cluster_id=cluster.cluster_id,
            rack=node.rack,
            gpus=GPUS_PER_NODE,
            team_id=node.team_id,
        )


def tell_changes(data: Dataset, changes: Sequence[Change], seed: str) -> None:
    """All maintenances, numbered as they were announced."""
    named = {f"M-{1001 + index}": change for index, change in enumerate(sorted(changes, key=_order))}
    for maintenance_id, change in named.items():
        rng = Random(f"{seed}/telling/{maintenance_id}")
        _tell_plan(data, maintenance_id, change)
        _tell_nodes(data, maintenance_id, change)
        _tell_transitions(data, maintenance_id, change, rng)
    _tell_letters(data, named, seed)
    _tell_cases(data, named)
    _tell_commitments(data, named)


def _order(change: Change) -> tuple[datetime, str]:
    return change.announced_at, change.title


def _tell_plan(data: Dataset, maintenance_id: str, change: Change) -> None:
    for number, update in enumerate(change.updates):
        first = number == 0
        data.add(
            "maintenance_updates",
            maintenance_id=maintenance_id,
            recorded_at=update.recorded_at,
            source=update.source or change.habit.source,
            status=update.status,
            kind=change.kind if first else None,
            title=change.title if first else None,
            provider_id=change.cluster.provider_id if first else None,
            cluster_id=change.cluster.cluster_id if first else None,
            planned_start=update.planned_start,
            planned_end=update.planned_end,
            max_unavailable=change.at_once if first else None,
            provider_ref=change.reference if first else None,
            note=update.note,
        )


def _tell_nodes(data: Dataset, maintenance_id: str, change: Change) -> None:
    named_at = change.named_at or change.announced_at
    for node in change.nodes:
        data.add("maintenance_nodes", maintenance_id=maintenance_id, node_id=node.node_id, recorded_at=named_at)
    for node, dropped_at in change.dropped:
        for at, removed in ((named_at, None), (dropped_at, "true")):
            data.add(
                "maintenance_nodes",
                maintenance_id=maintenance_id,
                node_id=node.node_id,
                recorded_at=at,
                removed=removed,
            )


def _tell_transitions(data: Dataset, maintenance_id: str, change: Change, rng: Random) -> None:
    """What the provider's habit lets us see of each node, with the delay of whoever reports it."""
    habit = change.habit
    if "scheduled" in habit.stages and change.updates[-1].status != "cancelled":
        at = change.named_at or change.announced_at
        for number, node in enumerate(change.nodes):
            data.add(
                "node_transitions",
                maintenance_id=maintenance_id,
                node_id=node.node_id,
                stage="scheduled",
                occurred_at=at,
                recorded_at=at,
                source=habit.source,
                source_ref=_event(habit, at, number),
            )
    for node_id, history in change.histories.items():
        for number, (stage, at) in enumerate(history):
            if stage in habit.stages:
                source, known_at = _reported(habit, stage, at, rng)
                data.add(
                    "node_transitions",
                    maintenance_id=maintenance_id,
                    node_id=node_id,
                    stage=stage,
                    occurred_at=at,
                    recorded_at=known_at,
                    source=source,
                    source_ref=_event(habit, at, number) if source == habit.source else None,
                )


def _reported(habit: Habit, stage: str, at: datetime, rng: Random) -> tuple[str, datetime]:
    """Which source reports that a stage was entered, and when."""
    if stage in OURS:
        source, minutes = OURS[stage]
        return source, at + timedelta(minutes=minutes.draw(rng))
    return habit.source, habit.knows(at, rng)


def _event(habit: Habit, at: datetime, number: int) -> str | None:
    """The provider's own id of an event; a portal export has none."""
    if habit.hourly:
        return None
    return f"{int(at.timestamp()) // 7 % 16**6:06x}-{number}"


def _tell_letters(data: Dataset, named: dict[str, Change], seed: str) -> None:
    """All messages in the order in which they arrived, those about nothing in particular among them."""
    letters = [
        (
            letter.received_at,
            maintenance_id,
            change.cluster.provider_id,
            letter.sender,
            letter.subject,
            letter.body,
            claim,
        )
        for maintenance_id, change in named.items()
        for letter in change.letters
        for claim in [_local(letter.claimed_end, change.habit)]
    ]
    letters += [
        (at, "", provider_id, mailbox(_author(body, provider_id), provider_id), subject, body, None)
        for at, provider_id, subject, body in _general(data.anchor, seed)
    ]
    for number, letter in enumerate(sorted(letters, key=lambda letter: letter[:2])):
        received_at, maintenance_id, provider_id, sender, subject, body, claim = letter
        data.add(
            "provider_messages",
            message_id=f"MSG-{number + 1:04}",
            maintenance_id=maintenance_id,
            provider_id=provider_id,
            received_at=received_at,
            sender=sender,
            subject=subject,
            body=body,
            claimed_end=claim,
        )


def _local(claim: datetime | None, habit: Habit) -> datetime | None:
    """A claim as its provider writes it: two of them in their own time."""
    if claim is None or habit.provider_id not in {"halden", "orrery"}:
        return claim
    return claim.astimezone(habit.zone)


def _general(anchor: datetime, seed: str) -> list[tuple[datetime, str, str, str]]:
    """Messages about no maintenance, spread over the year; the last one on the day itself."""
    rng = Random(f"{seed}/general")
    days = [12, 75, 140, 276, 190, 48, 0]
    return [
        (anchor - timedelta(days=ago, minutes=rng.uniform(200, 330)), *message)
        for ago, message in zip(days, phrases.GENERAL, strict=True)
    ]


def _author(body: str, provider_id: str) -> str:
    """Who at the provider signed a message."""
    return next(name for name in DESKS[provider_id][0] if name in body)


def _tell_cases(data: Dataset, named: dict[str, Change]) -> None:
    cases = sorted(
        ((case.opened_at, maintenance_id, case) for maintenance_id, change in named.items() for case in change.cases),
        key=lambda row: row[:2],
    )
    for number, (opened_at, maintenance_id, case) in enumerate(cases):
        for recorded_at, status, note in case.steps:
            data.add(
                "support_cases",
                case_id=f"CS-{number + 20311}",
                recorded_at=recorded_at,
                maintenance_id=maintenance_id,
                node_id=case.node_id,
                provider_id=named[maintenance_id].cluster.provider_id,
                status=status,
                severity=case.severity,
                opened_at=opened_at,
                response_due_at=case.response_due_at,
                resolution_due_at=case.resolution_due_at,
                note=note,
            )


def _tell_commitments(data: Dataset, named: dict[str, Change]) -> None:
    """Each as it was made, and again when it was met or withdrawn."""
    made = sorted(
        (
            (row.recorded_at, maintenance_id, row)
            for maintenance_id, change in named.items()
            for row in change.commitments
        ),
        key=lambda row: row[:2],
    )
    for number, (_, maintenance_id, promise) in enumerate(made):
        for recorded_at, met_at, withdrawn in _versions(promise):
            data.add(
                "commitments",
                commitment_id=f"C-{number + 1:04}",
                recorded_at=recorded_at,
                maintenance_id=maintenance_id,
                party_id=promise.party_id,
                what=promise.what,
                due_at=promise.due_at,
                met_at=met_at,
                withdrawn=withdrawn,
            )


def _versions(promise: Commitment) -> list[tuple[datetime, datetime | None, str | None]]:
    rows: list[tuple[datetime, datetime | None, str | None]] = [(promise.recorded_at, None, None)]
    if promise.met_at is not None:
        rows.append((promise.met_at + timedelta(minutes=4), promise.met_at, None))
    if promise.withdrawn_at is not None:
        rows.append((promise.withdrawn_at, None, "true"))
    return rows
