"""A told limit is so many places where rollouts reach it, and a ceiling where they stay under it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from dashboard.forecast.because import because
from dashboard.forecast.engine import Experience, foresee, learn
from dashboard.forecast.past import past_of
from dashboard.forecast.quantiles import back
from dashboard.forecast.spells import spells_of
from dashboard.model.rollout import Rollout
from tests.forecast.worlds import World, empty, knowledge

WORLD = World(slots=10)


def told(limit: float, rollouts: Sequence[Rollout]) -> tuple[Rollout, ...]:
    return tuple(replace(each, max_unavailable=limit) for each in rollouts)


@pytest.fixture(scope="module")
def history() -> tuple[Rollout, ...]:
    """Ten go at once until they are given back; somewhat more are out of service at a time."""
    return WORLD.past(12, np.random.default_rng(11))


@pytest.fixture(scope="module")
def careful(history: tuple[Rollout, ...]) -> Experience:
    """Learnt where 16 may be out."""
    return learn(knowledge(*told(16.0, history)))


def at_once(experience: Experience, rollout: Rollout) -> float:
    return experience.slots.usual(rollout, spells_of(rollout))


def coming(limit: float, provider: str = "csp") -> Rollout:
    return replace(empty(nodes=80, provider=provider), planned_start=6.0, max_unavailable=limit)


def test_a_limit_that_is_reached_says_how_many_places_there_are(history: tuple[Rollout, ...]) -> None:
    learnt = learn(knowledge(*told(10.0, history)))

    assert at_once(learnt, coming(30.0)) == 30


def test_one_that_is_kept_under_is_used_as_far_as_it_was_before(careful: Experience) -> None:
    """Ten of 16: 20 of 32."""
    assert at_once(careful, coming(32.0)) == 20
    assert at_once(careful, coming(32.0, "never seen")) == 20


def test_a_limit_that_fits_what_is_out_of_service_is_a_ceiling_as_well(history: tuple[Rollout, ...]) -> None:
    """In whole racks of four, never passed: but hand-overs show that nodes go when the provider gives one back."""
    limits = [float(-(-max(each.peaks) // 4) * 4) for each in past_of(history).seen]
    learnt = learn(knowledge(*(replace(each, max_unavailable=m) for each, m in zip(history, limits, strict=True))))

    assert min(limits) >= 12
    assert at_once(learnt, coming(32.0)) == pytest.approx(32 * 10 / np.median(limits), abs=1)


def test_too_few_tell_nothing(history: tuple[Rollout, ...]) -> None:
    learnt = learn(knowledge(*told(16.0, history[:2])))

    assert at_once(learnt, coming(32.0)) == 32


def test_once_nodes_wait_though_places_came_free_those_are_all(careful: Experience) -> None:
    running, _ = replace(WORLD, slots=7).rollout("new", np.random.default_rng(3), -12.0)

    assert at_once(careful, replace(running, max_unavailable=16.0)) == 7


def test_the_return_is_foretold_as_if_the_true_number_of_places_were_told(
    history: tuple[Rollout, ...], careful: Experience
) -> None:
    right = learn(knowledge(*told(10.0, history)))

    def hours(limit: float, by: Experience) -> np.ndarray:
        rollout = coming(limit)
        return back(
            foresee(rollout, 12.0, by, np.random.default_rng(1), 300), rollout.gpus, (0.5, 0.95), (0.1, 0.5, 0.9)
        )

    assert hours(16.0, careful) == pytest.approx(hours(10.0, right), rel=0.1)
    assert hours(16.0, right)[1, 1] < 0.8 * hours(16.0, careful)[1, 1]


def test_it_says_how_many_go_and_how_many_may(careful: Experience) -> None:
    said = because(coming(32.0), 12.0, careful, 1)

    assert any(
        each.startswith("80 of 80 nodes have yet to go out, about 20 at once, though 32 may be.") for each in said
    )


def test_what_if_is_taken_at_its_word(careful: Experience) -> None:
    """Of a rollout that has ten out, six at once from now on: it takes longer for it."""
    running, _ = WORLD.rollout("new", np.random.default_rng(3), -3.0)
    decided = replace(careful, slots=replace(careful.slots, decided=True))

    def last(limit: float) -> float:
        asked = replace(running, max_unavailable=limit)
        return float(
            back(foresee(asked, 12.0, decided, np.random.default_rng(1), 200), asked.gpus, (0.8,), (0.5,))[0, 0]
        )

    assert last(6.0) > 1.2 * last(10.0)
    assert last(16.0) < 0.9 * last(10.0)
