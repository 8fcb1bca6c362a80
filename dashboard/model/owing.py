"""What each fact makes somebody owe: pure rules from stages, promises, cases and plans to expectations."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from dashboard.model.cases import Case
from dashboard.model.expectations import Basis, Expectation, Kind, Matter, Rules
from dashboard.model.instants import instant, maybe_instant
from dashboard.model.parties import NOBODY, Party
from dashboard.model.slas import ANSWER, CASE, CONFIRMATION, OF_CASES, OF_STAGE, RESPONSE, Sla
from dashboard.model.stages import HAS_THE_BALL, Role, Stage, Status
from dashboard.model.usual import Usual

CONFIRMED_BEFORE = Sla(CONFIRMATION, 72)
"""Hours before its start by which a maintenance is to be confirmed, where no contract says."""

ASKED_BEFORE = timedelta(days=7)
"""How long before its start a confirmation is first waited for: when its first notice goes out."""

REPAIR_GRACE = Sla(CASE, 4)
"""Hours after which a repair is to have a support case, where nothing else is agreed."""

ANSWERED_WITHIN = Sla(ANSWER, 24)
"""Hours that we give ourselves to answer what a provider asks, where nothing else is agreed."""

UNCONFIRMED = frozenset({Status.PROPOSED, Status.SCHEDULED})
WITH_PROVIDER = frozenset({Stage.CORDONED, Stage.DRAINED, Stage.IN_MAINTENANCE, Stage.REPAIRING})
"""Where a node has yet to be given back."""

_FIRST, _LAST = datetime(1971, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC)
DO = {
    Stage.CORDONED: "drain",
    Stage.DRAINED: "hand over",
    Stage.IN_MAINTENANCE: "hand back",
    Stage.RETURNED: "take over",
    Stage.VALIDATING: "validate",
    Stage.REPAIRING: "repair",
}


def possible(at: datetime | None, now: datetime) -> datetime | None:
    """An instant that something can have begun at: not after now, and none that only a slip of the pen explains."""
    return min(at, now) if at is not None and at > _FIRST else None


def _within_reach(at: datetime | None) -> datetime | None:
    return at if at is not None and _FIRST < at < _LAST else None


def nodes(number: int) -> str:
    """So many nodes."""
    return f"{number:,} node{'' if number == 1 else 's'}"


def of_stage(
    matter: Matter, stage: Stage, since: Sequence[int], party: Party, rules: Rules, now: datetime
) -> Expectation:
    """That the nodes in one stage are moved on: due when the oldest of them is, by contract or by what is usual.

    since : when each of them entered the stage (µs), in order; nodes of which that is not known are left out of dues
    """
    usual = rules.usual.of(matter.provider_id, matter.kind, stage.value)
    sla = rules.slas.find(OF_STAGE[stage], matter.provider_id, matter.kind)
    entered = [at for at in since if possible(instant(at), now)]
    number = len(since)
    told = Expectation(
        Kind.STAGE, f"{DO[stage]} {nodes(number)}", matter, stage.value, party,
        HAS_THE_BALL[stage] is not Role.PROVIDER, None, None, Basis.NONE, number=number,
    )  # fmt: skip
    if not entered:
        return told
    oldest = min(instant(entered[0]), now)
    due, basis, words = _due_of(oldest, sla, usual)
    overdue = _overdue(entered, sla, usual, now) if due is not None and due <= now else 0
    chance = None
    if usual is not None and sla is not None and due is not None and overdue < len(entered):
        first = min(instant(entered[overdue]), now)  # the oldest that is not late yet
        by = _due_of(first, sla, usual)[0]
        chance = usual.chance_beyond(_hours(now - first), _hours(by - first)) if by is not None else None
    late = (
        f", {'all' if overdue == number else f'{overdue:,} of them'} longer than {_allowed(basis)}" if overdue else ""
    )
    return replace(
        told,
        what=told.what + late,
        since=oldest,
        due=due,
        basis=basis,
        basis_words=words,
        overdue=overdue,
        chance=chance,
        stands=sla is not None and sla.stands(now),
    )


def _allowed(basis: Basis) -> str:
    return "usual" if basis is Basis.USUAL else "agreed"


def _due_of(since: datetime, sla: Sla | None, usual: Usual | None) -> tuple[datetime | None, Basis, str]:
    if sla is not None:
        return sla.due(since), Basis.SLA, sla.words
    if usual is not None:
        return since + timedelta(hours=usual.p90), Basis.USUAL, f"9 in 10 take at most {_length(usual.p90)}"
    return None, Basis.NONE, ""


def _overdue(entered: Sequence[int], sla: Sla | None, usual: Usual | None, now: datetime) -> int:
    """How many, the oldest first, are late: who came later is due later."""

    def is_due(at: int) -> bool:
        due = _due_of(min(instant(at), now), sla, usual)[0]
        return due is None or due > now

    return bisect_right(entered, False, key=is_due)


def _length(hours: float) -> str:
    if hours < 1:
        return f"{round(hours * 60)} min"
    return f"{hours:.1f} h" if hours < 10 else f"{hours:.0f} h" if hours < 72 else f"{hours / 24:.0f} d"


def _hours(length: timedelta) -> float:
    return length / timedelta(hours=1)


def of_promise(
    matter: Matter, left: int, said_at: datetime | None, end: datetime, chance: float | None, party: Party,
    now: datetime,
) -> Expectation:  # fmt: skip
    """That a maintenance ends when the provider said it would; `left` nodes are still to be given back."""
    what = f"give back the last {nodes(left)}" if left > 1 else "give back the last node" if left else "finish"
    late = end <= now
    return Expectation(
        Kind.PROMISE, what, matter, "", party, False, possible(said_at, now), _within_reach(end), Basis.PROMISE,
        "the end it gave", overdue=int(late), chance=None if late else chance,
    )  # fmt: skip


def of_start(matter: Matter, starts: datetime, party: Party) -> Expectation:
    """That what was confirmed begins, once its start has passed."""
    what, basis = "begin, or say when", "the start it gave"
    return Expectation(
        Kind.START, what, matter, "", party, False, None, _within_reach(starts), Basis.PROMISE, basis, overdue=1
    )


def of_confirmation(
    matter: Matter, announced: datetime | None, starts: datetime, party: Party, rules: Rules, now: datetime
) -> Expectation | None:
    """That a maintenance which is about to start is confirmed; None where it is confirmed or far off."""
    if matter.status not in UNCONFIRMED or _within_reach(starts) is None or starts > now + ASKED_BEFORE:
        return None
    agreed = rules.slas.find(CONFIRMATION, matter.provider_id, matter.kind)
    sla = agreed or CONFIRMED_BEFORE
    due = starts - timedelta(hours=sla.hours)
    basis = Basis.SLA if agreed else Basis.RULE
    return Expectation(
        Kind.CONFIRMATION, "confirm the start, or move it", matter, "", party, False, possible(announced, now), due,
        basis, sla.words, overdue=int(due <= now),
    )  # fmt: skip


def of_commitment(
    matter: Matter, commitment_id: str, what: str, made: datetime | None, due: datetime | None, party: Party,
    now: datetime,
) -> Expectation:  # fmt: skip
    """What a party said it would do."""
    due = _within_reach(due)
    ours = party.role != Role.PROVIDER
    basis, words = (Basis.PROMISE, "its own word") if due else (Basis.NONE, "")
    return Expectation(
        Kind.COMMITMENT, what or "what it took on", matter, commitment_id, party, ours, possible(made, now), due,
        basis, words, overdue=int(due is not None and due <= now),
    )  # fmt: skip


def of_case(case: Case, matter: Matter, party: Party, rules: Rules, now: datetime) -> list[Expectation]:
    """What an open support case waits for: an answer until there was one, and that it is solved."""
    if not case.is_open:
        return []
    since = possible(instant(case.opened_at), now)
    found = []
    for what, told in zip(OF_CASES, (case.response_due_at, case.resolution_due_at), strict=True):
        if what == RESPONSE and case.answered_at is not None:
            continue
        usual = rules.usual.of(case.provider_id or matter.provider_id, case.severity, what)
        sla = rules.slas.find(what, case.provider_id or matter.provider_id, matter.kind, case.severity)
        pauses = case.pauses(sla.waits, now) if sla else ()
        due, basis, words = _due_of_case(since, sla, pauses, told, usual)
        late = due is not None and due <= now
        chance = None
        if usual is not None and basis is not Basis.USUAL and due is not None and since is not None and not late:
            chance = usual.chance_beyond(_hours(now - since), _hours(due - since))
        do = "answer" if what == RESPONSE else "solve"
        found.append(Expectation(
            Kind(what), f"{do} case {case.case_id}", matter, case.case_id, party, False, since, due, basis, words,
            overdue=int(late), chance=chance, node_id=case.node_id,
            stands=sla is not None and (sla.stands(now) or bool(pauses and pauses[-1][1] >= now)),
        ))  # fmt: skip
    return found


def _due_of_case(
    since: datetime | None, sla: Sla | None, pauses: Sequence[tuple[datetime, datetime]], told: int | None,
    usual: Usual | None,
) -> tuple[datetime | None, Basis, str]:  # fmt: skip
    """The contract goes before what the case itself says, and that before what is usual."""
    if sla is not None and since is not None:
        return sla.due(since, pauses), Basis.SLA, sla.words
    if told is not None and (due := _within_reach(instant(told))) is not None:
        return due, Basis.TICKET, "the time that the case gives"
    return _due_of(since, None, usual) if since is not None else (None, Basis.NONE, "")


def of_question(case: Case, matter: Matter, party: Party, rules: Rules, now: datetime) -> Expectation | None:
    """That we answer what the provider asks in a support case; None where it asks nothing."""
    asked = possible(maybe_instant(case.asked_us_at), now)
    if asked is None:
        return None
    agreed = rules.slas.find(ANSWER, case.provider_id or matter.provider_id, matter.kind, case.severity)
    sla = agreed or ANSWERED_WITHIN
    due = sla.due(asked)
    return Expectation(
        Kind.ANSWER, f"answer the provider on case {case.case_id}", matter, case.case_id, party, True, asked, due,
        Basis.SLA if agreed else Basis.RULE, sla.words, overdue=int(due is not None and due <= now),
        node_id=case.node_id, stands=sla.stands(now),
    )  # fmt: skip


def of_missing_cases(
    matter: Matter, since: Sequence[int], party: Party, rules: Rules, now: datetime
) -> Expectation | None:
    """That we open a case for repairs that have none; None while each is within its grace time.

    since : when each node without a case entered repair (µs), in order
    """
    agreed = rules.slas.find(CASE, matter.provider_id, matter.kind)
    sla = agreed or REPAIR_GRACE
    overdue = _overdue(since, sla, None, now)
    if not overdue:
        return None
    oldest = min(instant(since[0]), now)
    basis = Basis.SLA if agreed else Basis.RULE
    what = f"open a support case for {nodes(overdue)} in repair"
    return Expectation(
        Kind.CASE, what, matter, Stage.REPAIRING.value, party, True, oldest, sla.due(oldest), basis, sla.words,
        number=overdue, overdue=overdue,
    )  # fmt: skip


def unknown_party(name: str) -> Party:
    """Who is named by somebody, and stands in no directory."""
    return replace(NOBODY, name=name)
