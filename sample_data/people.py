"""Who is asked: the parties, their channels, and to whom each escalates."""

from dataclasses import dataclass

from fleet import CLUSTERS, TEAMS


@dataclass(frozen=True, slots=True)
class Party:
    """A person or a rota with a role."""

    party_id: str
    name: str
    role: str
    channel: str
    timezone: str
    escalates_to: str = ""
    provider_id: str = ""
    cluster_id: str = ""
    team_id: str = ""


DESKS = {
    "nimbus": (("Priya Raman", "Tom Ackerley", "Dana Whitlock"), "America/New_York"),
    "halden": (("Ingrid Solheim", "Mats Bergdal", "Kari Nygaard"), "Europe/Oslo"),
    "kestrel": (("Luis Ortega", "Becca Stroud", "Hank Delaney"), "America/Chicago"),
    "orrery": (("Mei Ling Tan", "Kenji Arakawa", "Farid Rahman"), "Asia/Singapore"),
    "southmere": (("Oliver Penhale", "Grace Adeyemi", "Stefan Brandt"), "Europe/London"),
}
"""Per provider, in the order of escalation: who runs maintenances, the service manager, the account director."""

ROTAS = (
    Party("fleet-ops", "Fleet operations rota", "fleet_operations", "slack:#fleet-ops", "UTC", "fleet-ops-lead"),
    Party(
        "fleet-ops-lead",
        "Marta Kowalczyk",
        "fleet_operations",
        "mailto:marta.kowalczyk@fleet.example",
        "Europe/London",
        "head-of-compute",
    ),
    Party(
        "head-of-compute",
        "Samuel Oyelaran",
        "fleet_operations",
        "mailto:samuel.oyelaran@fleet.example",
        "America/Los_Angeles",
    ),
    Party("hw-health", "Hardware health rota", "hardware_health", "slack:#hardware-health", "UTC", "hw-health-lead"),
    Party(
        "hw-health-lead",
        "Jun Nakagawa",
        "hardware_health",
        "mailto:jun.nakagawa@fleet.example",
        "America/Los_Angeles",
        "head-of-compute",
    ),
    Party("scheduler", "Scheduler on-call", "scheduler_oncall", "slack:#scheduler-oncall", "UTC", "scheduler-lead"),
    Party(
        "scheduler-lead",
        "Elif Demirtas",
        "scheduler_oncall",
        "mailto:elif.demirtas@fleet.example",
        "Europe/Berlin",
        "head-of-compute",
    ),
)

ONCALL = {
    "us-east": ("Caleb Winters", "America/New_York"),
    "us-central": ("Rosa Delgado", "America/Chicago"),
    "us-west": ("Wes Tamura", "America/Los_Angeles"),
    "eu-west": ("Aoife Brennan", "Europe/Dublin"),
    "eu-north": ("Linnea Ek", "Europe/Stockholm"),
    "eu-central": ("Jonas Weidner", "Europe/Berlin"),
    "ap-southeast": ("Arjun Pillai", "Asia/Singapore"),
    "ap-northeast": ("Haruka Mori", "Asia/Tokyo"),
}
"""Per region: who answers for its clusters, and where."""

CUSTOMERS = {
    "vision": ("Nadia Haddad", "Europe/Paris"),
    "pretraining": ("Theo Lindqvist", "America/Los_Angeles"),
    "post-training": ("Grace Okonjo", "America/Los_Angeles"),
    "speech": ("Ravi Menon", "Europe/London"),
    "safety-evals": ("Clara Weiss", "Europe/Zurich"),
    "inference": ("Dmitri Halvorsen", "America/New_York"),
}


def mailbox(name: str, provider_id: str) -> str:
    """The address of a person at a provider."""
    return f"{name.lower().replace(' ', '.')}@{provider_id}.example"


def parties() -> list[Party]:
    """Everyone who may be waited for."""
    rows = list(ROTAS)
    for provider_id, (names, zone) in DESKS.items():
        ids = [f"{provider_id}-desk", f"{provider_id}-service", f"{provider_id}-account"]
        for party_id, name, above in zip(ids, names, [*ids[1:], ""], strict=True):
            channel = f"mailto:{mailbox(name, provider_id)}"
            rows.append(Party(party_id, name, "provider", channel, zone, above, provider_id=provider_id))
    for cluster in CLUSTERS:
        name, zone = ONCALL[cluster.region]
        rows.append(
            Party(
                f"oncall-{cluster.site}",
                name,
                "cluster_oncall",
                f"slack:#oncall-{cluster.site}",
                zone,
                "fleet-ops-lead",
                provider_id=cluster.provider_id,
                cluster_id=cluster.cluster_id,
            )
        )
    for team_id, (name, zone) in CUSTOMERS.items():
        channel = f"slack:#{team_id}-compute"
        rows.append(Party(f"team-{team_id}", f"{name} ({TEAMS[team_id]})", "customer", channel, zone, team_id=team_id))
    return rows
