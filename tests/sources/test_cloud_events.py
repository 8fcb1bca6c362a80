"""Maintenances as clouds announce them: every state they pass, and the one in which they are only gone."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from dashboard.jobs.collect import How
from dashboard.log.aside import count_aside
from dashboard.log.database import appending, reading
from dashboard.log.source_states import correct, read_state
from dashboard.model.instants import instant, iso
from dashboard.sources.azure import ScheduledEvents
from dashboard.sources.gcp import Gcp
from dashboard.sources.gcp_reservations import Reservations
from dashboard.sources.json_api import JsonApi
from tests.sources.asked import Asked
from tests.sources.loopback import Handler, Loopback

UPDATES = ("maintenance_id", "status", "kind", "planned_start", "planned_end")
NODES = {"nodes": {"node_id": "node_id", "cluster_id": "cluster_id", "gpus": "gpus"}}
STAGES = ("maintenance_id", "node_id", "stage", "occurred_at")


def event(**rest: Any) -> dict[str, Any]:
    said = {
        "EventId": "602d9444", "EventType": "Reboot", "ResourceType": "VirtualMachine", "Resources": ["n-1", "n-2"],
        "EventStatus": "Scheduled", "NotBefore": "Mon, 02 Mar 2026 06:00:00 GMT",
        "Description": "Host server is undergoing maintenance.", "EventSource": "Platform", "DurationInSeconds": 900,
    }  # fmt: skip
    return said | rest


def azure(server: Loopback) -> ScheduledEvents:
    return ScheduledEvents.model_validate({"name": "azure", "type": "azure_scheduled_events", "url": server.url})


def answers(server: Loopback, asked: Asked, *lists: list[Any]) -> list[int]:
    """Has the agent forward these lists of events, one a poll; returns new facts of each."""
    new = []
    for number, each in enumerate(lists):
        server.says({"DocumentIncarnation": number, "Events": each})
        new.append(asked.again().new)
    return new


def test_an_azure_event_is_announced_starts_and_vanishes_when_it_is_over(engine: Engine, server: Loopback) -> None:
    """NotBefore is empty once it has started: the window stays the one that was announced."""
    asked = Asked(engine, azure(server), ["n-1", "n-2"])
    started = event(EventStatus="Started", NotBefore="")

    new = answers(server, asked, [event()], [event()], [started], [started], [], [])

    assert new == [3, 0, 3, 0, 3, 0]
    assert asked.told("maintenance_updates", *UPDATES) == [
        ("azure:602d9444", "scheduled", "reboot", "2026-03-02T06:00:00Z", "2026-03-02T06:15:00Z"),
        ("azure:602d9444", "in_progress", "reboot", "2026-03-02T06:00:00Z", "2026-03-02T06:15:00Z"),
        ("azure:602d9444", "completed", "", None, None),
    ]
    assert asked.told("node_transitions", "node_id", "stage") == [
        ("n-1", "scheduled"), ("n-2", "scheduled"), ("n-1", "in_maintenance"), ("n-2", "in_maintenance"),
        ("n-1", "returned"), ("n-2", "returned"),
    ]  # fmt: skip


def test_an_azure_event_that_vanishes_before_it_starts_was_called_off(engine: Engine, server: Loopback) -> None:
    asked = Asked(engine, azure(server), ["n-1", "n-2"])

    answers(server, asked, [event()], [])

    assert asked.told("maintenance_updates", "status") == [("scheduled",), ("cancelled",)]
    assert asked.told("node_transitions", "stage") == [("scheduled",), ("scheduled",)]


def test_an_azure_event_of_unknown_length_or_word_is_still_one(engine: Engine, server: Loopback) -> None:
    """DurationInSeconds -1 is their word for unknown; a status of next year changes no status of ours."""
    asked = Asked(engine, azure(server), ["n-1", "n-2"])

    answers(server, asked, [event(DurationInSeconds=-1)], [event(DurationInSeconds=-1, EventStatus="Pondered")])

    assert asked.told("maintenance_updates", "status", "planned_end") == [("scheduled", None), ("", None)]


def test_a_machine_that_joins_an_azure_event_is_told_alone(engine: Engine, server: Loopback) -> None:
    asked = Asked(engine, azure(server), ["n-1", "n-2"])

    answers(server, asked, [event(Resources=["n-1"])], [event()])

    assert asked.told("node_transitions", "node_id", "stage") == [("n-1", "scheduled"), ("n-2", "scheduled")]


@pytest.mark.parametrize("events", [[None], ["x"], [{}], [{"EventId": 7, "Resources": "n-1", "NotBefore": "soon"}]])
def test_azure_events_that_are_nonsense_break_nothing(engine: Engine, server: Loopback, events: list[Any]) -> None:
    asked = Asked(engine, azure(server), ["n-1", "n-2"])
    server.says({"Events": [*events, event()]})

    done = asked.again()

    assert (done.how, done.new) == (How.DONE, 3)


def instance(name: str, **upcoming: Any) -> dict[str, Any]:
    said = {
        "type": "SCHEDULED", "maintenanceStatus": "PENDING", "windowStartTime": "2026-03-02T04:00:00.000-07:00",
        "windowEndTime": "2026-03-02T08:00:00.000-07:00", "maintenanceReasons": ["FAILURE_GPU_XID"],
        "canReschedule": True,
    }  # fmt: skip
    return {"name": name, "resourceStatus": {"upcomingMaintenance": said | upcoming}}


def page(*instances: dict[str, Any], **rest: Any) -> dict[str, Any]:
    zones = {"zones/a": {"instances": list(instances)}, "zones/b": {"warning": {"code": "NO_RESULTS_ON_PAGE"}}}
    return {"kind": "compute#instanceAggregatedList", "items": zones} | rest


def gcp(server: Loopback, **options: Any) -> Gcp:
    return Gcp.model_validate({"name": "gcp", "type": "gcp", "url": server.url, "project": "p-1"} | options)


def stands(engine: Engine) -> tuple[str, int, str]:
    """What is said of the source, failed tries in a row, and when it was well last."""
    with reading(engine) as connection:
        state = read_state(connection, "gcp")
    assert state is not None
    assert state.succeeded_at is not None
    return state.error, state.failures, iso(instant(state.succeeded_at))


def test_a_gcp_maintenance_pends_runs_and_vanishes_when_it_is_over(engine: Engine, server: Loopback) -> None:
    asked = Asked(engine, gcp(server), ["n-1"])
    running = instance("n-1", maintenanceStatus="ONGOING")
    new = []
    for each in ([instance("n-1")], [instance("n-1")], [running], [{"name": "n-1"}], []):
        server.says(page(*each))
        new.append(asked.again().new)

    named = "gcp:n-1@2026-03-02T04:00:00.000-07:00"
    assert new == [2, 0, 2, 2, 0]
    assert asked.told("maintenance_updates", *UPDATES) == [
        (named, "scheduled", "failure_gpu_xid", "2026-03-02T11:00:00Z", "2026-03-02T15:00:00Z"),
        (named, "in_progress", "failure_gpu_xid", "2026-03-02T11:00:00Z", "2026-03-02T15:00:00Z"),
        (named, "completed", "", None, None),
    ]
    assert asked.told("node_transitions", *STAGES) == [
        (named, "n-1", "scheduled", "2026-03-02T00:01:00Z"),
        (named, "n-1", "in_maintenance", "2026-03-02T00:03:00Z"),
        (named, "n-1", "returned", "2026-03-02T00:04:00Z"),
    ]
    assert server.asked[0].path == "/compute/v1/projects/p-1/aggregated/instances"


def test_a_zone_out_of_reach_ends_no_gcp_maintenance(engine: Engine, server: Loopback) -> None:
    """It was not seen, which is not the same as gone."""
    asked = Asked(engine, gcp(server), ["n-1"])
    server.says(page(instance("n-1")))
    asked.again()
    server.says(page(unreachables=["zones/a"]))
    away = asked.again()
    during = stands(engine)
    server.says(page())
    gone = asked.again()

    words = "gcp: Compute Engine could not reach a: what is there stays as it was"
    assert (away.how, away.error, during) == (How.DONE, words, (words, 0, "2026-03-02T00:02:00Z"))
    assert (away.new, gone.new, stands(engine)) == (0, 1, ("", 0, "2026-03-02T00:03:00Z"))
    assert asked.told("maintenance_updates", "status") == [("scheduled",), ("cancelled",)]


def test_gcp_pages_are_one_listing(engine: Engine, server: Loopback) -> None:
    """What is on the second page has not vanished from the first; a failure between them changes nothing."""
    fails = [False]

    def reply(handler: Handler) -> None:
        if "pageToken" not in server.asked[-1].params:
            handler.send_json(page(instance("n-1"), nextPageToken="2"))
        elif fails[0]:
            handler.send_body(503, b"")
        else:
            handler.send_json(page(instance("n-2")))

    server.reply = reply
    asked = Asked(engine, gcp(server), ["n-1", "n-2"])
    first = asked.again()
    fails[0] = True
    broken = asked.again()
    fails[0] = False
    again = asked.again()

    assert (first.new, broken.new, broken.how, again.new) == (4, 0, How.FAILED, 0)


def zones(**instances: list[dict[str, Any]]) -> dict[str, Any]:
    return {"items": {f"zones/{zone}": {"instances": some} for zone, some in instances.items()}}


def test_instances_of_one_name_in_two_zones_are_two(engine: Engine, server: Loopback) -> None:
    """Which of them the fleet calls by that name, nobody could tell: the one that had it keeps it, the other is set
    aside under zone and name."""
    asked = Asked(engine, gcp(server), ["n-1"])
    server.says(zones(a=[instance("n-1")], b=[]))
    asked.again()
    server.says(zones(a=[instance("n-1")], b=[instance("n-1", maintenanceStatus="ONGOING")]))
    both = asked.again()
    server.says(zones(a=[instance("n-1")], b=[{"name": "n-1"}]))
    asked.again()

    at = "2026-03-02T04:00:00.000-07:00"
    assert both.set_aside == 1
    assert asked.told("maintenance_updates", "maintenance_id", "status") == [
        (f"gcp:n-1@{at}", "scheduled"), (f"gcp:b/n-1@{at}", "in_progress"), (f"gcp:b/n-1@{at}", "completed")
    ]  # fmt: skip
    assert asked.told("node_transitions", "node_id", "stage") == [("n-1", "scheduled")]


def test_a_fleet_may_name_instances_with_their_zones(engine: Engine, server: Loopback) -> None:
    asked = Asked(engine, gcp(server, node="zone/name"), ["a/n-1", "b/n-1"])
    server.says(zones(a=[instance("n-1")], b=[instance("n-1")]))
    asked.again()

    assert {row[0] for row in asked.told("node_transitions", "node_id")} == {"a/n-1", "b/n-1"}


def test_what_was_known_before_zones_were_goes_on_under_its_name(engine: Engine, server: Loopback) -> None:
    asked = Asked(engine, gcp(server), ["n-1", "n-2"])
    server.says(zones(a=[instance("n-1")]))
    asked.again()
    running = {"type": "SCHEDULED", "start": "s", "end": "", "reason": "", "status": "ONGOING"}
    with appending(engine) as connection:
        state = read_state(connection, "gcp")
        assert state is not None
        assert state.cursor is not None
        (kept,) = json.loads(state.cursor).values()
        old = {"n-1": {key: kept[key] for key in running}, "n-2": running}
        correct(connection, "gcp", cursor=json.dumps(old))
    asked = Asked(engine, gcp(server), ["n-1", "n-2"])
    asked.again()
    server.says(zones(a=[{"name": "n-1"}]))
    asked.again(2)

    at = "2026-03-02T04:00:00.000-07:00"
    assert [row[:2] for row in asked.told("maintenance_updates", "maintenance_id", "status")] == [
        (f"gcp:n-1@{at}", "scheduled"), ("gcp:n-2@s", "completed"), (f"gcp:n-1@{at}", "cancelled")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "place"),
    [
        ({"items": {"zones/a": {"warning": {"code": "UNREACHABLE"}}}}, "a"),
        ({"items": {}, "warning": {"code": "NOT_CRITICAL_ERROR"}}, "all (NOT_CRITICAL_ERROR)"),
        ({"unreachables": ["projects/p/zones/us-a", "", None, "projects/p/zones/eu-b"]}, "eu-b, us-a"),
    ],
)
def test_every_way_of_being_partial_is_told(engine: Engine, server: Loopback, answer: Any, place: str) -> None:
    asked = Asked(engine, gcp(server), ["n-1"])
    server.says(zones(a=[instance("n-1")]))
    asked.again()
    server.says(answer)

    done = asked.again()

    assert done.error == f"gcp: Compute Engine could not reach {place}: what is there stays as it was"
    assert asked.told("maintenance_updates", "status") == [("scheduled",)]


@pytest.mark.parametrize("answer", [[], {}, {"other": 1}, {"items": {}, "nextPageToken": "again"}])
def test_what_is_no_listing_is_said(engine: Engine, server: Loopback, answer: Any) -> None:
    server.says(answer)

    done = Asked(engine, gcp(server)).again()

    assert done.how is How.FAILED
    assert "is no list" in done.error or "one that it gave already" in done.error


def block(name: str, ongoing: int = 0, pending: int = 0, **upcoming: Any) -> dict[str, Any]:
    window = {
        "type": "SCHEDULED", "maintenanceStatus": "PENDING", "windowStartTime": "2026-03-02T06:00:00Z",
        "windowEndTime": "2026-03-02T10:00:00Z", "maintenanceReasons": ["PLANNED_UPDATE"],
    }  # fmt: skip
    group = {"maintenanceOngoingCount": ongoing, "maintenancePendingCount": pending, "schedulingType": "GROUPED"}
    return {"name": name, "reservationMaintenance": group | {"upcomingGroupMaintenance": window | upcoming}}


def reservations(server: Loopback) -> Reservations:
    told = {"name": "gcp", "type": "gcp_reservations", "url": server.url, "project": "p-1"}
    return Reservations.model_validate(told | {"reservations": ["us-a/res-1"], "clusters": {"us-a/res-1": "g-1"}})


def test_a_block_tells_how_many_hosts_are_in_maintenance_and_not_which(engine: Engine, server: Loopback) -> None:
    """Its maintenance pends, goes on host by host, and vanishes when it is over; a page of others changes nothing."""
    asked = Asked(engine, reservations(server))
    steps = [
        block("b-1", 0, 12), block("b-1", 0, 12), block("b-1", 3, 9, maintenanceStatus="ONGOING"),
        block("b-1", 1, 0, maintenanceStatus="ONGOING"), {"name": "b-1", "reservationMaintenance": {}}, {"name": "b-1"},
    ]  # fmt: skip
    new = []
    for each in steps:

        def reply(handler: Handler, each: Any = each) -> None:
            first = "pageToken" not in server.asked[-1].params
            handler.send_json({"items": [{"name": "b-0"}], "nextPageToken": "2"} if first else {"items": [each, None]})

        server.reply = reply
        new.append(asked.again().new)

    assert new == [1, 0, 1, 1, 1, 0]
    assert {row[0] for row in asked.told("maintenance_updates", "maintenance_id")} == {
        "gcp:us-a/res-1/b-1@2026-03-02T06:00:00Z"
    }
    assert asked.told("maintenance_updates", "status", "cluster_id", "note") == [
        ("scheduled", "g-1", "hosts in maintenance: 0, to come: 12"),
        ("in_progress", "g-1", "hosts in maintenance: 3, to come: 9"),
        ("in_progress", "g-1", "hosts in maintenance: 1, to come: 0"),
        ("completed", "", "its block names it no longer"),
    ]
    assert server.asked[0].path == "/compute/v1/projects/p-1/zones/us-a/reservations/res-1/reservationBlocks"


def test_a_block_whose_hosts_go_one_by_one_has_counts_and_no_window(engine: Engine, server: Loopback) -> None:
    """It is under way while any of them is; called off where none ever was; moved where its window is another."""
    asked = Asked(engine, reservations(server))
    counts: dict[str, Any] = {"instanceMaintenancePendingCount": 4, "maintenanceOngoingCount": "x"}
    for group in (counts, counts | {"instanceMaintenanceOngoingCount": 2}, {}):
        server.says({"items": [{"name": "b-1", "reservationMaintenance": group}]})
        asked.again()
    for start in ("2026-03-03T06:00:00Z", "2026-03-04T06:00:00Z"):
        server.says({"items": [block("b-2", windowStartTime=start)]})
        asked.again()

    assert asked.told("maintenance_updates", "status", "note") == [
        ("scheduled", "instances in maintenance: 0, to come: 4"),
        ("in_progress", "instances in maintenance: 2, to come: 4"),
        ("completed", "its block names it no longer"), ("scheduled", ""), ("cancelled", "its block names it no longer"),
        ("scheduled", ""),
    ]  # fmt: skip


def test_a_reservation_out_of_reach_ends_no_maintenance(engine: Engine, server: Loopback) -> None:
    asked = Asked(engine, reservations(server))
    server.says({"items": [block("b-1")]})
    asked.again()
    server.says({"items": [], "unreachables": ["us-a"]})
    away = asked.again()
    server.says({"kind": "compute#reservationBlocksListResponse"})
    gone = asked.again()

    assert (away.new, gone.new) == (0, 1)
    assert "could not reach us-a" in away.error


def test_what_was_told_of_a_node_that_nobody_named_counts_once_it_is_named(engine: Engine, server: Loopback) -> None:
    """By whichever source, and as of when it was told: the provider has no reason to tell it again."""
    asked = Asked(engine, azure(server), ["n-1"])
    first = answers(server, asked, [event()], [event()])
    asked.now += timedelta(minutes=5)
    fleet = JsonApi.model_validate({"name": "fleet", "type": "json", "url": server.url, "facts": NODES})
    server.says([{"node_id": "n-2", "cluster_id": "c", "gpus": 8}, {"node_id": "n-3", "cluster_id": "c", "gpus": 8}])
    named = Asked(engine, fleet)
    named.now = asked.now
    done, idle = named.again(), named.again()

    assert (first, done.new, idle.new) == ([2, 0], 3, 0)
    assert asked.told("node_transitions", "node_id", "stage", "recorded_at") == [
        ("n-1", "scheduled", "2026-03-02T00:01:00Z"), ("n-2", "scheduled", "2026-03-02T00:01:00Z")
    ]  # fmt: skip
    with reading(engine) as connection:
        assert count_aside(connection) == 0
