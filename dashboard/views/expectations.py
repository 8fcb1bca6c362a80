"""Whom do we wait for, since when, and what is overdue."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd
from sqlalchemy import Connection

from dashboard.model.cases import Case
from dashboard.model.expectations import Basis, Expectation, Kind, State
from dashboard.model.instants import instant, maybe_instant
from dashboard.model.scope import Scope
from dashboard.model.slas import NO_SLAS, Slas
from dashboard.views import words
from dashboard.views.fleet import Fleet
from dashboard.views.owed import Owed, read_owed

SOON = timedelta(hours=24)
SHOWN = 1000  # rows of what is owed: nobody reads further, and a browser would have to hold them
ROWS = ["maintenance_id", "title", "who", "role", "what", "since", "due", "late_words", "basis", "basis_words",
        "state", "chance_words", "contact", "escalates_to"]  # fmt: skip
PARTIES = ["who", "role", "what", "late_words", "overdue_words", "at_risk", "next_due", "contact", "escalates_to"]
CASES = ["case_id", "node_id", "stage", "maintenance", "status", "severity", "opened_at",
         "response_due_at", "resolution_due_at", "state", "note"]  # fmt: skip


@dataclass(frozen=True, slots=True)
class WhoIsUp:
    """Everything that somebody owes, in scope.

    `parties`, a row each, the longest overdue first: who, role, what (the longest overdue, else what is due next),
    late_words (how late that is), overdue_words (4 of 8), at_risk (things), next_due, contact, escalates_to (the whole
    ladder).
    `owed`, the longest overdue first, SHOWN of them at the most: maintenance_id, title, who, role, what, since, due,
    late_words, basis (SLA, support case, promise, usual time, our own rule), basis_words, state (in time, at risk,
    overdue; and whether its clock stands still), chance_words (of being late, "" where nothing tells), contact,
    escalates_to.
    `clocks`, those of `owed` that a contract gives, the same columns.
    `cases`, the open ones beside their nodes: case_id, node_id, stage (and for how long), maintenance, status,
    severity, opened_at, response_due_at, resolution_due_at, state, note.
    `providers`: id and name of whoever may be shown the partner view.
    """

    now: datetime
    sentence: str
    waiting_for: int
    things: int  # that are owed in all
    overdue: int
    at_risk: int
    soon: int
    contracts: bool  # whether any SLA is configured
    parties: pd.DataFrame
    owed: pd.DataFrame
    clocks: pd.DataFrame
    cases: pd.DataFrame
    providers: tuple[tuple[str, str], ...]


def who_is_up(connection: Connection, scope: Scope, now: datetime, slas: Slas = NO_SLAS) -> WhoIsUp:
    """What anybody owes at the scope's instant, or `now`; `slas` are the contracts."""
    found = read_owed(connection, scope, now, slas)
    rows, now = found.expectations, found.now
    by_party: dict[tuple[str, str], list[Expectation]] = defaultdict(list)
    for each in rows:
        by_party[who(each, found.fleet), each.party.role].append(each)
    return WhoIsUp(
        now=now,
        sentence=_sentence(by_party, rows, found.fleet, now, scope),
        waiting_for=len(by_party),
        things=len(rows),
        overdue=sum(each.state is State.BROKEN for each in rows),
        at_risk=sum(each.state is State.AT_RISK for each in rows),
        soon=sum(each.due is not None and now < each.due <= now + SOON for each in rows),
        contracts=bool(slas.all),
        parties=_parties(by_party, now),
        owed=owed_table(rows[:SHOWN], found.fleet, now),
        clocks=owed_table([each for each in rows if each.basis is Basis.SLA][:SHOWN], found.fleet, now),
        cases=_cases(found),
        providers=tuple((name, found.fleet.provider_name(name)) for name in sorted(found.fleet.providers)),
    )


def who(each: Expectation, fleet: Fleet) -> str:
    """A party as one says it: people of a provider with its name."""
    party = each.party
    provider = fleet.provider_name(party.provider_id) if party.role == "provider" else ""
    if not party.party_id and party.role == "provider":
        return fleet.provider_name(each.matter.provider_id) or party.name
    return f"{party.name}, {provider}" if provider and provider not in party.name else party.name


