"""What a node's entries into stages come to."""

from datetime import UTC, datetime, timedelta

from dashboard.model.history import Lane, comes_again, stays_of
from dashboard.model.stages import Stage

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def lane(*turns: tuple[float, Stage]) -> Lane:
    return Lane("M-1", "Firmware", stays_of((NOW - ago * HOUR, stage) for ago, stage in turns))


def test_a_stage_that_is_told_again_is_not_entered_again() -> None:
    stays = stays_of([(NOW - 3 * HOUR, Stage.CORDONED), (NOW - 2 * HOUR, Stage.CORDONED), (NOW, Stage.DRAINED)])

    assert [(each.stage, each.since, each.until) for each in stays] == [
        (Stage.CORDONED, NOW - 3 * HOUR, NOW),
        (Stage.DRAINED, NOW, None),
    ]


def test_hours_out_are_those_of_the_stages_that_take_capacity() -> None:
    """Scheduled does not; what is not over lasts until now."""
    over = lane((90, Stage.SCHEDULED), (20, Stage.CORDONED), (12, Stage.IN_MAINTENANCE), (5, Stage.IN_SERVICE))
    lasting = lane((20, Stage.VALIDATING), (8, Stage.REPAIRING))

    assert (over.hours_out(NOW), over.out_at, over.back_at) == (15.0, NOW - 20 * HOUR, NOW - 5 * HOUR)
    assert (lasting.hours_out(NOW), lasting.back_at, lasting.repairs) == (20.0, None, 1)


def test_what_was_never_out_has_no_return() -> None:
    assert (lane((9, Stage.SCHEDULED), (3, Stage.IN_SERVICE)).back_at, lane().out_at) == (None, None)


def test_a_node_comes_again_when_it_is_out_within_14_days_after_its_return() -> None:
    """Counted from the return to the next going out; one that is not back yet cannot come again."""
    passages = [
        (NOW, NOW + 1 * DAY),
        (NOW + 15 * DAY, NOW + 16 * DAY),  # 14 days after: it counts
        (NOW + 31 * DAY, NOW + 32 * DAY),  # 15 days after: it does not
        (NOW + 33 * DAY, None),  # it counts
    ]

    assert comes_again(passages, 14 * DAY) == 2
    assert comes_again(passages[::-1], 14 * DAY) == 2
    assert comes_again([(NOW, None), (NOW + DAY, None)], 14 * DAY) == 0
