"""Titles and references of changes, in the words and numbers of each provider."""

from datetime import datetime
from random import Random

from fleet import Cluster, Node
from letters import rows_of

MONTHS = {
    1: "January",
    2: "February",
    3: "March",
    4: "April",
    5: "May",
    6: "June",
    7: "July",
    8: "August",
    9: "September",
    10: "October",
    11: "November",
    12: "December",
}


def title_of(kind: str, cluster: Cluster, nodes: tuple[Node, ...], start: datetime, rng: Random) -> str:
    """A title as it stands in a change notice."""
    rows = rows_of(nodes)
    release = 2 + (start.year - 2025) * 12 + start.month - 12  # 2.2 in December 2025, one more each month
    lot = f"{start:%y}{rng.randint(10, 48)}"
    choices = {
        "firmware": (
            f"Firmware 2.{release} on {cluster.chip} trays",
            f"BMC firmware 1.{40 + release} on {cluster.chip} nodes",
            f"NIC firmware 28.{32 + release} on {cluster.chip} nodes, {rows}",
            f"Switch tray firmware 96.{release}, {rows}",
        ),
        "security_patch": (
            f"Host OS security patch, {MONTHS[start.month]} bundle",
            f"Kernel security patch {start:%y-%m} on {cluster.chip} hosts",
            f"Out-of-band patch for BMC login, {cluster.cluster_id}",
        ),
        "power": (
            f"PDU replacement, {rows}",
            f"UPS battery exchange, {rows}",
            f"Busway inspection and torque check, {rows}",
            f"Feed B transfer test under load, {rows}",
        ),
        "network": (
            f"Leaf switch upgrade, {rows}",
            f"Optics replacement and fibre cleaning, {rows}",
            f"Network OS 5.{release} on leaf switches, {rows}",
        ),
        "hardware_refresh": (
            f"Riser cable recall, lot {lot}",
            f"{cluster.chip} module swap, lot {lot}",
            f"Local SSD replacement on {cluster.chip} nodes, lot {lot}",
        ),
        "cooling": (
            f"CDU filter change, {rows}",
            f"Coolant exchange in the secondary loop, {rows}",
            f"Cold plate inspection, {rows}",
        ),
    }
    return rng.choice(choices[kind])


def reference_of(provider_id: str, at: datetime, rng: Random) -> str:
    """A change number in the provider's own scheme, rising with time."""
    day = (at - at.replace(month=1, day=1)).days + 365 * (at.year - 2025)
    return {
        "nimbus": f"NMB-CHG-{40000 + day * 9 + rng.randrange(9)}",
        "halden": f"HC-{at.year}-{at.timetuple().tm_yday * 3 + rng.randrange(3):04}",
        "kestrel": f"KM{88000 + day * 5 + rng.randrange(5)}",
        "orrery": f"OC/{at:%y}/{at.timetuple().tm_yday * 2 + rng.randrange(2)}",
        "southmere": f"SDC-C-{10000 + day * 4 + rng.randrange(4)}",
    }[provider_id]
