"""The five maintenances that run at the anchor: nearly done, stuck, late, failing, and one without node reports."""

from datetime import datetime, timedelta
from random import Random

import standing
from aftermath import open_cases
from changes import Case, Change, Commitment, Update, limit
from correspondence import Voice
from fleet import BY_ID


def running(anchor: datetime, seed: str) -> list[Change]:
    """All five."""
    stories = (nearly_done, stuck, late, failing, without_nodes)
    return [story(anchor, Random(f"{seed}/{story.__name__}")) for story in stories]


def taken_from(changes: list[Change]) -> dict[str, datetime]:
    """By node, the start of the current maintenance that needs it."""
    return {node.node_id: change_start(change) for change in changes for node in change.nodes}


def change_start(change: Change) -> datetime:
    """When a maintenance was first planned to start, a little early to leave room."""
    starts = [update.planned_start for update in change.updates if update.planned_start]
    return min(starts) - timedelta(hours=6)


def nearly_done(anchor: datetime, rng: Random) -> Change:
    """240 nodes, 95 % of them back; the provider is done but for a dozen. Its portal has fallen silent."""
    cluster = BY_ID["halden-osl-1"]
    nodes = cluster.nodes[:240]
    start = anchor.replace(day=13, hour=7, minute=0)
    histories = standing.nearly_done(anchor, start, nodes, rng)
    voice = Voice(cluster)
    return Change(
        cluster,
        "cooling",
        "Coolant exchange in the secondary loop, rows A to C",
        "HC-2026-0958",
        nodes,
        updates=(
            Update(
                start - timedelta(days=12, hours=1, minutes=51), "proposed", "", start, start + timedelta(hours=132)
            ),
            Update(start - timedelta(days=10, hours=22, minutes=55), "scheduled", "list attached, 60 racks"),
            Update(start - timedelta(days=3, hours=18, minutes=56), "confirmed", "coolant on site, crew booked"),
            Update(start + timedelta(minutes=64), "in_progress"),
            Update(
                anchor.replace(hour=6, minute=4, second=11),
                "recovering",
                "loop closed and vented, last racks are being powered up",
            ),
        ),
        at_once=limit(cluster, histories),
        histories=histories,
        letters=voice.nearly_done(start, anchor),
        commitments=(
            Commitment(
                start - timedelta(days=2), "halden-desk", "Hand back the last racks", start + timedelta(hours=132)
            ),
            Commitment(
                start - timedelta(days=4),
                "team-speech",
                "Move evaluation jobs to halden-sto-1",
                start - timedelta(hours=12),
                met_at=start - timedelta(hours=15),
            ),
        ),
    )


def stuck(anchor: datetime, rng: Random) -> Change:
    """120 nodes, 113 back, and for twenty hours nothing has moved: four with the provider, three in validation."""
    cluster = BY_ID["kestrel-phx-1"]
    nodes = cluster.nodes[40:160]
    start = anchor.replace(day=16, hour=6, minute=0)
    histories = standing.stuck(anchor, start, nodes, rng)
    asked_at = anchor - timedelta(hours=11, minutes=26)
    return Change(
        cluster,
        "network",
        "Leaf switch upgrade and optics replacement, row A",
        "KM91602",
        nodes,
        updates=(
            Update(start - timedelta(days=9, hours=14), "scheduled", "", start, start + timedelta(hours=66)),
            Update(start - timedelta(days=1, hours=16), "confirmed", "desk confirms by phone, crew from Dallas"),
            Update(start + timedelta(minutes=26), "in_progress", "first racks handed over"),
        ),
        histories=histories,
        letters=Voice(cluster).stuck(start),
        cases=_questions(asked_at, nodes[92].node_id),
        commitments=(
            Commitment(start + timedelta(hours=21), "kestrel-desk", "Hand back rack A20", anchor - timedelta(hours=15)),
            Commitment(asked_at, "hw-health", "Find out why burn-in hangs on three nodes", anchor - timedelta(hours=2)),
        ),
    )


def _all_but_one(cases: list[Case]) -> tuple[Case, ...]:
    """One repair without a case: nobody on our side has opened it yet."""
    forgotten = min((case for case in cases if case.steps[-1][1] != "resolved"), key=lambda case: case.opened_at)
    return tuple(case for case in cases if case is not forgotten)


def _questions(asked_at: datetime, hanging: str) -> tuple[Case, ...]:
    """What we asked about the stuck nodes: one question is unanswered."""
    return (
        Case(
            asked_at,
            "",
            "sev2",
            (
                (
                    asked_at,
                    "open",
                    "No node has moved since yesterday evening; four are still with you. What is wrong?",
                ),
            ),
        ),
        Case(
            asked_at + timedelta(minutes=31),
            hanging,
            "sev3",
            (
                (
                    asked_at + timedelta(minutes=31),
                    "open",
                    "burn-in does not finish: collective test hangs on port 3",
                ),
                (asked_at + timedelta(hours=4), "waiting_on_customer", "provider asks for switch logs"),
            ),
        ),
    )


