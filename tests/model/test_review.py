"""What several maintenances come to together, and what is owed of work that was put off: counted by hand."""

from datetime import UTC, datetime, timedelta
from math import isnan

import pytest

from dashboard.model.debt import Severity, cost_each, put_off, severity
from dashboard.model.review import Went, together

AT = datetime(2026, 9, 1, tzinfo=UTC)


def went(name: str, **more: object) -> Went:
    told: dict[str, object] = {"provider_id": "p", "kind": "firmware", "ended_at": AT} | more
    return Went(maintenance_id=name, title=name, **told)  # type: ignore[arg-type]


def test_figures_are_those_of_what_ended_and_hours_those_of_everything() -> None:
    """One 2 h early, one 20 min late, one 6 h late: two of three on time, and the median is 20 min late."""
    rows = [
        went("a", slip=-2.0, planned=100.0, notice=48.0, recoveries=(1.0, 2.0), validated=8, failed=1, returned=10),
        went("b", slip=1 / 3, planned=50.0, unplanned=10.0, notice=0.0, recoveries=(3.0,), toil={"cases": 3}),
        went("c", slip=6.0, unplanned=40.0, notice=24.0, clocks=5, kept=4, returned=10, repeats=1),
        went("runs", ended_at=None, slip=99.0, planned=800.0, clocks=7, toil={"cases": 9}, by_role={"provider": 800.0}),
    ]

    found = together(rows)

    assert (found.maintenances, found.with_promise, found.on_time) == (3, 3, 2)
    assert (found.slip_median, found.slip_worst) == pytest.approx((1 / 3, 6.0))
    assert (found.gpu_hours, found.planned, found.unplanned) == (1000.0, 950.0, 50.0)
    assert found.by_role["provider"] == 800.0
    assert (found.recovery_median, found.recovery_p90) == (2.0, 3.0)
    assert (found.notice_median, found.unconfirmed) == (24.0, 1)
    assert (found.clocks, found.kept, found.toil["cases"], found.toil_each) == (5, 4, 3, 1.0)
    assert (found.on_time_share, found.failed_share, found.repeat_share) == pytest.approx((2 / 3, 1 / 8, 1 / 20))


def test_nothing_comes_to_nothing_rather_than_to_zero_per_cent() -> None:
    found = together([])

    assert (found.maintenances, found.gpu_hours) == (0, 0)
    assert all(isnan(each) for each in (found.on_time_share, found.slip_median, found.recovery_p90, found.kept_share))


def test_what_is_put_off_waits_until_its_new_date_or_until_now() -> None:
    first, now, day = AT, AT + timedelta(days=10), timedelta(days=1)

    assert put_off(first, AT + timedelta(days=14), now) == 14 * day
    assert put_off(first, None, now) == 10 * day
    assert put_off(first, AT + timedelta(days=2), now) == 10 * day  # that date has passed, too
    assert put_off(AT + timedelta(days=20), None, now) == 0 * day


@pytest.mark.parametrize(
    ("kind", "days", "expected"),
    [
        ("security_patch", 0, Severity.HIGH),
        ("firmware", 0, Severity.MEDIUM),
        ("network", 13, Severity.LOW),
        ("network", 14, Severity.MEDIUM),
        ("network", 30, Severity.HIGH),
    ],
)
def test_severity_is_by_kind_and_grows(kind: str, days: int, expected: Severity) -> None:
    assert severity(kind, timedelta(days=days)) is expected


def test_catching_up_costs_what_the_same_work_took() -> None:
    """30 and 10 GPUs that took 60 and 100 GPU-hours: 4 h a GPU; another provider's counts where there is none."""
    rows = [
        went("a", gpus=30.0, whole=60.0),
        went("b", gpus=10.0, whole=100.0),
        went("c", gpus=10.0, whole=900.0, provider_id="q"),
        went("d", gpus=10.0, whole=900.0, ended_at=None),
    ]

    assert cost_each(rows, "p", "firmware") == (4.0, "as this provider took for the same kind")
    each, basis = cost_each(rows, "r", "firmware") or (0.0, "")
    assert (round(each, 6), basis) == (1060 / 50, "as others took for the same kind")
    assert cost_each(rows, "p", "power") == (4.0, "as this provider took for anything")
    assert cost_each([], "p", "power") is None
