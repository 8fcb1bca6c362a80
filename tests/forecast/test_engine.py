"""The engine as a whole: honest intervals, whatever the records look like."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.forecast.because import because
from dashboard.forecast.engine import Experience, foresee, foresee_some, learn
from dashboard.forecast.paces import Drawn
from dashboard.forecast.quantiles import back, capacity
from dashboard.model.rollout import Rollout
from dashboard.model.stages import CODE, Stage, Status
from tests.forecast.worlds import World, broken, empty, knowledge

LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
FRACTIONS = (0.5, 0.9, 0.95, 1.0)
WORLD = World()


@pytest.fixture(scope="module")
def experience() -> Experience:
    return learn(knowledge(*WORLD.past(25, np.random.default_rng(11))))


def ask(rollout: Rollout, experience: Experience, seed: int = 1, paths: int = 60) -> np.ndarray:
    futures = foresee(rollout, 12.0, experience, np.random.default_rng(seed), paths)
    return back(futures, rollout.gpus, FRACTIONS, LEVELS)


def test_eighty_per_cent_intervals_hold_about_eighty_per_cent(experience: Experience) -> None:
    """Asked of 120 maintenances of the world that was learnt, before and while they run."""
    rng, hits = np.random.default_rng(12), []
    for i in range(120):
        rollout, truth = WORLD.rollout("new", rng, start=(-12.0, -6.0, 3.0)[i % 3])
        found = ask(rollout, experience, seed=i)
        for row, fraction in ((0, 0.5), (1, 0.9)):
            came = np.sort(truth)[int(np.ceil(fraction * truth.size - 1e-9)) - 1]
            if came > 0:
                hits.append(found[row, 1] <= came <= found[row, 5])

    assert np.mean(hits) == pytest.approx(0.8, abs=0.08)


def test_the_same_seed_gives_the_same_bits(experience: Experience) -> None:
    rollout, _ = WORLD.rollout("new", np.random.default_rng(2), -6.0)

    one, two = (foresee(rollout, 12.0, experience, np.random.default_rng(5), 40) for _ in range(2))

    assert one.back_at.tobytes() == two.back_at.tobytes()
    assert one.out_at.tobytes() == two.out_at.tobytes()


def test_draws_that_are_used_again_are_the_ones_that_would_be_made(experience: Experience) -> None:
    """Told, then with more places, then with a node back: the last shares nothing with the others."""
    rollout, _ = WORLD.rollout("new", np.random.default_rng(2), -6.0)
    wider = replace(rollout, max_unavailable=20.0)
    later = replace(
        rollout, node=np.append(rollout.node, 0), stage=np.append(rollout.stage, CODE[Stage.IN_SERVICE]),
        at=np.append(rollout.at, 0.0),
    )  # fmt: skip
    drawn = Drawn()

    for each in (rollout, wider, later, rollout):
        again = foresee(each, 12.0, experience, np.random.default_rng(5), 40, drawn)
        anew = foresee(each, 12.0, experience, np.random.default_rng(5), 40)
        assert again.back_at.tobytes() == anew.back_at.tobytes()


def test_what_has_happened_keeps_its_time_and_what_has_not_is_not_past(experience: Experience) -> None:
    rollout, truth = WORLD.rollout("new", np.random.default_rng(3), -9.0)

    futures = foresee(rollout, 12.0, experience, np.random.default_rng(5), 40)

    home = np.isin(np.arange(rollout.nodes), rollout.node[rollout.stage == CODE[Stage.IN_SERVICE]])
    assert home.any()
    assert np.allclose(futures.back_at[:, home], truth[home])
    assert (futures.back_at[:, ~home] >= 0).all()


def test_a_large_maintenance_is_drawn_some_paths_at_a_time_and_each_node_keeps_its_place(
    experience: Experience,
) -> None:
    """Every third node is home and every fifth is out: those go nowhere, and come back from now on."""
    some, nodes = 60, 50_000
    which = np.arange(nodes)
    home, out = which % 3 == 0, (which % 5 == 0) & (which % 3 > 0)
    node = np.concatenate([which[home], which[out]])
    stage = np.repeat([CODE[Stage.IN_SERVICE], CODE[Stage.CORDONED]], [home.sum(), out.sum()])
    at = -1.0 - node % 7
    large = replace(empty("new", nodes), status=Status.IN_PROGRESS, started=-9.0, node=node, stage=stage, at=at)

    parts = list(foresee_some(large, 12.0, experience, np.random.default_rng(5), some))
    futures = foresee(large, 12.0, experience, np.random.default_rng(5), some)

    assert len(parts) > 1
    assert futures.end_at.shape == (some, nodes)
    assert np.array_equal(futures.end_at[:, home], np.tile(-1.0 - which[home] % 7, (some, 1)))
    assert np.allclose(futures.out_at[:, out], -1.0 - which[out] % 7)
    assert (futures.end_at[:, ~home] >= 0).all()
    assert (futures.out_at[:, ~home & ~out] >= 0).all()


def test_no_more_nodes_are_out_at_the_provider_than_may_be(experience: Experience) -> None:
    """With one place and nobody out, the n-th node goes when the one before has left the provider."""
    rollout, _ = World(slots=1, nodes=6).rollout("new", np.random.default_rng(3), 5.0)

    futures = foresee(rollout, 12.0, experience, np.random.default_rng(5), 40)

    assert (np.diff(np.sort(futures.out_at, axis=1), axis=1) > 0).all()
    assert (futures.out_at >= 5.0 - 1e-9).all()


def test_a_cancelled_maintenance_takes_no_more_nodes(experience: Experience) -> None:
    rollout = replace(empty(), status=Status.CANCELLED, closed=-2.0)

    futures = foresee(rollout, 12.0, experience, np.random.default_rng(5), 10)

    assert np.isinf(futures.out_at).all()
    assert not futures.lost.any()


def test_a_provider_that_tells_nothing_of_nodes_is_forecast_from_its_promises() -> None:
    """Twenty maintenances planned for 10 h took 20 h: the next one planned for 10 h is likely to take 20."""
    past = [
        replace(
            empty(f"p{i}"),
            status=Status.COMPLETED,
            started=-100.0 - i,
            planned_start=-100.0 - i,
            planned_end=-90.0 - i,
            first_planned_end=-90.0 - i,
            closed=-80.0 - i,
        )
        for i in range(20)
    ]
    asked = replace(empty("new"), status=Status.IN_PROGRESS, started=-1.0, planned_start=-1.0, planned_end=9.0)

    futures = foresee(asked, 12.0, learn(knowledge(*past)), np.random.default_rng(1), 400)

    assert (futures.back_at == futures.back_at[:, :1]).all()  # all together
    assert np.median(futures.back_at) == pytest.approx(19.0, rel=0.1)


def test_nodes_in_repair_are_given_as_a_reason(experience: Experience) -> None:
    rollout, _ = WORLD.rollout("new", np.random.default_rng(3), -9.0)
    rollout = replace(
        rollout,
        node=np.append(rollout.node, [0, 1, 2]),
        stage=np.append(rollout.stage, [CODE[Stage.REPAIRING]] * 3),
        at=np.append(rollout.at, [0.0] * 3),
    )

    for seed in range(6):
        said = because(rollout, 12.0, experience, seed)

        assert 1 <= len(said) <= 3
        assert any("3 nodes failed validation" in each for each in said)


def test_nothing_known_still_gives_a_wide_finite_answer() -> None:
    found = ask(empty(), learn(knowledge()))

    assert np.isfinite(found).all()
    assert (found >= 0).all()
    assert found[3, 6] > 2 * found[3, 0]


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32 - 1), st.sampled_from([-30.0, -9.0, -2.0, 5.0]), st.integers(0, 12))
def test_broken_records_never_raise_and_no_eta_is_past(seed: int, start: float, nodes: int) -> None:
    rng = np.random.default_rng(seed)
    world = World(nodes=nodes, slots=3) if nodes else World(nodes=1, slots=1)
    many = [broken(world.rollout(f"m{i}", rng, start - 50 * i)[0], rng) for i in range(4)]
    learnt = learn(knowledge(*many))

    for rollout in (many[0], empty("none", nodes)):
        futures = foresee(rollout, 12.0, learnt, rng, 20)
        found = back(futures, rollout.gpus, FRACTIONS, LEVELS)
        is_home = (futures.back_at <= 0).all(axis=0)
        assert np.isfinite(found).all()
        assert (np.diff(found, axis=0) >= 0).all()
        assert (np.diff(found, axis=1) >= 0).all()
        assert not np.isnan(futures.out_at).any()
        assert (np.isinf(futures.back_at) == futures.lost).all()
        goes = np.isfinite(futures.out_at)
        assert (futures.end_at[goes] >= futures.out_at[goes]).all()
        gpus = capacity(futures, rollout.gpus, np.zeros(rollout.nodes, dtype=np.int64), 1, np.arange(200.0))
        assert (np.diff(gpus.left, axis=2) <= 0).all()
        assert (gpus.out >= gpus.left).all()
        if not is_home.any():
            assert (found >= 0).all()
        because(rollout, 12.0, learnt, seed)


def test_where_nothing_like_it_was_seen_a_longer_promise_means_a_longer_wait(experience: Experience) -> None:
    asked = replace(empty("new", 20, provider="unseen", kind="unseen"), planned_start=5.0, max_unavailable=5.0)

    short, long = (ask(replace(asked, planned_end=5.0 + hours), experience, paths=200)[1, 3] for hours in (10.0, 100.0))

    assert long > 1.4 * short
