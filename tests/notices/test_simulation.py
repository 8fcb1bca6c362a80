"""Nobody goes without a due notice: two thousand maintenances, and rules that are broken on purpose."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dashboard.notices import ladder
from dashboard.notices.ladder import Rung
from dashboard.notices.plan import Notices
from tests.notices.simulation import simulate

FEW = 5
"""Days in which a small world is announced: enough for every rule."""


def test_no_audience_goes_without_a_due_notice(capsys: pytest.CaptureFixture[str]) -> None:
    """The figures are printed: due, sent, late, double, per rung."""
    outcome = simulate(2000)

    with capsys.disabled():
        print(f"\n{outcome.figures()}")  # noqa: T201
    assert outcome.judged.missing == []
    assert outcome.judged.wrong == []
    assert outcome.undelivered == 0
    assert outcome.killed > 30
    assert min(outcome.judged.due.values()) > 50  # each rung was really tried


def test_a_rung_that_is_dropped_is_noticed() -> None:
    def without(plan: Notices) -> Notices:
        rules = plan.ladder.model_copy(update={"before": (7 * 86400.0, 86400.0)})
        return plan.model_copy(update={"ladder": rules})

    outcome = simulate(40, change=without, days=FEW, sends=False)

    assert any("5 d before" in each for each in outcome.judged.missing)


@pytest.mark.parametrize("rung", [Rung.MOVED, Rung.CANCELLED, Rung.START, Rung.ESCALATED, Rung.DOUBTFUL, Rung.COMPLETE])
def test_a_rule_that_is_left_out_is_noticed(rung: Rung, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reschedule ignored, a cancellation, a start, …: the simulation fails by that very name."""
    add = ladder._Climb.add

    def deaf(self: Any, told: Rung, at: int, **how: Any) -> None:
        if told is not rung:
            add(self, told, at, **how)

    monkeypatch.setattr(ladder._Climb, "add", deaf)

    outcome = simulate(40, days=FEW, sends=False)

    assert any(f": {rung}, due" in each for each in outcome.judged.missing)


def test_looking_again_too_late_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is remembered between looks spares work; where it forgets, the simulation fails."""
    monkeypatch.setattr(ladder.Climbed, "next_at", None)

    assert simulate(40, days=FEW, sends=False).judged.missing


def test_the_world_has_a_change_of_clocks_in_it() -> None:
    """Plans are made by clocks on walls, which are set back while the world goes on."""
    from zoneinfo import ZoneInfo

    from tests.notices.simulation import DAYS
    from tests.notices.world import START

    zone = ZoneInfo("Europe/Berlin")
    offsets = {(START + timedelta(days=day)).astimezone(zone).utcoffset() for day in range(DAYS)}

    assert len(offsets) == 2
    assert datetime(2026, 10, 25, 1, tzinfo=UTC) > START
