"""What is usual is kept as last learnt, and older news changes nothing."""

from datetime import timedelta

from sqlalchemy import Engine

from dashboard.log.append import newest_recorded
from dashboard.log.database import appending, reading
from dashboard.log.usual_times import read_usual, replace_usual, usual_as_of
from dashboard.model.usual import Usual, UsualTimes
from tests.log.stories import NOW

OLD, NEW = (
    UsualTimes({("p", "k", "x"): Usual(1, 2, 3), ("q", "", "x"): Usual(1, 2, 3)}),
    UsualTimes({("p", "k", "x"): Usual(4, 5, 6)}),
)


def test_the_newest_is_kept_whole_and_moves_the_log_on(engine: Engine) -> None:
    """Also when two workers learnt it, and the slower one comes last."""
    hour = timedelta(hours=1)
    with appending(engine) as connection:
        replace_usual(connection, OLD, NOW, NOW)
        replace_usual(connection, NEW, NOW + hour, NOW + hour)
        position, _ = newest_recorded(connection)
        replace_usual(connection, OLD, NOW, NOW + hour)
        replace_usual(connection, OLD, NOW + hour, NOW + hour)

    with reading(engine) as connection:
        assert read_usual(connection) == NEW
        assert usual_as_of(connection) == NOW + hour
        assert newest_recorded(connection)[0] == position == 2


def test_nothing_learnt_yet_is_nothing_usual(engine: Engine) -> None:
    with reading(engine) as connection:
        assert read_usual(connection).of("p", "k", "x") is None
        assert usual_as_of(connection) is None
