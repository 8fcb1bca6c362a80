"""What was known at an instant, and in which order it happened, whoever told it and how often."""

from sqlalchemy import Engine

from dashboard.log.chronicle import read_chronicle
from dashboard.log.database import reading
from dashboard.model.instants import instant
from dashboard.model.stages import CODE, Stage
from tests.log.stories import hours, tell, transition


def test_what_was_told_twice_was_known_from_the_first_time_on(engine: Engine) -> None:
    tell(
        engine,
        [
            transition("n-2", Stage.CORDONED, 2, known=9),
            transition("n-1", Stage.IN_MAINTENANCE, 4, known=5),
            transition("n-1", Stage.CORDONED, 1, known=3),
            transition("n-1", Stage.CORDONED, 1, known=8),
        ],
    )

    with reading(engine) as connection:
        chronicle = read_chronicle(connection)
    cordoned, out = CODE[Stage.CORDONED], CODE[Stage.IN_MAINTENANCE]
    told = {
        at: [
            (chronicle.named("M-1", instant(hours(at)))[node], stage, when + at)
            for rollout in chronicle.at(instant(hours(at))).rollouts
            for node, stage, when in zip(rollout.node, rollout.stage, rollout.at, strict=True)
        ]
        for at in (2, 4, 6, 10)
    }
    assert told == {
        2: [],
        4: [("n-1", cordoned, 1.0)],
        6: [("n-1", cordoned, 1.0), ("n-1", out, 4.0)],
        10: [("n-1", cordoned, 1.0), ("n-2", cordoned, 2.0), ("n-1", out, 4.0)],
    }
