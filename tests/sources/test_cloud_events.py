"""Maintenances as clouds announce them: every state they pass, and the one in which they are only gone."""

from typing import Any

import pytest
from sqlalchemy import Engine

from dashboard.jobs.collect import How
from dashboard.sources.azure import ScheduledEvents
from dashboard.sources.gcp import Gcp
from tests.sources.asked import Asked
from tests.sources.loopback import Handler, Loopback

UPDATES = ("maintenance_id", "status", "kind", "planned_start", "planned_end")
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


def gcp(server: Loopback) -> Gcp:
    return Gcp.model_validate({"name": "gcp", "type": "gcp", "url": server.url, "project": "p-1"})


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
    server.says(page())
    gone = asked.again()

    assert (away.new, gone.new) == (0, 1)
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
