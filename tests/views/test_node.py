"""What happened to one machine, by a story whose numbers can be checked by hand."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from dashboard.log.append import append
from dashboard.log.database import appending, reading
from dashboard.log.usual_times import replace_usual
from dashboard.model.instants import micros
from dashboard.model.scope import Scope
from dashboard.model.stages import Stage
from dashboard.model.usual import Usual, UsualTimes
from dashboard.views.cluster import HowIsCluster, how_is_cluster
from dashboard.views.node import WhatHappened, what_happened
from dashboard.views.search import search

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Row = tuple[object, ...]


def move(node: str, stage: Stage, ago: float, maintenance: str = "M-3", known: float | None = None) -> Row:
    """A node's entry into a stage so many hours ago."""
    at, recorded = NOW - ago * HOUR, NOW - (ago if known is None else known) * HOUR
    return (maintenance, node, stage, micros(at), micros(recorded), "fleet", "")


def passage(node: str, maintenance: str, out: float, back: float, repaired: bool = False) -> list[Row]:
    """Out and back so many hours ago."""
    rows = [move(node, Stage.IN_MAINTENANCE, out, maintenance), move(node, Stage.IN_SERVICE, back, maintenance)]
    return rows + ([move(node, Stage.REPAIRING, (out + back) / 2, maintenance)] if repaired else [])


def word(maintenance: str, ago: float, status: str, title: str, starts: float | None = None) -> Row:
    """A word on a maintenance."""
    start = None if starts is None else micros(NOW + starts * HOUR)
    at = micros(NOW - ago * HOUR)
    return (maintenance, at, "fleet", status, "firmware", title, "p", "c", start, None, None, "", "")


MOVES = [
    # n-0: out for 10 h, back; out again 8 d later for 4 h, failing validation; out now since 6 h, validating since 2 h.
    *passage("n-0", "M-1", 400, 390),
    *passage("n-0", "M-2", 198, 194, repaired=True),
    move("n-0", Stage.IN_MAINTENANCE, 6),
    move("n-0", Stage.VALIDATING, 2),
    # Its like: four nodes out once each for 10 h, and one of them lately again, failing.
    *(row for each in range(1, 5) for row in passage(f"n-{each}", "M-1", 400, 390)),
    *passage("n-1", "M-2", 900, 896, repaired=True),
    move("n-5", Stage.REMOVED, 30),
]


@pytest.fixture
def told(engine: Engine) -> Engine:
    """A cluster of six nodes, of which one is out for the third time and one is lost."""
    fleet: dict[str, list[Row]] = {
        "providers": [("p", "Nimbus Cloud")],
        "clusters": [("c", "p", "us-east", "H100", 8)],
        "teams": [("t", "Vision")],
        "nodes": [(f"n-{i}", "c", f"A0{i % 2}", 8, "t" if i < 4 else "") for i in range(6)],
        "allocations": [("t", "c", 40, micros(NOW - 900 * DAY), None)],
        "parties": [("hw", "Priya Raman", "hardware_health", "", "", "", "#hw", "", "")],
        "maintenance_updates": [
            word("M-1", 410, "in_progress", "Firmware 2.13"),
            word("M-1", 380, "completed", ""),
            word("M-3", 8, "in_progress", "Firmware 2.14"),
            word("M-4", 9, "confirmed", "Firmware 2.15", starts=48),
        ],
        "maintenance_nodes": [("M-4", "n-1", micros(NOW - 9 * HOUR), False)],
        "node_transitions": MOVES,
        "support_cases": [("CS-1", micros(NOW - 196 * HOUR), "M-2", "n-0", "p", "open", "2", micros(NOW - 196 * HOUR),
                           None, None, "GPU 3"),
                          ("CS-1", micros(NOW - 195 * HOUR), "", "", "", "closed", "", None, None, None, "")],
        "provider_messages": [
            ("m-1", "M-1", "p", micros(NOW - 399 * HOUR), "noc", "About N-0", "tray", None),
            ("m-2", "M-1", "p", micros(NOW - 398 * HOUR), "noc", "About n-01", "tray", None),
            ("m-3", "M-3", "p", micros(NOW - 5 * HOUR), "noc", "Started", "", None),
        ],
    }  # fmt: skip
    with appending(engine) as connection:
        append(connection, fleet, NOW, "test")
        replace_usual(connection, UsualTimes({("p", "firmware", "validating"): Usual(1.0, 4.0, 5.0)}), NOW - DAY, NOW)
    return engine


