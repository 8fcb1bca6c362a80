"""What Azure tells of planned maintenance, of updates to machines and of tickets, in the shapes of its answers."""

import json
import time
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine

from dashboard.jobs.collect import How
from dashboard.sources.azure_maintenance import Updates
from dashboard.sources.azure_service_health import ServiceHealth
from dashboard.sources.azure_support import Support
from dashboard.sources.microsoft import Azure
from dashboard.sources.seam import Secret
from tests.sources.asked import Asked
from tests.sources.faults import TOKEN, fail
from tests.sources.loopback import Handler, Loopback

VM = "/subscriptions/s-1/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/"
SCALED = (
    "/subscriptions/s-1/resourceGroups/g/providers/Microsoft.Compute/virtualMachineScaleSets/pool/virtualMachines/7"
)
UPDATES = ("maintenance_id", "status", "kind", "planned_start", "planned_end")
TICKETS = "/subscriptions/s-1/providers/Microsoft.Support/supportTickets"


def source(shape: type[Azure], server: Loopback, **options: Any) -> Azure:
    held = Secret(where="the environment variable THEIR_TOKEN", held=SecretStr(TOKEN))
    told = {"name": "az", "url": server.url, "subscriptions": ["s-1"], "token": held, "timeout": 5}
    return shape.model_validate(told | options)


def graph(server: Loopback, size: int = 1000, **tables: list[Any]) -> None:
    """Resource Graph, which answers a query on a table, or a type within it, in pages of this size."""

    def reply(handler: Handler) -> None:
        asked = json.loads(server.asked[-1].body)
        impacted = "impactedresources" in asked["query"]
        rows = tables.get("impacted" if impacted else "rows", [])
        start = int(asked["options"].get("$skipToken", 0))
        following = {"$skipToken": str(start + size)} if start + size < len(rows) else {}
        page = rows[start : start + size]
        said = {"totalRecords": len(rows), "count": len(page), "resultTruncated": "false", "data": page}
        handler.send_json(said | following)

    server.reply = reply


def event(**rest: Any) -> dict[str, Any]:
    """An event as Resource Graph has it: names begin large, instants are epochs or not."""
    said = {
        "EventType": "PlannedMaintenance", "Status": "Active", "TrackingId": "VT60-RC0", "Title": "Host updates",
        "Summary": "<p>Hosts in <b>East US</b> are <script>x()</script>updated.</p><ul><li>Reboot</li></ul>",
        "ImpactStartTime": 1772431200000, "ImpactMitigationTime": "2026-03-02T12:00:00.0000000Z",
        "LastUpdateTime": "2026-03-01T08:00:00Z", "EventSubType": "Reboot",
        "Impact": [{"ImpactedService": "Virtual Machines", "ImpactedRegions": [{"ImpactedRegion": "East US"}]}],
    } | rest  # fmt: skip
    path = f"/subscriptions/s-1/providers/Microsoft.ResourceHealth/events/{said['TrackingId']}"
    return {"id": path, "name": said["TrackingId"], "subscriptionId": "s-1", "properties": said}


def impacted(resource: str, tracking: str = "VT60-RC0") -> dict[str, Any]:
    """Their ids come in any case."""
    path = f"/subscriptions/s-1/providers/microsoft.resourcehealth/events/{tracking.lower()}/impactedresources/0b7"
    return {"id": path, "properties": {"targetResourceId": resource, "targetRegion": "eastus"}}


def health(server: Loopback, **options: Any) -> Azure:
    return source(ServiceHealth, server, **options)


