"""Everything is found by any part of its name, at a cost that does not grow with how many names there are."""

import pytest
from sqlalchemy import Engine, text

from dashboard.log.append import append
from dashboard.log.bulk import many
from dashboard.log.database import appending, reading
from dashboard.log.names import entries, find, spelt
from dashboard.log.passages import entries_of
from dashboard.model.scope import Scope
from dashboard.model.stages import Stage
from dashboard.views.search import search
from tests.log.plans import plans, scanned
from tests.log.stories import NOW, tell, transition

LARGE = ("current_names", "current_nodes", "current_stages", "current_maintenances", "node_transitions", "nodes")


def ids(engine: Engine, wanted: str, kind: str = "node") -> list[str]:
    with reading(engine) as connection:
        return [each.id for each in find(connection, wanted, kind, 50)]


def test_a_name_is_kept_from_each_of_its_words_and_numbers_on() -> None:
    assert list(entries("iad1-A01")) == ["iad 1 a 01", "1 a 01", "a 01", "01"]
    assert spelt("  BMC firmware 2.14 ") == "bmc firmware 2 14"
    assert list(entries("§$%")) == []


@pytest.fixture
def told(engine: Engine) -> Engine:
    """Two racks of one cluster, named as people name them."""
    fleet: dict[str, list[tuple[object, ...]]] = {
        "providers": [("nimbus", "Nimbus Cloud")],
        "clusters": [("nimbus-iad-1", "nimbus", "us-east", "H100", 8)],
        "teams": [("t-1", "Éclair & Søn")],
        "nodes": [(f"iad1-a{each}", "nimbus-iad-1", "", 8, "") for each in ("01-1", "01-2", "02-1", "02-2")],
        "maintenance_updates": [
            ("M-7", 1, "p", "scheduled", "", "BMC firmware 2.14", "nimbus", "", None, None, None, "CHG-9", ""),
            ("M-7", 2, "p", "", "", "BMC firmware 2.15", "", "", None, None, None, "", ""),
        ],
    }  # fmt: skip
    with appending(engine) as connection:
        append(connection, fleet, NOW, "test")
    return engine


@pytest.mark.parametrize("wanted", ["iad1-a02", "a02", "IAD 1 A 02", "1-a02", "a02-"])
def test_any_part_of_a_name_finds_it(told: Engine, wanted: str) -> None:
    assert ids(told, wanted) == ["iad1-a02-1", "iad1-a02-2"]


def test_a_letter_within_a_word_does_not(told: Engine) -> None:
    assert ids(told, "ad1") == []
    assert ids(told, "") == []


def test_a_maintenance_is_found_by_every_title_it_had_by_its_id_and_the_providers_reference(told: Engine) -> None:
    assert [ids(told, each, "maintenance") for each in ("2.14", "firmware 2.15", "m-7", "chg", "9")] == [["M-7"]] * 5


def test_a_maintenance_that_only_nodes_tell_of_is_found_too(engine: Engine) -> None:
    tell(engine, [transition("n-1", Stage.CORDONED, 1, maintenance="CHG-4711")])

    assert ids(engine, "4711", "maintenance") == ["CHG-4711"]


def test_names_are_found_whatever_their_letters(told: Engine) -> None:
    assert ids(told, "søn", "team") == ["t-1"]
    assert ids(told, "éCLAIR", "team") == ["t-1"]
    assert ids(told, "%", "team") == []


def test_a_search_among_many_names_reads_none_from_end_to_end(told: Engine) -> None:
    """20,000 nodes that are out: every query of a search, and of a node's history, goes by an index."""
    nodes = [f"fra2-r{each // 16:04}-n{each % 16:02}" for each in range(20_000)]
    with appending(told) as connection:
        rows = [("node", entry, node) for node in nodes for entry in entries(node)]
        many(connection, "current_names", ("kind", "entry", "id"), rows)
        columns: tuple[str, ...] = ("node_id", "cluster_id", "rack", "gpus", "team_id", "recorded_at", "digest")
        many(connection, "current_nodes", columns, [(node, "fra-2", "", 8, "", 1, "") for node in nodes])
        columns = ("maintenance_id", "node_id", "stage", "rank", "is_out", "withdrawn")
        held = [(f"M-{place % 200}", node, "cordoned") for place, node in enumerate(nodes)]
        many(connection, "current_stages", columns, [(*each, 1, True, False) for each in held])
        columns = ("maintenance_id", "node_id", "stage", "occurred_at", "recorded_at", "source", "source_ref")
        many(connection, "node_transitions", columns, [(*each, 1, 1, "", "") for each in held])
        connection.execute(text("ANALYZE"))

    with reading(told) as connection:
        found = search(connection, Scope(), NOW, "r0312 n0")
        asked = plans(connection, lambda: search(connection, Scope(), NOW, "r0312 n0"))
        asked += plans(connection, lambda: search(connection, Scope(), NOW, "n07 fra2"))
        asked += plans(connection, lambda: entries_of(connection, nodes[777]))

    assert [each.id for each in found.hits] == [f"fra2-r0312-n0{each}" for each in range(8)]
    assert [each.about for each in found.hits] == ["fra-2 · cordoned"] * 8
    assert found.more == ("node",)
    assert len(asked) > 10
    assert scanned(asked, LARGE) == []
