"""The diagram of stages says what the shape says, and nothing runs into anything else."""

from itertools import combinations
from typing import Any

import pytest

from dashboard.figures.states import HALF_HEIGHT, HALF_WIDTH, PLACES, states
from dashboard.figures.theme import DARK, LIGHT, Look
from dashboard.model.lifecycle import USUAL, States, Step, Way
from dashboard.model.stages import HAS_THE_BALL, Stage


def shape(nodes: int = 12, likely: float | None = 6.0, plan_on: float | None = 50.0) -> States:
    return States(
        tuple(Step(stage, nodes, nodes * 8) for stage in Stage),
        tuple(Way(before, after, 40, likely, plan_on) for before, after in USUAL),
    )


def words(figure: Any) -> list[str]:
    return [each.text for each in figure.layout.annotations if each.text]


def test_every_stage_has_its_box_and_its_count() -> None:
    shown = words(states(shape(1), LIGHT))

    for stage in Stage:
        assert stage.replace("_", " ").capitalize() in shown
    assert shown.count("1 node · 8 GPUs") == len(Stage)


def test_every_box_says_who_has_the_ball() -> None:
    shown = words(states(shape(), LIGHT))

    assert {"scheduler on-call", "fleet operations", "provider", "hardware health"} <= set(shown)
    assert sum(each in ("provider", "hardware health") for each in shown) == 4


def test_every_way_says_how_long_it_takes() -> None:
    shown = words(states(shape(), LIGHT))

    assert sum("6 h – 2 d" in each for each in shown) == len(USUAL)
    assert {"fails after 6 h – 2 d", "back in 6 h – 2 d", "lost after 6 h – 2 d"} <= set(shown)


def test_what_nobody_can_tell_is_left_out() -> None:
    """Nobody in a stage, and too few stays to tell how long they are."""
    shown = words(states(shape(0, None, None), LIGHT))

    assert shown.count("none now") == len(Stage)
    assert not [each for each in shown if "–" in each or "None" in each]


def test_boxes_stand_apart_and_within() -> None:
    for (x, y), (u, v) in combinations(PLACES.values(), 2):
        assert abs(x - u) >= 2 * HALF_WIDTH or abs(y - v) >= 2 * HALF_HEIGHT
    assert all(HALF_WIDTH <= x <= 1 - HALF_WIDTH for x, _ in PLACES.values())
    assert set(PLACES) == set(Stage) == set(HAS_THE_BALL)


@pytest.mark.parametrize("look", [LIGHT, DARK])
def test_a_stage_has_the_colour_that_it_has_everywhere(look: Look) -> None:
    fills = {each.fillcolor for each in states(shape(), look).layout.shapes}

    assert set(look.stages.values()) <= fills