def _sentence(
    by_party: dict[tuple[str, str], list[Expectation]], rows: Sequence[Expectation], fleet: Fleet, now: datetime,
    scope: Scope,
) -> str:  # fmt: skip
    if not rows:
        return "Nobody owes anything right now."
    number = len(by_party)
    first = f"We wait for {words.count(number)} {'party' if number == 1 else 'parties'}"
    late = [each for each in rows if each.state is State.BROKEN]
    if not late:
        coming = [each for each in rows if each.due is not None]
        if not coming:
            return f"{first}; nothing is overdue."
        due = coming[0].due or now
        next_up = min(coming, key=lambda each: each.due or now)
        due = next_up.due or now
        when = words.when(due, now, scope.zone)
        return f"{first}; nothing is overdue. Next is {who(next_up, fleet)}, {when}: {next_up.what}."
    parties = len({(who(each, fleet), each.party.role) for each in late})
    longest = late[0]
    since = words.clock(longest.due or now, now, scope.zone)
    share = "" if number == 1 else f", {words.count(parties)} of them late"
    return f"{first}{share}; the longest overdue is {who(longest, fleet)}, since {since}: {longest.what}."


def owed_table(rows: Sequence[Expectation], fleet: Fleet, now: datetime) -> pd.DataFrame:
    """A row each, as documented on WhoIsUp."""
    found = [
        (each.matter.maintenance_id, each.matter.title or each.matter.maintenance_id, who(each, fleet),
         words.stage(each.party.role), capital(each.what), each.since, each.due, late_words(each, now), str(each.basis),
         each.basis_words, f"{each.state}{', stands still' if each.stands else ''}", _chance(each),
         each.party.contact, each.party.chain)
        for each in rows
    ]  # fmt: skip
    return with_instants(pd.DataFrame(found, columns=ROWS), "since", "due")


def _chance(each: Expectation) -> str:
    return "" if each.chance is None or each.overdue else words.percent(each.chance)


def late_words(each: Expectation, now: datetime) -> str:
    """How late: 9 h; "" where it is not."""
    late = each.late(now)
    return "" if late is None else words.span(late)


def capital(text: str) -> str:
    """The text as it begins a cell."""
    return text[:1].upper() + text[1:]


def with_instants(frame: pd.DataFrame, *names: str) -> pd.DataFrame:
    """The frame with these columns as aware instants, empty ones too."""
    return frame.assign(**{name: pd.to_datetime(frame[name], utc=True) for name in names})


def _parties(by_party: dict[tuple[str, str], list[Expectation]], now: datetime) -> pd.DataFrame:
    """In the order of their longest overdue: that of the rows, each of which is in order."""
    found = []
    for (name, role), rows in by_party.items():
        coming = [each.due for each in rows if each.due is not None and each.due > now]
        states = [each.state for each in rows]
        overdue = f"{words.count(states.count(State.BROKEN))} of {words.count(len(rows))}"
        found.append((
            name, words.stage(role), capital(rows[0].what), late_words(rows[0], now), overdue,
            states.count(State.AT_RISK), min(coming, default=None), rows[0].party.contact, rows[0].party.chain,
        ))  # fmt: skip
    return with_instants(pd.DataFrame(found, columns=PARTIES), "next_due")


def _cases(found: Owed) -> pd.DataFrame:
    """The worst of what a case waits for is how it stands."""
    order = [State.BROKEN, State.AT_RISK, State.KEPT]
    states: dict[str, State] = {}
    for each in found.expectations:
        if each.kind in (Kind.RESPONSE, Kind.RESOLUTION, Kind.ANSWER):
            states[each.about] = min(states.get(each.about, State.KEPT), each.state, key=order.index)
    rows = [(_case(case, found), order.index(states.get(case.case_id, State.KEPT))) for case in found.cases]
    rows.sort(key=lambda pair: (pair[1], str(pair[0][6]), str(pair[0][0])))
    frame = pd.DataFrame([(*row[:-1], str(order[rank]), row[-1]) for row, rank in rows], columns=CASES)
    return with_instants(frame, "opened_at", "response_due_at", "resolution_due_at")


def _case(case: Case, found: Owed) -> tuple[object, ...]:
    stage, since = found.standing.get((case.maintenance_id, case.node_id), ("", None))
    matter = found.matters.get(case.maintenance_id)
    long = "" if since is None else f" for {words.span(found.now - instant(since))}"
    return (
        case.case_id, case.node_id, f"{words.stage(stage)}{long}", matter.title if matter else case.maintenance_id,
        words.stage(case.status), case.severity, instant(case.opened_at), maybe_instant(case.response_due_at),
        maybe_instant(case.resolution_due_at), case.note,
    )  # fmt: skip
