"""The six maintenances announced at the anchor: moved twice, two that clash, proposed, deferred, plain."""

from datetime import datetime, timedelta
from random import Random

from changes import Change, Commitment, Update
from correspondence import Voice
from fleet import BY_ID, Node

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def announced(anchor: datetime, seed: str) -> list[Change]:
    """All six."""
    stories = (moved, clash_network, clash_power, proposed, deferred, plain)
    return [story(anchor, Random(f"{seed}/{story.__name__}")) for story in stories]


def _ago(anchor: datetime, rng: Random, days: float) -> datetime:
    """Some days before the anchor, at a time that looks like any other."""
    return anchor - timedelta(days=days, minutes=rng.uniform(0, 180))


def moved(anchor: datetime, rng: Random) -> Change:
    """The third wave waits for the second, and was moved twice."""
    cluster = BY_ID["nimbus-iad-1"]
    starts = [anchor.replace(day=day, hour=hour, minute=0) for day, hour in ((19, 13), (21, 14), (23, 13))]
    return Change(
        cluster,
        "firmware",
        "Firmware 2.14 on H100 trays, wave 3 of 3",
        "NMB-CHG-46205",
        cluster.nodes[400:],
        updates=(
            Update(_ago(anchor, rng, 14), "proposed", "early notice, dates may move", starts[0], starts[0] + 14 * HOUR),
            Update(_ago(anchor, rng, 12), "scheduled", "node list attached"),
            Update(_ago(anchor, rng, 1.7), "scheduled", "moved, wave 2 is late", starts[1], starts[1] + 14 * HOUR),
            Update(
                anchor - timedelta(hours=5, minutes=52),
                "scheduled",
                'moved again: "not before wave 2 has been back for three days"',
                starts[2],
                starts[2] + 14 * HOUR,
            ),
        ),
        at_once=40,
        letters=Voice(cluster).moved(starts, anchor),
        commitments=(
            Commitment(anchor - DAY, "nimbus-service", "Confirm the new window for wave 3", anchor + 1.5 * DAY),
        ),
    )


def clash_network(anchor: datetime, rng: Random) -> Change:
    """Takes nodes of language pretraining while `clash_power` takes others of theirs."""
    cluster = BY_ID["nimbus-iad-2"]
    start = anchor.replace(day=24, hour=6, minute=0)
    return Change(
        cluster,
        "network",
        "Network OS 5.13 on leaf switches, row A",
        "NMB-CHG-46377",
        cluster.nodes[:96],
        updates=(
            Update(_ago(anchor, rng, 11), "proposed", "", start, start + DAY),
            Update(_ago(anchor, rng, 9.5), "scheduled", "accepted by fleet operations"),
            Update(_ago(anchor, rng, 0.9), "confirmed", "confirmed by the desk"),
        ),
        at_once=32,
        letters=Voice(cluster).clash_network(start, anchor),
        commitments=(
            Commitment(anchor - 0.8 * DAY, "oncall-iad2", "Agree an order of racks with pretraining", anchor + 3 * DAY),
        ),
    )


def clash_power(anchor: datetime, rng: Random) -> Change:
    """Overlaps with `clash_network`, at another provider."""
    cluster = BY_ID["kestrel-dfw-1"]
    start = anchor.replace(day=24, hour=14, minute=0)
    rack: tuple[Node, ...] = cluster.nodes[120:124]
    return Change(
        cluster,
        "power",
        "PDU replacement, rows A and B",
        "KM91744",
        cluster.nodes[:120],
        dropped=tuple((node, _ago(anchor, rng, 4)) for node in rack),
        updates=(
            Update(_ago(anchor, rng, 10), "proposed", "seen in the provider's calendar", start, start + 30 * HOUR),
            Update(_ago(anchor, rng, 6), "scheduled", "rack B11 taken off the list, fed from another hall"),
            Update(
                anchor - timedelta(minutes=38),
                "scheduled",
                "asked to wait for nimbus-iad-2, since both hit pretraining; no answer yet",
            ),
        ),
        letters=Voice(cluster).clash_power(start, anchor),
        commitments=(
            Commitment(anchor - HOUR, "kestrel-desk", "Say whether the PDU work can wait two days", anchor + DAY),
            Commitment(anchor - 5 * DAY, "team-pretraining", "Name the nodes to be left for last", anchor - 2 * HOUR),
        ),
    )


def proposed(anchor: datetime, rng: Random) -> Change:
    """So far only an idea."""
    cluster = BY_ID["halden-sto-1"]
    start = anchor.replace(day=30, hour=7, minute=0)
    return Change(
        cluster,
        "security_patch",
        "Host OS security patch, December bundle",
        "HC-2026-0991",
        cluster.nodes[:160],
        updates=(Update(_ago(anchor, rng, 1.1), "proposed", "by mail and in the portal", start, start + 30 * HOUR),),
        letters=Voice(cluster).proposed(start, anchor),
    )


def deferred(anchor: datetime, rng: Random) -> Change:
    """Put off; the dates are those of the plan that no longer holds."""
    cluster = BY_ID["southmere-fra-1"]
    start = anchor.replace(day=26, hour=7, minute=0)
    return Change(
        cluster,
        "firmware",
        "NIC firmware 28.45 on H100 nodes, row A",
        "SDC-C-12791",
        cluster.nodes[:72],
        updates=(
            Update(_ago(anchor, rng, 13), "proposed", "", start, start + 33 * HOUR),
            Update(_ago(anchor, rng, 11), "scheduled", "node list attached"),
            Update(
                _ago(anchor, rng, 2.2), "deferred", "vendor pulled the release; a new date follows after 4 December"
            ),
        ),
        letters=Voice(cluster).deferred(start, anchor),
        commitments=(Commitment(_ago(anchor, rng, 2), "southmere-desk", "Propose a new window", anchor + 6 * DAY),),
    )


def plain(anchor: datetime, rng: Random) -> Change:
    """Confirmed, and nothing more to say."""
    cluster = BY_ID["nimbus-dub-1"]
    start = anchor.replace(day=27, hour=18, minute=0)
    return Change(
        cluster,
        "cooling",
        "CDU filter change, loop 2, racks A01 to A04",
        "NMB-CHG-46410",
        cluster.nodes[:72],
        updates=(
            Update(_ago(anchor, rng, 9.5), "proposed", "", start, start + 18 * HOUR),
            Update(_ago(anchor, rng, 8.8), "scheduled", "node list attached"),
            Update(_ago(anchor, rng, 2.9), "confirmed", "filters on site"),
        ),
        at_once=36,
        letters=Voice(cluster).plain(start, anchor),
        commitments=(
            Commitment(
                anchor - 8 * DAY,
                "nimbus-desk",
                "Check that filters are in stock",
                anchor - 3 * DAY,
                met_at=anchor - 3.4 * DAY,
            ),
        ),
    )
