"""Whom a maintenance concerns: the teams that lose capacity, those who schedule, those on call for its clusters."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from dashboard.model.maintenance import Maintenance
from dashboard.model.parties import NOBODY_ON_CALL
from dashboard.model.shares import share
from dashboard.model.stages import Role, Stage
from dashboard.notices.plan import Rule
from dashboard.notices.templates import Kind

NO_RULE = "no audience is configured for it"


@dataclass(frozen=True, slots=True)
class Party:
    """Someone in the directory."""

    party_id: str
    name: str
    role: str
    provider_id: str
    cluster_id: str
    team_id: str
    channel: str
    escalates_to: str
    timezone: str


@dataclass(frozen=True)
class Directory:
    """Names, parties and allocations, as known now."""

    providers: Mapping[str, str]
    teams: Mapping[str, str]
    clusters: Mapping[str, str]  # cluster -> provider
    parties: tuple[Party, ...]
    allocated: Mapping[tuple[str, str], int]  # (cluster, team) -> GPUs, now or by a start that is planned
    nodes: Mapping[tuple[str, str], int]  # (cluster, team that nodes name) -> GPUs

    @cached_property
    def _above(self) -> frozenset[str]:
        return frozenset(each.escalates_to for each in self.parties)

    def teams_on(self, cluster: str) -> set[str]:
        """Every team with capacity on it, by node or by allocation."""
        return {team for where, team in (*self.allocated, *self.nodes) if where == cluster and team}

    def party(self, kind: Kind, subject: str) -> Party | None:
        """Who answers for an audience; None where the directory knows nobody."""
        role = {"team": Role.CUSTOMER, "scheduler": Role.SCHEDULER_ONCALL, "cluster": Role.CLUSTER_ONCALL}[kind]
        fitting = [each for each in self.parties if each.role == role]
        if kind == "team":
            fitting = [each for each in fitting if each.team_id == subject]
        if kind == "cluster":
            near = ("", self.clusters.get(subject, ""))
            fitting = [each for each in fitting if each.cluster_id in ("", subject) and each.provider_id in near]
        # Whoever others escalate to is not asked first, and the closest is.
        order = sorted(
            fitting, key=lambda p: (p.party_id in self._above, not p.cluster_id, not p.provider_id, p.party_id)
        )
        return order[0] if order else None

    def above(self, party: Party | None) -> Party | None:
        """To whom a party escalates; None where the directory does not tell."""
        return next((each for each in self.parties if party and each.party_id == party.escalates_to), None)


@dataclass(frozen=True, slots=True)
class Part:
    """What of a maintenance is one subject's: a team's, a cluster's, or all of it."""

    kind: Kind
    subject: str  # the team, the cluster; "all" for whoever schedules
    gpus: int  # 0: nobody told how many
    back: float


@dataclass(frozen=True, slots=True)
class Held:
    """GPUs of a maintenance that stand in one stage, by cluster and by the team that their nodes name."""

    stage: str
    cluster: str
    team: str
    gpus: int


def parts_of(told: Maintenance, held: Iterable[Held], directory: Directory) -> list[Part]:
    """Everyone whom a maintenance concerns. Where no node is named, all who are where it says, as it may be theirs."""
    rows = list(held)
    if not rows:
        return list(_by_place(told, directory))
    teams = {row.team for row in rows if row.team}
    for cluster in {row.cluster for row in rows if not row.team}:
        teams |= {team for where, team in directory.allocated if where == cluster}
    found = [_part("scheduler", "all", [(row, 1.0) for row in rows])]
    clusters = sorted({row.cluster for row in rows})
    found += [_part("cluster", each, [(row, 1.0) for row in rows if row.cluster == each]) for each in clusters]
    for team in sorted(teams):
        mine = [(row, share(directory.allocated, row.cluster, row.team, team)) for row in rows]
        found.append(_part("team", team, [pair for pair in mine if pair[1] > 0]))
    return found


def _part(kind: Kind, subject: str, rows: list[tuple[Held, float]]) -> Part:
    whole = sum(row.gpus * part for row, part in rows)
    back = sum(row.gpus * part for row, part in rows if row.stage == Stage.IN_SERVICE)
    return Part(kind, subject, max(round(whole), 1), back / whole if whole else 0.0)


def _by_place(told: Maintenance, directory: Directory) -> Iterator[Part]:
    clusters = [told.cluster_id] if told.cluster_id else []
    if not clusters:
        clusters = sorted(c for c, provider in directory.clusters.items() if told.provider_id in ("", provider))
    yield Part("scheduler", "all", 0, 0.0)
    for cluster in clusters:
        yield Part("cluster", cluster, 0, 0.0)
    for team in sorted({team for cluster in clusters for team in directory.teams_on(cluster)}):
        yield Part("team", team, 0, 0.0)


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is told, by one rule: its key is the same for ever."""

    key: str  # "teams/vision"
    kind: Kind
    name: str
    contact: str
    zone: str
    channels: tuple[str, ...]
    escalation: tuple[str, ...]
    on_call: str  # who it is now, by name; '' where nobody tells
    above: str  # to whom it escalates, by name
    above_contact: str


def _is_person(name: str) -> bool:
    """Whether it names more than the duty itself."""
    return name != NOBODY_ON_CALL and "on call" not in name.casefold().replace("-", " ")


def audiences_for(kind: Kind, subject: str, rules: Iterable[Rule], directory: Directory, zone: str) -> list[Audience]:
    """The audience that each rule makes of a subject; none where no rule speaks of it."""
    party = directory.party(kind, subject)
    above = directory.above(party)
    names = {"team": directory.teams.get(subject, subject), "scheduler": "scheduler on-call",
             "cluster": f"{subject} on-call"}  # fmt: skip
    return [
        Audience(
            key=f"{rule.name}/{subject}",
            kind=kind,
            name=names[kind] or subject,
            contact=party.channel if party else "",
            zone=rule.zone or (party.timezone if party else "") or zone,
            channels=rule.channels,
            escalation=rule.escalation,
            on_call=party.name if party and _is_person(party.name) else "",
            above=above.name or above.party_id if above else "",
            above_contact=above.channel if above else "",
        )
        for rule in rules
        if rule.kind == kind and (not rule.only or subject in rule.only)
    ]