def late(anchor: datetime, rng: Random) -> Change:
    """320 nodes, two in five still out 14 hours after the promised end, which the provider has moved twice."""
    cluster = BY_ID["nimbus-iad-1"]
    nodes = cluster.nodes[:320]
    end = anchor.replace(hour=1, minute=0)
    start = end - timedelta(hours=13)
    histories = standing.late(anchor, start, nodes, rng)
    return Change(
        cluster,
        "firmware",
        "Firmware 2.14 on H100 trays, wave 2 of 3",
        "NMB-CHG-46204",
        nodes,
        updates=(
            Update(start - timedelta(days=15, minutes=47), "proposed", "early notice, dates may move", start, end),
            Update(start - timedelta(days=13, hours=20), "scheduled", "node list attached"),
            Update(start - timedelta(days=2, hours=9), "confirmed", "go/no-go call held, go"),
            Update(start + timedelta(minutes=31), "in_progress", "first trays handed over"),
        ),
        at_once=limit(cluster, histories),
        histories=histories,
        letters=Voice(cluster).late(end, anchor),
        cases=_all_but_one(open_cases(histories, anchor, rng)),
        commitments=(
            Commitment(start - timedelta(days=3), "nimbus-desk", "Hand back 160 nodes", end - timedelta(hours=5)),
            Commitment(
                end - timedelta(hours=5),
                "nimbus-service",
                "Explain the second flash in writing",
                anchor + timedelta(hours=5),
            ),
            Commitment(
                end - timedelta(hours=9),
                "nimbus-desk",
                "Put a second crew on the night shift",
                end - timedelta(hours=2),
                withdrawn_at=end - timedelta(hours=3),
            ),
            Commitment(
                end, "team-pretraining", "Restart the 2,048-GPU run on what is back", anchor + timedelta(hours=20)
            ),
        ),
    )


def failing(anchor: datetime, rng: Random) -> Change:
    """180 nodes; eleven failed burn-in, nine of them are in repair with a case each, and two are lost."""
    cluster = BY_ID["southmere-lhr-1"]
    nodes = cluster.nodes[:180]
    start = anchor.replace(day=16, hour=7, minute=0)
    histories = standing.failing(anchor, start, nodes, rng)
    return Change(
        cluster,
        "hardware_refresh",
        "B200 module swap, lot 2631",
        "SDC-C-12740",
        nodes,
        updates=(
            Update(start - timedelta(days=17, hours=3), "proposed", "", start, start + timedelta(days=4, hours=9)),
            Update(start - timedelta(days=14), "scheduled", "ten racks of twelve, list attached"),
            Update(start - timedelta(days=2, hours=21), "confirmed", "modules have cleared customs"),
            Update(start + timedelta(minutes=35), "in_progress"),
        ),
        at_once=limit(cluster, histories),
        histories=histories,
        letters=Voice(cluster).failing(start, anchor),
        cases=tuple(open_cases(histories, anchor, rng)),
        commitments=(
            Commitment(
                start - timedelta(days=3),
                "southmere-desk",
                "Hold twelve spare modules on site",
                start,
                met_at=start - timedelta(hours=8),
            ),
            Commitment(
                anchor - timedelta(days=1, hours=4),
                "southmere-service",
                "Failure analysis of the first five modules",
                anchor + timedelta(hours=26),
            ),
            Commitment(
                anchor - timedelta(hours=30),
                "hw-health",
                "Retest the repaired boards within 12 h",
                anchor + timedelta(days=2),
            ),
        ),
    )


def without_nodes(anchor: datetime, rng: Random) -> Change:
    """128 nodes of which nothing is known one by one: it began six hours ago and should end in ten."""
    cluster = BY_ID["orrery-sin-1"]
    nodes = cluster.nodes[:128]
    start = anchor.replace(hour=9, minute=0)
    end = start + timedelta(hours=16)
    began = start + timedelta(minutes=rng.uniform(11, 13))
    return Change(
        cluster,
        "power",
        "UPS battery exchange, row A",
        "OC/26/641",
        nodes,
        updates=(
            Update(start - timedelta(days=14, hours=5), "proposed", "by mail, with the list of racks", start, end),
            Update(start - timedelta(days=12, hours=7), "scheduled", "accepted by fleet operations", source="fleet"),
            Update(start - timedelta(days=1, hours=6), "confirmed", "confirmed by the desk"),
            Update(began, "in_progress", "mail: string 1 of 4 is isolated"),
            Update(
                anchor - timedelta(minutes=9, seconds=20), "in_progress", "mail: strings 1 and 2 exchanged, 3 begun"
            ),
        ),
        letters=Voice(cluster).without_nodes(start, end, anchor),
        commitments=(
            Commitment(start - timedelta(days=1), "orrery-desk", "A mail after each battery string", end),
            Commitment(start, "oncall-sin1", "Uncordon racks as they come back", end + timedelta(hours=3)),
        ),
    )
