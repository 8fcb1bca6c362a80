"""A review from facts in the log, on both databases, by stories whose figures are counted by hand."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from dashboard.log.database import reading
from dashboard.model.review import Went
from dashboard.model.scope import Scope
from dashboard.model.slas import NO_SLAS, Sla, Slas
from dashboard.model.stages import Stage, Status
from dashboard.views.review import Review, review
from tests.log.stories import START, Fact, hours, join, membership, transition
from tests.views.test_expectations import case, commitment, tell, told

NOW = START + timedelta(hours=2000)
PERIOD = "2026-01-05..2026-01-31"  # the story begins on 5 January
LOOP = (Stage.CORDONED, Stage.IN_MAINTENANCE, Stage.RETURNED, Stage.VALIDATING, Stage.IN_SERVICE)


def way(node: str, *at: float, maintenance: str = "M-1") -> list[Fact]:
    """A node's way through a maintenance, without a hitch."""
    return [transition(node, stage, each, maintenance=maintenance) for stage, each in zip(LOOP, at, strict=True)]


ENDED = (
    told(Status.SCHEDULED, 0, start=hours(50), end=hours(60)),
    told(Status.CONFIRMED, 20),
    told(Status.IN_PROGRESS, 50),
    told(Status.COMPLETED, 70),
    *(membership(f"n-{i}", 0) for i in range(2)),
    *way("n-0", 50, 51, 55, 56, 58),  # 8 h out: 1 for the scheduler, 4 for the provider, 3 for hardware health
    *way("n-1", 50, 51, 61, 62, 66),  # 16 h out, of which 6 after the promise
)


def seen(engine: Engine, period: str = PERIOD, slas: Slas = NO_SLAS, **scope: Any) -> Review:
    with reading(engine) as connection:
        return review(connection, Scope(**scope), NOW, period, slas)


def one(engine: Engine, *facts: Fact, **more: Any) -> Went:
    tell(engine, *ENDED, *facts)
    (found,) = seen(engine, **more).went
    return found


def test_an_empty_log_says_so(engine: Engine) -> None:
    found = seen(engine)

    assert found.sentence.startswith("No maintenance ended, and no GPU was out, in the days from 5 Jan 2026")
    assert (found.went, found.lines, found.debts) == ((), (), ())


def test_one_maintenance_counted_by_hand(engine: Engine) -> None:
    """Two nodes of 8 GPUs, out for 8 and 16 hours, promised by hour 60, confirmed 30 hours before."""
    found = one(engine)

    assert found.ended_at == START + timedelta(hours=70)
    assert (found.gpus, found.was) == (16.0, START + timedelta(hours=66))
    assert found.slip == pytest.approx(6.0)
    assert found.notice == pytest.approx(30.0)
    assert (found.out, found.unplanned) == pytest.approx((8 * 24, 8 * 6))
    by_role = {name: round(value / 8, 6) for name, value in found.by_role.items()}
    assert by_role == {"scheduler_oncall": 2, "fleet_operations": 0, "provider": 14, "hardware_health": 8}
    assert found.early == pytest.approx(8 * 2)
    assert (found.validated, found.failed, found.returned, found.repeats) == (2, 0, 2, 0)
    assert found.recoveries == pytest.approx((3.0, 5.0))


def test_the_sentence_and_the_lines_are_made_of_it(engine: Engine) -> None:
    tell(engine, *ENDED)
    found = seen(engine, "2026-Q1")

    assert found.sentence == (
        "In Q1 2026, 1 maintenance ended, 0 of them on time, 6 h late at the median. "
        "192 GPU-hours were out, 25 % of them unplanned."
    )
    assert [(each.provider, each.kind) for each in found.lines] == [("Provider", "firmware")]
    assert found.lines[0].figures == found.providers[0].figures == found.all


def test_hours_are_those_of_the_period_and_what_ended_later_has_not_ended_in_it(engine: Engine) -> None:
    """A period that ends within the maintenance: 24 h after the start of the story the first day is over."""
    tell(
        engine,
        told(Status.IN_PROGRESS, 1, start=hours(1), end=hours(100)),
        transition("n-0", Stage.IN_MAINTENANCE, 20),
        transition("n-0", Stage.IN_SERVICE, 40),
        told(Status.COMPLETED, 41),
    )
    first, second = seen(engine, "2026-01-05..2026-01-05"), seen(engine, "2026-01-06..2026-01-06")

    assert (first.all.gpu_hours, first.all.maintenances) == pytest.approx((8 * 4, 0))
    assert (second.all.gpu_hours, second.all.maintenances) == pytest.approx((8 * 16, 1))
    assert second.went[0].whole == pytest.approx(8 * 20)
    assert seen(engine, "2026-01-07..2026-01-08").went == ()


def test_the_promise_is_the_one_in_force_when_the_first_node_went_out(engine: Engine) -> None:
    """Moved before the start, it was agreed; moved after it, it is late."""
    found = one(engine, told(Status.SCHEDULED, 5, end=hours(64)), told("", 59, end=hours(90)))  # type: ignore[arg-type]

    assert found.promised == START + timedelta(hours=64)
    assert found.slip == pytest.approx(2.0)


def test_what_nobody_planned_is_unplanned(engine: Engine) -> None:
    tell(engine, told(Status.IN_PROGRESS, 50), *way("n-0", 50, 51, 55, 56, 58), told(Status.COMPLETED, 60))
    found = seen(engine)

    assert (found.all.planned, found.all.unplanned) == pytest.approx((0, 64))
    assert (found.all.with_promise, found.all.unconfirmed) == (0, 1)
    assert found.sentence.startswith("In the days from 5 Jan 2026 to 31 Jan 2026, 1 maintenance ended, none of them")


