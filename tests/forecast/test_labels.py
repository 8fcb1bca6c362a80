"""SKUs and clusters: what one of them adds is learnt where it can be told from its provider's, and nowhere else."""

import numpy as np
import pytest

from dashboard.forecast.durations import Durations, fit_durations
from dashboard.forecast.fitting import Stays
from dashboard.forecast.labels import NO_EFFECTS, Effects, Traits, fit_effects, labelled

EACH = 10  # nodes of a maintenance


def fitted(skus: list[str], clusters: list[str], cells: list[tuple[str, str]], added: list[float]) -> Durations:
    """Learnt from one maintenance for each of these, log-hours 1 plus what is added."""
    rng = np.random.default_rng(1)
    known = tuple(sorted(set(cells)))
    of = np.repeat(np.arange(len(skus)), EACH)
    hours = 1.0 + np.array(added)[of] + 0.1 * rng.standard_normal(len(skus))[of] + 0.3 * rng.standard_normal(of.size)
    return fit_durations(
        Stays(
            hours, np.zeros(of.size, dtype=bool), of, np.arange(len(skus)),
            np.array([known.index(each) for each in cells]), tuple(f"m{i}" for i in range(len(skus))), known,
            np.full(len(skus), float(EACH)), labelled(skus), labelled(clusters),
        ),
        4.0,
    )  # fmt: skip


def mean(durations: Durations, cell: tuple[str, str], sku: str = "", cluster: str = "") -> float:
    """Log-hours believed of a new maintenance."""
    return durations.law(cell, traits=Traits(EACH, sku, cluster)).mean


def test_a_slow_sku_is_slow_where_it_was_never_seen() -> None:
    """Twice as long at one provider; then it comes to another, which has only ever had the other SKU."""
    skus = ["old", "new"] * 10 + ["old"] * 10
    cells = [("aster", "firmware")] * 20 + [("borealis", "firmware")] * 10
    learnt = fitted(skus, ["c"] * 30, cells, [np.log(2.0) if each == "new" else 0.0 for each in skus])

    there = mean(learnt, ("borealis", "firmware"), "new") - mean(learnt, ("borealis", "firmware"), "old")

    assert there == pytest.approx(np.log(2.0), abs=0.15)


def test_a_slow_cluster_is_slow() -> None:
    clusters = ["west", "east", "north"] * 8
    slow = [0.5 if each == "east" else 0.0 for each in clusters]
    learnt = fitted(["gpu"] * 24, clusters, [("aster", "firmware")] * 24, slow)

    cell = ("aster", "firmware")

    assert mean(learnt, cell, "gpu", "east") - mean(learnt, cell, "gpu", "west") == pytest.approx(0.5, abs=0.15)


def test_labels_that_make_no_difference_add_nothing() -> None:
    skus = ["old", "new"] * 12
    learnt = fitted(skus, ["c"] * 24, [("aster", "firmware")] * 24, [0.0] * 24)

    cell = ("aster", "firmware")

    assert mean(learnt, cell, "new") == pytest.approx(mean(learnt, cell, "old"), abs=0.03)


def test_what_all_of_a_provider_share_is_the_providers() -> None:
    """Each provider has a SKU of its own: which of the two it is that is slow cannot be told."""
    cells = [("aster", "firmware"), ("borealis", "firmware")] * 8
    skus = ["a", "b"] * 8

    learnt = fitted(skus, skus, cells, [1.0 if each == "b" else 0.0 for each in skus])

    assert learnt.beside.sku == NO_EFFECTS
    assert learnt.beside.cluster == NO_EFFECTS


def test_a_label_that_is_not_told_is_nobodys() -> None:
    labels = labelled(["", "slow", ""] * 6)

    effects = fit_effects(labels, np.zeros(18, dtype=np.int64), np.array([0.0, 1.0, 0.0] * 6), np.full(18, 50.0))

    assert "" not in effects.of
    assert effects.at("") == (0.0, effects.unseen)


def test_one_never_seen_is_as_uncertain_as_labels_differ() -> None:
    effects = Effects({"known": (0.4, 0.01)}, 0.09)

    assert effects.at("unknown") == (0.0, 0.09)
