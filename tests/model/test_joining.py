"""When are two tellings of one maintenance."""

import pytest

from dashboard.model.instants import HOUR
from dashboard.model.joining import NODES, REFERENCE, Telling, same

NODES_OF_IT = frozenset(f"n-{i}" for i in range(10))


def told(by: str, **said: object) -> Telling:
    known = {"maintenance_id": f"{by}:1", "sources": frozenset({by}), "provider_id": "p", "reference": "",
             "begins": 100 * HOUR, "nodes": frozenset()}  # fmt: skip
    return Telling(**(known | said))  # type: ignore[arg-type]


def test_the_same_reference_of_the_provider_means_the_same_maintenance() -> None:
    found = same(told("mail", reference="CHG-4711"), told("console", reference=" chg-4711 ", begins=None))

    assert found == (REFERENCE, "CHG-4711")


def test_a_reference_that_is_the_name_of_the_other_means_it() -> None:
    assert same(told("mail", reference="M-1042"), told("controller", maintenance_id="M-1042"))


def test_most_of_the_same_nodes_at_the_same_time_mean_the_same_maintenance() -> None:
    """Eight of ten will do, also where the other names many more; seven will not."""
    wide = told("controller", nodes=NODES_OF_IT | {"m-1", "m-2", "m-3"}, begins=101 * HOUR)
    eight = told("console", nodes=frozenset(sorted(NODES_OF_IT)[:8]) | {"x", "y"})
    seven = told("console", nodes=frozenset(sorted(NODES_OF_IT)[:7]) | {"x", "y", "z"})

    assert same(wide, eight) == (NODES, "8 of 10")
    assert same(wide, seven) is None


@pytest.mark.parametrize(
    "other",
    [
        told("console", reference="CHG-1", sources=frozenset({"console", "mail"})),
        told("console", reference="CHG-1", provider_id="another"),
        told("console", reference="CHG-2", nodes=NODES_OF_IT, begins=103 * HOUR),
        told("console", reference="CHG-2", nodes=NODES_OF_IT, begins=None),
        told("console"),
    ],
    ids=["the same source", "another provider", "three hours later", "who knows when", "nothing in common"],
)
def test_anything_less_is_left_to_people(other: Telling) -> None:
    """A source that gives two names means two; nodes alone, or a day alone, mean nothing."""
    assert same(told("mail", reference="CHG-1", nodes=NODES_OF_IT), other) is None


def test_no_reference_is_no_reference_in_common() -> None:
    assert same(told("mail", maintenance_id="a"), told("console", maintenance_id="b")) is None