def test_an_azure_event_is_announced_begins_by_the_clock_and_is_resolved(engine: Engine, server: Loopback) -> None:
    """Active from its announcement on; the machines that it names come and go; its words are plain text."""
    asked = Asked(engine, health(server, clusters={"East US": "az-1"}), ["gpu-1", "gpu-2", "pool_7"])
    one, both = [impacted(f"{VM}gpu-1"), impacted(SCALED)], [impacted(f"{VM}gpu-1"), impacted(f"{VM}gpu-2")]
    disk = impacted("/subscriptions/s-1/resourceGroups/g/providers/Microsoft.Sql/servers/x/databases/y")
    new = []
    for minutes, said, named in ((1, [event()], one), (1, [event()], [*one, disk]), (1, [event()], both),
                                 (360, [event()], both), (1, [event(Status="Resolved")], []), (1, [], [])):  # fmt: skip
        graph(server, rows=said, impacted=named)
        new.append(asked.again(minutes).new)

    window = ("reboot", "2026-03-02T06:00:00Z", "2026-03-02T12:00:00Z")
    assert new == [4, 0, 2, 1, 1, 0]
    assert asked.told("maintenance_updates", *UPDATES) == [
        ("az:VT60-RC0", "scheduled", *window), ("az:VT60-RC0", "in_progress", *window),
        ("az:VT60-RC0", "completed", *window),
    ]  # fmt: skip
    assert asked.told("maintenance_updates", "cluster_id", "provider_ref")[0] == ("az-1", "VT60-RC0")
    assert asked.told("maintenance_nodes", "node_id", "removed") == [
        ("gpu-1", False), ("pool_7", False), ("gpu-2", False), ("pool_7", True)
    ]  # fmt: skip
    (message,) = asked.told("provider_messages", "maintenance_id", "received_at", "subject", "body", "claimed_end")
    assert message == (
        "az:VT60-RC0", "2026-03-01T08:00:00Z", "Host updates", "Hosts in East US are updated.\n\n- Reboot",
        "2026-03-02T12:00:00Z",
    )  # fmt: skip
    request = server.asked[0]
    assert (request.method, request.path) == ("POST", "/providers/Microsoft.ResourceGraph/resources")
    assert (request.params, request.headers["authorization"]) == ({"api-version": "2022-10-01"}, f"Bearer {TOKEN}")


@pytest.mark.parametrize(
    ("first", "then", "status"),
    [
        ({}, {"Status": "Resolved"}, "cancelled"),
        ({}, None, "cancelled"),
        ({"ImpactStartTime": "2026-03-01T00:00:00Z"}, None, "completed"),
        ({"ImpactStartTime": None}, {"ImpactStartTime": None, "Status": "Resolved"}, "completed"),
        ({}, {"Status": "Pondered"}, ""),
        ({}, {"ImpactStartTime": "soon", "Title": "x"}, None),
    ],
)
def test_an_azure_event_ends_by_word_or_by_being_gone(
    engine: Engine, server: Loopback, first: Any, then: Any, status: str | None
) -> None:
    """What is over before it began was called off; a new word changes nothing; a bad instant costs its row."""
    asked = Asked(engine, health(server))
    graph(server, rows=[event(**first)])
    asked.again()
    graph(server, rows=[] if then is None else [event(**then)])
    last = asked.again()

    told = [row[0] for row in asked.told("maintenance_updates", "status")]
    assert told[-1] == (status if status is not None else "scheduled")
    assert last.set_aside == (status is None)


def test_an_event_of_several_subscriptions_is_one_maintenance(engine: Engine, server: Loopback) -> None:
    """In whatever order they come, the last word on it counts; small letters at the Events interface, too."""
    older, newer = event(Title="Old"), event(Title="New", LastUpdateTime="2026-03-01T09:00:00Z")
    other = {"properties": {"eventType": "PlannedMaintenance", "status": "Active", "title": "Other"}, "name": "X1"}
    issue = event(EventType="ServiceIssue", TrackingId="Y")
    asked = Asked(engine, health(server, services=["virtual machines"]))
    for rows in ([newer, older, other, issue], [older, newer]):
        graph(server, rows=[*rows, None, {"properties": 7}, event(TrackingId="")])
        asked.again()

    assert asked.told("maintenance_updates", "maintenance_id", "title") == [("az:VT60-RC0", "New")]


def test_pages_of_resource_graph_are_one_listing(engine: Engine, server: Loopback) -> None:
    """What is on the last page has not vanished; a failure between pages changes nothing."""
    events = [event(TrackingId=f"T-{i}") for i in range(5)]
    asked = Asked(engine, health(server))
    graph(server, 2, rows=events)
    first, again = asked.again(), asked.again()
    whole = server.reply
    server.reply = lambda h: h.send_body(503, b"") if b"skipToken" in server.asked[-1].body else whole(h)
    broken = asked.again()
    graph(server, 2, rows=events)

    assert (first.new, again.new, broken.how, asked.again(10).new) == (10, 0, How.FAILED, 0)


