"""Everything that anybody owes, in scope, at the instant shown: the facts that expectations are made of."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd
from sqlalchemy import Connection, RowMapping

from dashboard.log.owed import all_cases, is_owed, open_cases, open_commitments
from dashboard.model import owing
from dashboard.model.cases import Case
from dashboard.model.expectations import Expectation, Matter, Rules, in_order
from dashboard.model.instants import instant, maybe_instant
from dashboard.model.maintenance import Maintenance
from dashboard.model.outlook import Forecast
from dashboard.model.parties import Directory, Party
from dashboard.model.scope import Scope
from dashboard.model.slas import Slas
from dashboard.model.stages import HAS_THE_BALL, OUT, RUNNING, Role, Stage, Status
from dashboard.model.usual import UsualTimes
from dashboard.views.ahead import Ahead, open_ids
from dashboard.views.fleet import Fleet, instant_of, read_fleet
from dashboard.views.outlooks import forecasts_and_usual, together
from dashboard.views.standing import read_picture
from dashboard.views.summaries import ALMOST, Summary, claimed_ends, summaries, told_in_scope

Held = tuple[str, str, int | None, str]
"""A node that is out: its id, stage, since when (µs) and cluster."""


@dataclass(frozen=True, slots=True)
class Owed:
    """What is owed, the longest overdue first; the open cases; and where each node stands that is out."""

    now: datetime
    fleet: Fleet
    expectations: tuple[Expectation, ...]
    cases: tuple[Case, ...]
    matters: Mapping[str, Matter]
    standing: Mapping[tuple[str, str], tuple[str, int | None]]  # (maintenance, node) -> stage, since
    usual: UsualTimes


@dataclass(frozen=True, slots=True)
class Books:
    """What all maintenances have in common: who is who, what dues are made of, what is open of cases and promises."""

    fleet: Fleet
    directory: Directory
    rules: Rules
    cases: Mapping[str, Sequence[Case]]  # by maintenance
    claims: Mapping[str, tuple[int, int]]
    now: datetime

    def party(self, matter: Matter, role: Role | None, cluster: str = "") -> Party:
        """Whoever has that role there."""
        return self.directory.for_role(role, matter.provider_id, cluster or matter.cluster_id)


def read_owed(connection: Connection, scope: Scope, now: datetime, slas: Slas) -> Owed:
    """Reads it, as of the scope's instant or `now`."""
    at, now = instant_of(scope), scope.as_of or now
    fleet = read_fleet(connection, scope, at)
    picture = read_picture(connection, fleet, at)
    ids = open_ids(picture)
    forecasts, usual = forecasts_and_usual(connection, ids, scope.as_of, paths=False)
    ahead = Ahead(now, at, fleet, picture, forecasts, together((), fleet, now))
    found = {each.maintenance_id: each for each in summaries(connection, ahead, ids, scope)}
    matters = {name: matter_of(fleet, each.maintenance, found.get(name)) for name, each in picture.known.items()}
    in_scope = {name for name, each in picture.known.items() if name in found or told_in_scope(fleet, each.maintenance)}
    cases = [each for each in open_cases(connection, at) if _is_seen(fleet, in_scope, each.maintenance_id, each)]
    books = Books(
        fleet, Directory.of(fleet.parties), Rules(slas, usual), by_maintenance(cases),
        claimed_ends(connection, found, at), now,
    )  # fmt: skip
    columns = ("maintenance_id", "node_id", "stage", "since", "cluster_id")
    held: dict[str, list[Held]] = defaultdict(list)
    for name, node, stage, since, cluster in zip(*(picture.nodes[each].tolist() for each in columns), strict=True):
        held[name].append((node, stage, None if pd.isna(since) else int(since), cluster))
    rows: list[Expectation] = []
    for name, summary in found.items():
        told = picture.known[name].maintenance
        rows += in_maintenance(books, matters[name], told, summary, held.get(name, ()), forecasts.get(name))
    rows += of_commitments(open_commitments(connection, at), books, matters, in_scope)
    rows += of_cases(books, matters, cases)
    standing = {(name, row[0]): (row[1], row[2]) for name, some in held.items() for row in some}
    return Owed(now, fleet, tuple(in_order(rows, now)), tuple(cases), matters, standing, usual)


def matter_of(fleet: Fleet, told: Maintenance, summary: Summary | None = None) -> Matter:
    """A maintenance as expectations name it."""
    cluster = summary.cluster if summary else told.cluster_id
    provider = told.provider_id or fleet.provider_of(cluster)
    title, status = told.title or told.maintenance_id, summary.status if summary else told.status
    return Matter(told.maintenance_id, title, provider, cluster, told.kind, status)


def by_maintenance(cases: Iterable[Case]) -> dict[str, list[Case]]:
    """Cases by the maintenance that they name."""
    found: dict[str, list[Case]] = defaultdict(list)
    for each in cases:
        found[each.maintenance_id].append(each)
    return found


def in_maintenance(
    books: Books, matter: Matter, told: Maintenance, summary: Summary, held: Iterable[Held], forecast: Forecast | None
) -> list[Expectation]:
    """What its nodes, its plan and the provider's word make somebody owe."""
    out = sorted((row for row in held if row[1] in OUT), key=lambda row: (row[2] is not None, row[2] or 0, row[0]))
    found = _by_stage(books, matter, out)
    found += _missing_cases(books, matter, out)
    return found + _of_plan(books, matter, told, summary, out, forecast)