def seen(engine: Engine, node: str = "n-0", as_of: datetime | None = None) -> WhatHappened:
    with reading(engine) as connection:
        story = what_happened(connection, Scope(as_of=as_of), NOW, node)
    assert story is not None
    return story


def test_a_node_that_is_out_says_in_what_since_when_and_how_often(told: Engine) -> None:
    story = seen(told)

    assert story.sentence == "n-0 of c is validating since Mon 10:00 UTC, the third time out in 90 days."
    assert (story.stage_words, story.who, story.contact) == ("validating, for 2 h", "Priya Raman", "#hw")
    assert story.usual_words == "half take at most 1 h, 19 in 20 at most 5 h"
    assert (story.maintenance_id, story.maintenance) == ("M-3", "Firmware 2.14")
    assert (story.outs, story.repairs, story.hours_out) == (3, 1, 20.0)
    assert story.kind == ("Nimbus Cloud", "us-east", "H100", "rack A00", "8 GPUs", "Vision")


def test_every_maintenance_is_told_with_its_stages_the_newest_first(told: Engine) -> None:
    table = seen(told).maintenances

    assert table[["maintenance_id", "hours", "repairs", "stages"]].to_numpy().tolist() == [
        ["M-3", 6.0, 0, "in maintenance 4 h, validating 2 h"],
        ["M-2", 4.0, 1, "in maintenance 2 h, repairing 2 h"],
        ["M-1", 10.0, 0, "in maintenance 10 h"],
    ]
    assert table["title"].tolist() == ["Firmware 2.14", "M-2", "Firmware 2.13"]
    assert table["back_at"].isna().tolist() == [True, False, False]


def test_a_node_is_held_against_its_like_with_the_numbers_of_both(told: Engine) -> None:
    """The others: five nodes, which went out five times, once failing; of these times, four took 10 h and one 4 h."""
    assert seen(told).beside == (
        "Out 3 times in the last 180 days; the 5 other nodes of c with H100 1.0 times on average.",
        "Failed validation in 1 of 3; its like in 1 of 5, 20 %.",
        "Out again within 14 days after its return: twice; its like in 0 of 5.",
        "Out for 6 h at the median; its like for 10 h.",
    )
    assert seen(told).lanes.usual_hours == 10.0


def test_cases_and_messages_are_those_of_the_node(told: Engine) -> None:
    """A message that names another node is not among them; what was last written of the maintenance that has it is."""
    story = seen(told)

    assert story.cases[["case_id", "status", "note"]].to_numpy().tolist() == [["CS-1", "closed", "GPU 3"]]
    assert story.messages["subject"].tolist() == ["Started", "About N-0"]


def test_a_node_in_service_says_since_when(told: Engine) -> None:
    story = seen(told, "n-1")

    assert story.sentence.startswith("n-1 of c is in service since Sat 14 Feb 06:00 UTC; it was out twice in 90 days")
    assert (story.who, story.maintenance_id) == ("", "")
    assert story.maintenances["maintenance_id"].tolist()[0] == "M-4"


def test_a_node_that_was_never_out_and_one_that_is_lost_and_one_that_nobody_named(told: Engine) -> None:
    assert seen(told, "n-5").sentence == "n-5 of c was removed 30 h ago, Sun 06:00 UTC; its GPUs are lost."
    with reading(told) as connection:
        assert what_happened(connection, Scope(), NOW, "n-9") is None
    with appending(told) as connection:
        append(connection, {"nodes": [("n-9", "c", "", 8, "")]}, NOW, "test")
    assert seen(told, "n-9").sentence == "n-9 of c is in service; no maintenance is known to have taken it out."


def test_as_of_an_instant_it_is_as_it_was_then(told: Engine) -> None:
    story = seen(told, as_of=NOW - 196.5 * HOUR)

    assert story.sentence == "n-0 of c is in maintenance since Sun 06:00 UTC, the second time out in 90 days."
    assert (len(story.maintenances), len(story.cases)) == (2, 0)


def test_what_does_not_fit_together_is_told(told: Engine) -> None:
    with appending(told) as connection:
        rows = [word("M-3", 1, "completed", "")]
        moves = [move("n-0", Stage.DRAINED, 1, "M-2")]
        append(connection, {"maintenance_updates": rows, "node_transitions": moves}, NOW, "test")

    assert seen(told).odd == (
        "2 maintenances have it out at once: Firmware 2.14 and M-2.",
        "Firmware 2.14 is told to be completed since Mon 11:00 UTC; the node is validating.",
    )