def test_what_cannot_be_all_of_it_is_said(engine: Engine, server: Loopback) -> None:
    """An answer that was cut, and one that leads in circles; neither ends a maintenance."""
    asked = Asked(engine, health(server))
    graph(server, rows=[event()])
    asked.again()
    server.says({"data": [], "resultTruncated": "true"})
    cut = asked.again()
    server.says({"data": [], "$skipToken": "1"})
    circles = asked.again()

    assert "Resource Graph cut its answer: name fewer subscriptions" in cut.error
    assert "its next page is one that it gave already" in circles.error
    assert asked.told("maintenance_updates", "status") == [("scheduled",)]


def test_azure_is_left_alone_for_as_long_as_it_asks(
    engine: Engine, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused, until it says; between pages, for the seconds in which its quota comes back."""
    rested: list[float] = []
    monkeypatch.setattr(time, "sleep", rested.append)
    asked = Asked(engine, health(server))
    server.fails(429, Retry_After="700")
    by_seconds = asked.again()
    server.fails(429, x_ms_user_quota_resets_after="00:12:00")
    by_clock = asked.again()
    quota = {"x_ms_user_quota_remaining": "0", "x_ms_user_quota_resets_after": "00:00:04"}
    following = {"$skipToken": "1"}
    server.reply = lambda h: h.send_json({"data": []} | (following if len(server.asked) == 3 else {}), **quota)
    done = asked.again()

    assert (by_seconds.due_at - asked.now).total_seconds() == 700 - 120
    assert (by_clock.due_at - asked.now).total_seconds() == 720 - 60
    assert (done.how, rested) == (How.DONE, [4])


def update(status: str, **rest: Any) -> dict[str, Any]:
    return {
        "maintenanceScope": "Host", "impactType": "Restart", "status": status, "impactDurationInSec": 1800,
        "notBefore": "2026-03-02T06:00:00Z",
    } | rest  # fmt: skip


def updates(machine: str, *some: dict[str, Any]) -> dict[str, Any]:
    """A machine's updates as Resource Graph has them."""
    path = f"{VM}{machine}"
    return {"id": f"{path}/providers/Microsoft.Maintenance/updates/default", "properties": {"value": list(some)}}


def maintenance(server: Loopback, **options: Any) -> Azure:
    return source(Updates, server, **options)


def test_an_azure_update_is_pending_runs_and_completes(engine: Engine, server: Loopback) -> None:
    """What has begun names no start any more; it may stay listed when it is done, and then vanish."""
    asked = Asked(engine, maintenance(server), ["gpu-1"])
    steps = ["Pending", "Pending", "InProgress", "InProgress", "Completed", "Completed", None]
    new = []
    for status in steps:
        start = "2026-03-02T06:00:00Z" if status == "Pending" else None
        graph(server, rows=[updates("gpu-1", update(status, notBefore=start))] if status else [])
        new.append(asked.again().new)

    window = ("restart", "2026-03-02T06:00:00Z", "2026-03-02T06:30:00Z")
    named = "az:gpu-1@2026-03-02T06:00:00Z"
    assert new == [2, 0, 2, 0, 2, 0, 0]
    assert asked.told("maintenance_updates", *UPDATES) == [
        (named, "confirmed", *window), (named, "in_progress", *window), (named, "completed", *window)
    ]  # fmt: skip
    assert asked.told("node_transitions", "stage", "occurred_at") == [
        ("scheduled", "2026-03-02T00:01:00Z"), ("in_maintenance", "2026-03-02T00:03:00Z"),
        ("returned", "2026-03-02T00:05:00Z"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("steps", "status", "stages"),
    [
        ([["Pending"], []], "cancelled", ["scheduled"]),
        ([["InProgress"], []], "completed", ["in_maintenance", "returned"]),
        ([["InProgress"], ["RetryNow"]], "confirmed", ["in_maintenance", "returned"]),
        ([["InProgress"], ["RetryLater"]], "deferred", ["in_maintenance", "returned"]),
        ([["Pending"], ["Completed"]], "completed", ["scheduled"]),
        ([["Completed"], []], "completed", []),
        ([["Pending", "InProgress"]], "in_progress", ["in_maintenance"]),
        ([["Pending"], ["Pondered"]], "", ["scheduled"]),
    ],
)
def test_every_way_in_which_an_azure_update_goes(
    engine: Engine, server: Loopback, steps: list[list[str]], status: str, stages: list[str]
) -> None:
    asked = Asked(engine, maintenance(server), ["gpu-1"])
    for words in steps:
        graph(server, rows=[updates("gpu-1", *map(update, words))] if words else [])
        asked.again()

    assert asked.told("maintenance_updates", "status")[-1] == (status,)
    assert [row[0] for row in asked.told("node_transitions", "stage")] == stages


def test_updates_of_one_notification_are_one_maintenance(engine: Engine, server: Loopback) -> None:
    """It is over when the last machine is; one that is named no more before it began leaves it."""
    asked = Asked(engine, maintenance(server), ["gpu-1", "gpu-2", "gpu-3"])
    for words in (["Pending", "Pending", "Pending"], ["InProgress", "Pending", "Pending"], ["Completed", "RetryNow"],
                  ["Completed", "Completed"]):  # fmt: skip
        graph(server, rows=[updates(f"gpu-{i}", update(word, notificationId="PYN_-ZL8", impactDurationInSec=-1))
                            for i, word in enumerate(words, 1)])  # fmt: skip
        asked.again()

    assert asked.told("maintenance_updates", "maintenance_id", "status", "planned_end", "provider_ref") == [
        ("az:PYN_-ZL8", status, None, "PYN_-ZL8") for status in ("confirmed", "in_progress", "in_progress", "completed")
    ]
    assert asked.told("maintenance_updates", "title", "note")[2] == (
        "2 machines: host update", "a try on gpu-2 failed and may be tried again now"
    )  # fmt: skip
    assert asked.told("maintenance_nodes", "node_id", "removed") == [("gpu-3", True)]


def test_what_has_no_impact_takes_no_machine_out(engine: Engine, server: Loopback) -> None:
    asked = Asked(engine, maintenance(server), ["gpu-1"])
    for word in ("Pending", "InProgress", "Completed"):
        graph(server, rows=[updates("gpu-1", update(word, impactType="None"))])
        asked.again()

    assert [row[0] for row in asked.told("maintenance_updates", "status")] == ["confirmed", "in_progress", "completed"]
    assert asked.told("node_transitions", "stage") == [("scheduled",)]


def test_machines_may_be_asked_one_by_one(engine: Engine, server: Loopback) -> None:
    """By the interface of each resource, page by page; by their whole ids where the fleet has these."""
    asked = Asked(engine, maintenance(server, resources=[f"{VM}gpu-1"], node="resource_id"), [f"{VM}gpu-1"])
    nonsense = [7, {"status": "Pending", "notBefore": "2026-03-03T00:00:00Z", "impactDurationInSec": "x"}]

    def reply(handler: Handler) -> None:
        more = {} if "page" in server.asked[-1].params else {"nextLink": f"{server.url}/x?page=2"}
        handler.send_json({"value": nonsense if "page" in server.asked[-1].params else [update("Pending")], **more})

    server.reply = reply
    done = asked.again()

    assert (done.how, done.new) == (How.DONE, 4)
    first = server.asked[0]
    assert first.path == f"{VM}gpu-1/providers/Microsoft.Maintenance/updates"
    assert first.params == {"api-version": "2023-04-01"}


def ticket(number: int, **rest: Any) -> dict[str, Any]:
    said = {
        "supportTicketId": f"26030{number}", "title": "gpu-1 does not boot", "severity": "Critical", "status": "Open",
        "createdDate": "2026-03-01T10:00:00Z", "modifiedDate": "2026-03-01T10:00:00Z",
        "serviceLevelAgreement": {"startTime": "2026-03-01T10:00:00Z", "expirationTime": "2026-03-01T11:00:00Z",
                                  "slaMinutes": 60},
        "technicalTicketDetails": {"resourceId": f"{VM}gpu-1"},
    } | rest  # fmt: skip
    return {"id": f"{TICKETS}/t-{number}", "name": f"t-{number}", "properties": said}


def written(body: str, at: str = "2026-03-01T10:30:00Z") -> dict[str, Any]:
    return {"name": "c", "properties": {"sender": "engineer@example.com", "subject": "Re: boot", "body": body,
                                        "createdDate": at, "communicationDirection": "inbound"}}  # fmt: skip


def desk(server: Loopback, pages: list[list[Any]], letters: list[Any]) -> None:
    """The tickets in pages, and what is written in each."""

    def reply(handler: Handler) -> None:
        if server.asked[-1].path.endswith("/communications"):
            handler.send_json({"value": letters})
            return
        number = int(server.asked[-1].params.get("page", 0))
        link = f"{server.url}{TICKETS}?api-version=2024-04-01&page={number + 1}"
        handler.send_json({"value": pages[number]} | ({"nextLink": link} if number + 1 < len(pages) else {}))

    server.reply = reply


def test_an_azure_ticket_is_opened_answered_updated_and_closed(engine: Engine, server: Loopback) -> None:
    """Their clock's end is when an answer is due; while it is Updating it stays what it was."""
    asked = Asked(engine, source(Support, server, node="name"), ["gpu-1"])
    first, second = written("<p>Please <b>wait</b></p>"), written("Replaced", "2026-03-02T00:02:30Z")
    new = []
    for status, letters in (("Open", [first]), ("Open", [first]), ("Updating", [first]), ("Open", [first, second]),
                            ("Closed", [first, second])):  # fmt: skip
        desk(server, [[ticket(1, status=status)]], letters)
        new.append(asked.again().new)
    desk(server, [[]], [])
    new.append(asked.again().new)

    assert new == [2, 0, 1, 2, 1, 0]
    assert asked.told("support_cases", "case_id", "node_id", "status", "severity", "response_due_at", "note") == [
        ("az:260301", "gpu-1", status, "critical", "2026-03-01T11:00:00Z", note)
        for status, note in (
            ("open", "gpu-1 does not boot"),
            ("", "gpu-1 does not boot (their word for its state: Updating)"),
            ("open", "gpu-1 does not boot"),
            ("closed", "gpu-1 does not boot"),
        )
    ]
    assert asked.told("provider_messages", "received_at", "subject", "body") == [
        ("2026-03-01T10:30:00Z", "Ticket 260301: Re: boot", "Please wait"),
        ("2026-03-02T00:02:30Z", "Ticket 260301: Re: boot", "Replaced"),
    ]


def test_pages_of_tickets_are_one_listing_and_one_that_is_nonsense_costs_no_other(
    engine: Engine, server: Loopback
) -> None:
    bad: list[Any] = [None, {}, {"name": "t-9", "properties": []}, ticket(8, createdDate="soon")]
    asked = Asked(engine, source(Support, server, messages=False))
    desk(server, [[ticket(2), *bad], [ticket(1)]], [])
    done, again = asked.again(), asked.again()

    assert (done.new, done.set_aside, again.new, again.set_aside) == (3, 2, 0, 0)
    assert [row[0] for row in asked.told("support_cases", "node_id")] == ["", "", ""]
    assert asked.anew().new == 0


def test_a_link_to_elsewhere_is_not_followed(engine: Engine, server: Loopback) -> None:
    server.says({"value": [], "nextLink": "https://elsewhere.example.com/tickets"})

    failed = Asked(engine, source(Support, server)).again()

    assert "points to https://elsewhere.example.com:443, and only the configured host is asked" in failed.error


@pytest.mark.parametrize("shape", [ServiceHealth, Updates, Support])
@pytest.mark.parametrize("name", ["401", "429", "other JSON", "redirect elsewhere", "HTML"])
def test_a_fault_of_azure_is_one_sentence_and_it_recovers(
    engine: Engine, server: Loopback, name: str, shape: type[Azure]
) -> None:
    asked = Asked(engine, source(shape, server))
    words = fail(server, name)
    if name == "other JSON":
        words = "its answer has no list"
    if name.startswith("redirect") and shape is not Support:
        words = "and only the configured host is asked"

    failed = asked.again()
    server.says({"data": [], "value": []})

    assert failed.how is How.FAILED
    assert words in failed.error
    assert TOKEN not in failed.error
    assert asked.again(600).how is How.DONE