def test_a_failed_validation_and_a_node_that_fails_again(engine: Engine) -> None:
    """It fails once within the maintenance; back at hour 80, it goes to repair after 13 days, in another one."""
    day = 24
    tell(
        engine,
        *ENDED[:4],
        *way("n-0", 50, 51, 55, 56, 80)[:-1],
        transition("n-0", Stage.REPAIRING, 60),
        transition("n-0", Stage.VALIDATING, 70),
        transition("n-0", Stage.IN_SERVICE, 80),
        *way("n-1", 50, 51, 55, 56, 58),
        transition("n-0", Stage.REPAIRING, 80 + 13 * day, maintenance="M-2"),
        transition("n-1", Stage.REPAIRING, 58 + 15 * day, maintenance="M-2"),
    )
    (found,) = [each for each in seen(engine).went if each.maintenance_id == "M-1"]

    assert (found.validated, found.failed) == (3, 1)
    assert (found.returned, found.repeats) == (2, 1)


def test_clocks_of_contracts_and_of_cases_are_counted_where_they_stopped_or_ran_out(engine: Engine) -> None:
    """Return within 5 h: 4 h kept, 10 h not. Confirmed 30 h before: 24 are kept. A case answered, and never solved."""
    slas = Slas((Sla("return", 5), Sla("confirmation", 24)))
    found = one(
        engine,
        case("C-1", 52, "open", response=hours(54), resolution=hours(100)),
        case("C-1", 53, "in progress"),
        slas=slas,
    )

    assert (found.clocks, found.kept) == (2 + 1 + 2, 1 + 1 + 1)


def test_what_was_done_by_hand_is_counted(engine: Engine) -> None:
    """Two cases, a commitment met late, one that was met in time, and one withdrawn."""
    found = one(
        engine,
        case("C-1", 52, "open"),
        case("C-2", 52, "open"),
        commitment("K-1", 10, "desk", 55, 57),
        commitment("K-2", 10, "desk", 55, 54),
        commitment("K-3", 10, "desk", 55, None, withdrawn=True),
    )

    assert {name: number for name, number in found.toil.items() if number} == {"cases": 2, "chased": 1}


def test_what_two_tell_of_is_one(engine: Engine) -> None:
    """Joined: the other's node counts with it, and it ends once."""
    found = one(
        engine,
        *way("n-2", 50, 51, 55, 56, 58, maintenance="X-1"),
        join("X-1", "M-1", 71),
    )

    assert found.gpus == 24
    assert found.toil["joined"] == 1


def test_a_maintenance_without_reports_of_nodes_goes_by_its_status(engine: Engine) -> None:
    """In progress is with the provider, recovering with us: 10 and 4 hours of two nodes of 8 GPUs."""
    tell(
        engine,
        told(Status.SCHEDULED, 0, start=hours(50), end=hours(62)),
        membership("n-0", 0),
        membership("n-1", 0),
        told(Status.IN_PROGRESS, 50),
        told(Status.RECOVERING, 60),
        told(Status.COMPLETED, 64),
    )
    (found,) = seen(engine).went

    assert found.by_role == {
        "provider": pytest.approx(160), "hardware_health": pytest.approx(64), "scheduler_oncall": 0,
        "fleet_operations": 0,
    }  # fmt: skip
    assert (found.slip, found.unplanned) == pytest.approx((2, 32))


def test_a_scope_counts_its_own(engine: Engine) -> None:
    tell(engine, *ENDED, *way("m-1", 50, 51, 55, 56, 58))

    assert seen(engine).all.gpu_hours == pytest.approx(8 * 32)
    assert seen(engine, team="blue").all.gpu_hours == pytest.approx(8 * 8)
    assert seen(engine, cluster="c").all.gpu_hours == pytest.approx(8 * 24)
    assert seen(engine, provider="q", team="red").went == ()
    assert seen(engine, team="blue").whose == "Blue"


def test_an_instant_knows_nothing_of_what_was_recorded_later(engine: Engine) -> None:
    """As of hour 60 one node is out: 10 and 8 hours so far, none of them past the promise, and nothing has ended."""
    tell(engine, *ENDED)

    found = seen(engine, as_of=START + timedelta(hours=60))

    assert found.period.ends == START + timedelta(hours=60)
    assert (found.all.gpu_hours, found.all.unplanned, found.all.maintenances) == pytest.approx((8 * 18, 0, 0))


def test_debt_is_what_was_put_off(engine: Engine) -> None:
    """Two nodes of 8 GPUs, four days later than first planned; half a GPU-day an hour is what such work took."""
    later = 2100.0
    tell(
        engine,
        *ENDED,
        told(Status.SCHEDULED, 1500, "M-2", start=hours(later), end=hours(later + 10)),
        told(Status.CONFIRMED, 1600, "M-2", start=hours(later + 96), end=hours(later + 106)),
        membership("n-0", 1500, maintenance="M-2"),
        membership("n-1", 1500, maintenance="M-2"),
        told(Status.DEFERRED, 1700, "M-3", kind="network"),
        told(Status.SCHEDULED, 1700, "M-4", start=hours(later)),
    )
    (found,) = seen(engine).debts

    assert (found.maintenance_id, found.put_off, found.severity) == ("M-2", timedelta(days=4), "medium")
    assert found.gpu_days == pytest.approx(16 * 4)
    assert found.cost == pytest.approx(16 * 192 / 16)
    assert found.begins == START + timedelta(hours=later + 96)