def test_another_machine_under_the_same_name_and_what_it_was_before_are_told(told: Engine) -> None:
    with appending(told) as connection:
        moves = [move("n-5", Stage.IN_MAINTENANCE, 3), move("n-5", Stage.IN_SERVICE, 1)]
        append(connection, {"nodes": [("n-5", "c", "B07", 8, "t")], "node_transitions": moves}, NOW, "test")

    assert seen(told, "n-5").changed == (
        "Its rack from A01 to B07 and team from none to t changed, known since Mon 12:00 UTC.",
        "The machine of this name was removed Sun 06:00 UTC; another one goes by it since Mon 09:00 UTC.",
    )


def cluster(engine: Engine, as_of: datetime | None = None) -> HowIsCluster:
    with reading(engine) as connection:
        story = how_is_cluster(connection, Scope(as_of=as_of, team="t"), NOW, "c")
    assert story is not None
    return story


def test_a_cluster_says_what_is_out_and_why_and_what_is_next(told: Engine) -> None:
    """48 GPUs, 8 of them out and 8 lost; whoever asks, all of them count."""
    story = cluster(told)

    assert story.sentence.startswith("c: 8 of 48 GPUs are out.")
    assert (story.gpus, story.in_service, story.out, story.lost, story.nodes) == (48, 32, 8, 8, 6)
    assert story.why[["stage", "title", "nodes", "gpus", "waiting_for"]].to_numpy().tolist() == [
        ["validating", "Firmware 2.14", 1, 8, "Priya Raman"]
    ]
    assert story.coming[["title", "status", "gpus"]].to_numpy().tolist() == [["Firmware 2.15", "confirmed", 8]]
    assert story.coming["starts"].tolist() == [NOW + 48 * HOUR]


def test_a_team_is_told_what_it_was_given_and_has(told: Engine) -> None:
    """Four nodes name Vision, one of them out; the two others are its own too, pro rata, and one of them is lost."""
    assert cluster(told).teams.to_numpy().tolist() == [["Vision", 40, 32, 16, 8]]


def test_nodes_that_come_and_go_or_fail_are_told_the_worst_first(told: Engine) -> None:
    story = cluster(told)

    assert story.worst[["node_id", "outs", "again", "repairs", "hours", "stage"]].to_numpy().tolist() == [
        ["n-0", 3, 2, 1, 20.0, "validating"],
        ["n-1", 2, 0, 1, 14.0, "in_service"],
    ]
    assert (story.again, story.troubled) == (1, 2)


def test_every_node_of_a_cluster_stands_in_its_rack(told: Engine) -> None:
    shape = cluster(told).racks

    assert shape.racks == ("A00", "A01")
    stages = dict(zip(shape.node_id, shape.stage, strict=True))
    assert [stages[f"n-{each}"] for each in (0, 1, 5)] == [5, 7, 8]
    assert shape.hours[shape.node_id.index("n-0")] == 2.0


def test_a_cluster_is_shown_as_it_was_then(told: Engine) -> None:
    story = cluster(told, NOW - 395 * HOUR)

    assert (story.out, story.lost, len(story.coming)) == (40, 0, 0)


def test_an_unknown_cluster_is_none(told: Engine) -> None:
    with reading(told) as connection:
        assert how_is_cluster(connection, Scope(), NOW, "elsewhere") is None


def test_a_search_says_what_tells_one_hit_from_another(told: Engine) -> None:
    """Nothing is found twice; a maintenance has its title; what is running comes first; words may be in any order."""
    with reading(told) as connection:
        nodes = search(connection, Scope(), NOW, "n-0")
        titles = search(connection, Scope(), NOW, "firmware")
        turned = search(connection, Scope(), NOW, "2.15 firmware")
        people = search(connection, Scope(), NOW, "visi")
        nothing = search(connection, Scope(), NOW, "nowhere")

    assert [(each.id, each.about) for each in nodes.hits] == [("n-0", "c · A00 · validating")]
    assert [(each.id, each.name) for each in titles.hits] == [
        ("M-3", "Firmware 2.14"),
        ("M-4", "Firmware 2.15"),
        ("M-1", "Firmware 2.13"),
    ]
    assert titles.hits[1].about == "M-4 · c · confirmed · Wed 12:00"
    assert [each.id for each in turned.hits] == ["M-4"]
    assert [(each.kind, each.name) for each in people.hits] == [("team", "Vision")]
    assert (nothing.hits, nothing.more) == ((), ())