def _by_stage(books: Books, matter: Matter, out: Sequence[Held]) -> list[Expectation]:
    """Nodes of one stage that one party holds are one row, however many there are."""
    groups: dict[tuple[Stage, Party], list[int]] = defaultdict(list)
    for _, stage, since, cluster in out:
        party = books.party(matter, HAS_THE_BALL[Stage(stage)], cluster)
        groups[Stage(stage), party].append(since if since is not None else 0)
    return [
        owing.of_stage(matter, stage, since, party, books.rules, books.now) for (stage, party), since in groups.items()
    ]


def _missing_cases(books: Books, matter: Matter, out: Sequence[Held]) -> list[Expectation]:
    known = books.cases.get(matter.maintenance_id, ())
    named = {each.node_id for each in [*known, *books.cases.get("", ())] if each.node_id}
    if any(not each.node_id for each in known):  # one case for the whole of it
        return []
    since = [row[2] for row in out if row[1] == Stage.REPAIRING and row[0] not in named and row[2] is not None]
    party = books.party(matter, Role.HARDWARE_HEALTH)
    found = owing.of_missing_cases(matter, since, party, books.rules, books.now) if since else None
    return [found] if found else []


def _of_plan(
    books: Books, matter: Matter, told: Maintenance, summary: Summary, out: Sequence[Held], forecast: Forecast | None
) -> list[Expectation]:
    party, now = books.party(matter, Role.PROVIDER), books.now
    starts = summary.planned_start
    if summary.status in RUNNING and summary.promised is not None:
        left = sum(row[1] in owing.WITH_PROVIDER for row in out)
        if not left and summary.status is not Status.IN_PROGRESS:
            return []
        claim = books.claims.get(matter.maintenance_id)
        by_claim = claim is not None and (told.planned_at is None or claim[0] > told.planned_at)
        said_at = maybe_instant(claim[0] if by_claim and claim else told.planned_at)
        chance = forecast.chance_after(ALMOST, summary.promised) if forecast and forecast.back else None
        return [owing.of_promise(matter, left, said_at, summary.promised, chance, party, now)]
    if starts is None:
        return []
    if summary.status is Status.CONFIRMED and starts <= now:
        return [owing.of_start(matter, starts, party)]
    confirm = owing.of_confirmation(matter, maybe_instant(told.announced_at), starts, party, books.rules, now)
    return [confirm] if confirm else []


def owed_in(
    connection: Connection,
    ahead: Ahead,
    summary: Summary,
    held: Iterable[Held],
    commitments: Iterable[RowMapping],
    rules: Rules,
) -> list[Expectation]:
    """Everything that is owed in one maintenance, the longest overdue first."""
    name, fleet, at, now = summary.maintenance_id, ahead.fleet, ahead.at, ahead.now
    told = ahead.picture.known[name].maintenance
    matter = matter_of(fleet, told, summary)
    cases = [each for each in all_cases(connection, at, [name, ""]) if each.is_open]
    claims = claimed_ends(connection, [name], at)
    books = Books(fleet, Directory.of(fleet.parties), rules, by_maintenance(cases), claims, now)
    rows = in_maintenance(books, matter, told, summary, held, ahead.forecasts.get(name))
    rows += of_commitments([row for row in commitments if is_owed(row)], books, {name: matter}, {name})
    return in_order([*rows, *of_cases(books, {name: matter}, books.cases.get(name, ()))], now)


def of_commitments(
    rows: Iterable[RowMapping], books: Books, matters: Mapping[str, Matter], in_scope: set[str]
) -> list[Expectation]:
    """What parties took on and have not done yet."""
    found = []
    for row in rows:
        party = books.directory.named(row["party_id"]) or owing.unknown_party(row["party_id"])
        if _is_seen(books.fleet, in_scope, row["maintenance_id"], party):
            matter = matters.get(row["maintenance_id"]) or Matter(row["maintenance_id"], provider_id=party.provider_id)
            made, due = instant(row["recorded_at"]), maybe_instant(row["due_at"])
            found.append(owing.of_commitment(matter, row["commitment_id"], row["what"], made, due, party, books.now))
    return found


def of_cases(books: Books, matters: Mapping[str, Matter], cases: Iterable[Case]) -> list[Expectation]:
    """What open support cases wait for."""
    found: list[Expectation] = []
    for each in cases:
        matter = matters.get(each.maintenance_id) or Matter(each.maintenance_id, provider_id=each.provider_id)
        party = books.directory.for_role(Role.PROVIDER, each.provider_id or matter.provider_id, matter.cluster_id)
        found += owing.of_case(each, matter, party, books.rules, books.now)
        question = owing.of_question(each, matter, books.party(matter, Role.HARDWARE_HEALTH), books.rules, books.now)
        found += [question] if question else []
    return found


def _is_seen(fleet: Fleet, in_scope: set[str], maintenance_id: str, whose: Case | Party) -> bool:
    """Whether a case or a commitment is in scope: by its maintenance, else by its provider, or the team that owes."""
    scope = fleet.scope
    if isinstance(whose, Party) and scope.team is not None and whose.team_id == scope.team:
        return True
    if maintenance_id:
        return maintenance_id in in_scope
    return scope.provider in (None, whose.provider_id) and not (scope.team or scope.cluster or scope.sku)
