"""Who owes what, by numbers that can be checked by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import erf, log, sqrt
from typing import Any

import pytest

from dashboard.model import owing
from dashboard.model.cases import Case, cases_of
from dashboard.model.expectations import Basis, Expectation, Matter, Rules, State, in_order
from dashboard.model.instants import micros
from dashboard.model.parties import Directory, Party
from dashboard.model.slas import Sla, Slas, read_pauses
from dashboard.model.stages import Role, Stage, Status
from dashboard.model.usual import Usual, UsualTimes

NOW = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)  # a Wednesday
PROVIDER = Party("Desk", "provider", "mailto:desk@p.example", "", (), "desk", "p")
OURS = Party("Health", "hardware health", "", "")
MATTER = Matter("M-1", "Firmware", "p", "c", "firmware", Status.IN_PROGRESS)
USUAL = UsualTimes({
    ("", "", "in_maintenance"): Usual(4.0, 10.0, 14.0),
    ("p", "firmware", "validating"): Usual(1.0, 2.0, 3.0),
    ("p", "sev2", "resolution"): Usual(20.0, 40.0, 50.0),
})  # fmt: skip
RULES = Rules(Slas(), USUAL)


def ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


def entered(*hours: float) -> list[int]:
    return [micros(ago(each)) for each in hours]


def with_slas(*slas: Sla) -> Rules:
    return Rules(Slas(slas), USUAL)


def returning(*hours: float, rules: Rules = RULES) -> Expectation:
    return owing.of_stage(MATTER, Stage.IN_MAINTENANCE, entered(*hours), PROVIDER, rules, NOW)


def test_a_stage_is_due_at_the_ninetieth_percentile_of_its_oldest_node() -> None:
    """Entered 12, 11 and 3 h ago; nine in ten take 10 h: two are late, the first by 2 h."""
    found = returning(12, 11, 3)

    assert found.what == "hand back 3 nodes, 2 of them longer than usual"
    assert (found.number, found.overdue, found.state) == (3, 2, State.BROKEN)
    assert (found.since, found.due, found.late(NOW)) == (ago(12), ago(2), timedelta(hours=2))
    assert (found.basis, found.basis_words) == (Basis.USUAL, "9 in 10 take at most 10 h")
    assert found.ours is False


def test_a_stage_within_its_usual_time_is_expected_and_not_late() -> None:
    found = returning(9, 3)

    assert found.what == "hand back 2 nodes"
    assert (found.due, found.late(NOW), found.state) == (NOW + timedelta(hours=1), None, State.KEPT)


def test_hundreds_of_nodes_are_one_row() -> None:
    found = returning(*(20 - i / 100 for i in range(900)))

    assert found.what == "hand back 900 nodes, all longer than usual"
    assert (found.number, found.overdue) == (900, 900)


def test_a_contract_goes_before_what_is_usual() -> None:
    """Twelve hours are granted where ten are usual: late since nothing, not since an hour ago."""
    found = returning(11, rules=with_slas(Sla("return", 12, "p")))

    assert (found.basis, found.basis_words) == (Basis.SLA, "return within 12 h")
    assert (found.due, found.overdue) == (NOW + timedelta(hours=1), 0)


@pytest.mark.parametrize(
    ("limit", "waited", "state"), [(48, 1, State.KEPT), (12, 11, State.AT_RISK), (10, 11, State.BROKEN)]
)
def test_a_clock_is_kept_at_risk_or_broken(limit: float, waited: float, state: State) -> None:
    """At risk: S(12) / S(11) of the lognormal through 4 h and 10 h is far above one in ten; S(48) / S(1) is not."""
    sigma = log(10 / 4) / 1.2815515655446004

    def survival(hours: float) -> float:
        return 0.5 - 0.5 * erf(log(hours / 4) / sigma / sqrt(2))

    found = returning(waited, rules=with_slas(Sla("return", limit, "p")))

    assert found.state is state
    if state is not State.BROKEN:
        assert found.chance == pytest.approx(survival(limit) / survival(waited))


def test_a_clock_that_stands_over_the_weekend_is_due_later() -> None:
    """Taken on Saturday noon, eight office hours: due Monday at five in the afternoon, whatever is usual."""
    within, _ = read_pauses(["outside Mon-Fri 09:00-18:00 UTC"])
    saturday, monday = datetime(2026, 11, 21, 12, tzinfo=UTC), datetime(2026, 11, 23, 16, tzinfo=UTC)
    rules = with_slas(Sla("return", 8, "p", within=within, pauses=("outside Mon-Fri 09:00-18:00 UTC",)))

    found = owing.of_stage(MATTER, Stage.IN_MAINTENANCE, [micros(saturday)], PROVIDER, rules, monday)
    early = owing.of_stage(MATTER, Stage.IN_MAINTENANCE, [micros(saturday)], PROVIDER, rules, saturday)

    assert (found.due, found.overdue, found.stands) == (monday + timedelta(hours=1), 0, False)
    assert early.stands is True


def test_without_a_contract_or_a_usual_time_nothing_is_late() -> None:
    """Nothing is made up: it is expected, and nobody knows by when."""
    found = owing.of_stage(MATTER, Stage.CORDONED, entered(900), OURS, RULES, NOW)

    assert (found.due, found.basis, found.overdue) == (None, Basis.NONE, 0)
    assert found.ours is True


def test_nodes_whose_clock_is_impossible_are_counted_and_not_timed() -> None:
    """Entered in the year 1, or tomorrow: both are there, neither makes anything late or fails."""
    odd = [micros(datetime(1, 1, 1, tzinfo=UTC)), micros(NOW + timedelta(days=1))]

    found = owing.of_stage(MATTER, Stage.IN_MAINTENANCE, odd, PROVIDER, RULES, NOW)

    assert (found.number, found.since, found.overdue) == (2, NOW, 0)


def test_the_closest_contract_counts() -> None:
    """By provider, then severity, then kind."""
    slas = Slas((Sla("resolution", 1), Sla("resolution", 2, "p"), Sla("resolution", 3, "", "", "sev2"),
                 Sla("resolution", 4, "p", "", "sev2"), Sla("resolution", 5, "q", "firmware", "sev2")))  # fmt: skip

    def hours(*like: str) -> float | None:
        found = slas.find("resolution", *like)
        return found.hours if found else None

    assert hours("p", "firmware", "sev2") == 4
    assert hours("p", "firmware", "sev3") == 2
    assert hours("r", "firmware", "sev2") == 3
    assert hours("r", "", "") == 1
    assert slas.find("return", "p") is None


def test_a_promise_is_late_once_its_end_has_passed() -> None:
    late = owing.of_promise(MATTER, 41, ago(90), ago(3), 1.0, PROVIDER, NOW)
    coming = owing.of_promise(MATTER, 1, ago(90), NOW + timedelta(hours=3), 0.4, PROVIDER, NOW)

    assert (late.what, late.state, late.late(NOW)) == ("give back the last 41 nodes", State.BROKEN, timedelta(hours=3))
    assert (coming.what, coming.state, coming.basis) == ("give back the last node", State.AT_RISK, Basis.PROMISE)


@pytest.mark.parametrize(
    ("status", "starts_in", "due_in", "late"),
    [
        (Status.SCHEDULED, 100, 28, False),
        (Status.PROPOSED, 71, -1, True),
        (Status.SCHEDULED, -5, -77, True),
        (Status.CONFIRMED, 71, None, False),
        (Status.SCHEDULED, 24 * 7 + 1, None, False),
    ],
)
def test_what_is_about_to_start_is_to_be_confirmed_three_days_before(
    status: Status, starts_in: float, due_in: float | None, late: bool
) -> None:
    """From a week before, unless it is confirmed; and for as long as nobody says anything."""
    starts = NOW + timedelta(hours=starts_in)

    found = owing.of_confirmation(replace(MATTER, status=status), ago(200), starts, PROVIDER, RULES, NOW)

    if due_in is None:
        assert found is None
    else:
        assert found is not None
        assert (found.due, bool(found.overdue)) == (NOW + timedelta(hours=due_in), late)
        assert found.basis is Basis.RULE


def test_a_contract_says_how_long_before_its_start_it_is_confirmed() -> None:
    rules, starts = with_slas(Sla("confirmation", 120, "p")), NOW + timedelta(hours=100)

    found = owing.of_confirmation(replace(MATTER, status=Status.SCHEDULED), None, starts, PROVIDER, rules, NOW)

    assert found is not None
    assert (found.due, found.basis) == (NOW - timedelta(hours=20), Basis.SLA)


def test_a_commitment_is_due_when_its_party_said() -> None:
    late = owing.of_commitment(MATTER, "C-1", "Hand back rack A", ago(40), ago(1), PROVIDER, NOW)
    open_end = owing.of_commitment(MATTER, "C-2", "", ago(40), None, OURS, NOW)

    assert (late.state, late.basis, late.ours) == (State.BROKEN, Basis.PROMISE, False)
    assert (open_end.what, open_end.state, open_end.due, open_end.ours) == ("what it took on", State.KEPT, None, True)


def case(*steps: tuple[float, str], **told: Any) -> Case:
    """A case opened at the first step, hours ago."""
    rows = [
        {"case_id": "CS-1", "recorded_at": micros(ago(at)), "maintenance_id": "M-1", "node_id": "n-1",
         "provider_id": "p", "severity": "sev2", "status": status, "opened_at": None, "response_due_at": None,
         "resolution_due_at": None, "note": ""} | told
        for at, status in steps
    ]  # fmt: skip
    return cases_of(rows)[0]


def test_a_case_waits_for_an_answer_until_there_is_one_and_for_its_end() -> None:
    """Its own due dates count where no contract does."""
    due = {"response_due_at": micros(ago(1)), "resolution_due_at": micros(NOW + timedelta(hours=30))}

    fresh = owing.of_case(case((5, "Open"), **due), MATTER, PROVIDER, RULES, NOW)
    answered = owing.of_case(case((5, "open"), (3, "In Progress"), **due), MATTER, PROVIDER, RULES, NOW)
    solved = owing.of_case(case((5, "open"), (3, "Resolved"), **due), MATTER, PROVIDER, RULES, NOW)

    assert [each.what for each in fresh] == ["answer case CS-1", "solve case CS-1"]
    assert [each.state for each in fresh] == [State.BROKEN, State.AT_RISK]  # S(35) / S(5), of 20 h and 40 h
    assert [(each.what, each.basis) for each in answered] == [("solve case CS-1", Basis.TICKET)]
    assert solved == []


def test_a_case_stands_while_it_waits_for_us_and_we_owe_the_answer() -> None:
    """Opened 30 h ago, waiting for us from 20 to 14 h ago and since 2 h: 22 h have run of 24, and 2 are left."""
    told = case((30, "open"), (20, "waiting_on_customer"), (14, "in_progress"), (2, "Waiting on customer"))
    rules = with_slas(Sla("resolution", 24, "p", waits=frozenset({"waiting_on_customer"})))

    (solve,) = owing.of_case(told, MATTER, PROVIDER, rules, NOW)
    answer = owing.of_question(told, MATTER, OURS, rules, NOW)

    assert (solve.due, solve.stands, solve.state) == (NOW + timedelta(hours=2), True, State.AT_RISK)
    assert answer is not None
    assert (answer.ours, answer.since, answer.due) == (True, ago(2), NOW + timedelta(hours=22))
    assert owing.of_question(case((5, "open")), MATTER, OURS, rules, NOW) is None


def test_a_case_that_is_open_again_is_open() -> None:
    found = case((30, "open"), (20, "resolved"), (4, "in_progress"))

    assert found.is_open
    assert found.closed_at is None
    assert found.answered_at == micros(ago(20))


def test_a_repair_without_a_case_is_on_us_after_four_hours() -> None:
    """In repair for 6, 5 and 1 h: two should have one, the first for 2 h."""
    found = owing.of_missing_cases(MATTER, entered(6, 5, 1), OURS, RULES, NOW)

    assert found is not None
    assert (found.what, found.ours) == ("open a support case for 2 nodes in repair", True)
    assert (found.due, found.late(NOW), found.basis) == (ago(2), timedelta(hours=2), Basis.RULE)
    assert owing.of_missing_cases(MATTER, entered(3.9), OURS, RULES, NOW) is None


def test_the_longest_overdue_is_first_then_what_is_at_risk_then_what_is_next() -> None:
    rows = [
        owing.of_promise(MATTER, 1, None, NOW + timedelta(hours=1), 0.0, PROVIDER, NOW),
        owing.of_promise(MATTER, 2, None, NOW + timedelta(hours=9), 0.9, PROVIDER, NOW),
        owing.of_promise(MATTER, 3, None, ago(1), None, PROVIDER, NOW),
        owing.of_promise(MATTER, 4, None, ago(7), None, PROVIDER, NOW),
    ]

    found = in_order(rows, NOW)

    assert found == [rows[3], rows[2], rows[1], rows[0]]


def row(party_id: str, role: Role, above: str = "", **told: str) -> dict[str, str]:
    return {"party_id": party_id, "name": party_id.title(), "role": role, "provider_id": "", "cluster_id": "",
            "team_id": "", "channel": "", "escalates_to": above, "timezone": ""} | told  # fmt: skip


def test_whoever_is_asked_first_is_the_foot_of_the_ladder() -> None:
    """The desk, not the director that it escalates to, and the whole way up is told."""
    found = Directory.of([
        row("zoe", Role.PROVIDER, provider_id="p"),
        row("service", Role.PROVIDER, "zoe", provider_id="p"),
        row("desk", Role.PROVIDER, "service", provider_id="p"),
    ]).for_role(Role.PROVIDER, "p", "c")  # fmt: skip

    assert (found.name, found.escalates_to, found.chain) == ("Desk", "Service", "Service, then Zoe")


def test_a_ladder_in_a_circle_ends() -> None:
    directory = Directory.of([row("a", Role.CUSTOMER, "b"), row("b", Role.CUSTOMER, "a")])
    found = directory.named("a")

    assert found is not None
    assert found.above == ("B",)


def test_the_party_of_the_cluster_goes_before_that_of_the_provider_and_of_all() -> None:
    rows = [row("z-all", Role.CLUSTER_ONCALL), row("here", Role.CLUSTER_ONCALL, cluster_id="c")]

    assert Directory.of(rows).for_role(Role.CLUSTER_ONCALL, "p", "c").party_id == "here"
    assert Directory.of(rows).for_role(Role.CLUSTER_ONCALL, "p", "d").party_id == "z-all"
    assert Directory.of(rows).for_role(Role.CUSTOMER, "p", "d").name == "customer"
