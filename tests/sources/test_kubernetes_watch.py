"""A cluster is listed once and watched from then on: what happens is told at once, and nothing twice."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, event

from dashboard.jobs.collect import How
from dashboard.sources.kubernetes import Kubernetes
from tests.sources.asked import START, Asked
from tests.sources.loopback import Handler, Loopback
from tests.sources.test_kubernetes import node

MOVES = ("node_id", "stage", "occurred_at", "source_ref")


class ApiServer:
    """Lists and watches as an API server does: each change has a version, and from each version it can go on."""

    def __init__(self, server: Loopback) -> None:
        self.nodes: dict[str, dict[str, Any]] = {}
        self.events: list[tuple[int, str, dict[str, Any]]] = []
        self.version, self.oldest = 10, 0
        self.refuses = 0
        self.calls: list[str] = []
        self.more = threading.Event()  # a watch goes on until it is set
        self.more.set()
        server.reply = self._reply

    def put(self, name: str, *, uid: str = "u-1", **rest: Any) -> None:
        found = node(name, **rest)
        self._happen("MODIFIED" if name in self.nodes else "ADDED", found, uid)
        self.nodes[name] = found

    def drop(self, name: str) -> None:
        found = self.nodes.pop(name)
        self._happen("DELETED", found, found["metadata"]["uid"])

    def _happen(self, kind: str, found: dict[str, Any], uid: str) -> None:
        self.version += 1
        found["metadata"] |= {"uid": uid, "resourceVersion": str(self.version)}
        self.events.append((self.version, kind, json.loads(json.dumps(found))))

    def _reply(self, handler: Handler) -> None:
        params = handler.loopback.asked[-1].params
        if "watch" not in params:
            self.calls.append("list")
            version = {"resourceVersion": str(self.version)}
            handler.send_json({"metadata": version, "items": list(self.nodes.values())})
            return
        self.calls.append(f"watch {params['resourceVersion']}")
        assert params["allowWatchBookmarks"] == "true"
        if self.refuses:
            handler.send_body(self.refuses, b"{}")
            return
        if int(params["resourceVersion"]) < self.oldest:
            self._begin(handler)
            self._line(handler, "ERROR", {"kind": "Status", "code": 410, "message": "too old resource version"})
        else:
            self._watch(handler, int(params["resourceVersion"]))
        handler.wfile.write(b"0\r\n\r\n")

    def _watch(self, handler: Handler, since: int) -> None:
        self._begin(handler)
        for version, kind, found in self.events:
            if version > since:
                self._line(handler, kind, found)
        self.more.wait(20)
        self._line(handler, "BOOKMARK", {"kind": "Node", "metadata": {"resourceVersion": str(self.version)}})

    def _begin(self, handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()

    def _line(self, handler: Handler, kind: str, found: dict[str, Any]) -> None:
        text = json.dumps({"type": kind, "object": found}).encode() + b"\n"
        handler.wfile.write(f"{len(text):x}\r\n".encode() + text + b"\r\n")
        handler.wfile.flush()


@pytest.fixture
def api(server: Loopback) -> Iterator[ApiServer]:
    found = ApiServer(server)
    yield found
    found.more.set()


def kubernetes(server: Loopback, **options: Any) -> Kubernetes:
    told = {"name": "k8s", "type": "kubernetes", "url": server.url, "cluster": "c"}
    labels = {"rack_label": "topology/rack", "team_label": "fleet/team"}
    return Kubernetes.model_validate(told | labels | options)


def test_what_happens_is_told_by_the_watch_and_nothing_is_listed_twice(
    engine: Engine, server: Loopback, api: ApiServer
) -> None:
    """A node that comes, a cordon, an uncordon by hand; each watch goes on where the last one ended."""
    asked = Asked(engine, kubernetes(server))
    api.put("n-1")
    dues = [asked.again().due_at]
    api.put("n-1", cordoned=True)
    api.put("n-2")
    dues.append(asked.again().due_at)
    api.put("n-1")
    asked.again()

    assert api.calls == ["list", "watch 11", "watch 13"]
    assert asked.told("nodes", "node_id") == [("n-1",), ("n-2",)]
    assert asked.told("node_transitions", *MOVES[:3]) == [
        ("n-1", "cordoned", "2026-03-02T00:02:00Z"),
        ("n-1", "in_service", "2026-03-02T00:03:00Z"),
    ]
    assert [(at - START).total_seconds() for at in dues] == [60, 120]  # a watch is followed by the next one at once


def test_an_event_is_told_while_the_watch_goes_on(server: Loopback, api: ApiServer) -> None:
    """Nobody waits for the end of the watch."""
    source = kubernetes(server)
    api.put("n-1")
    *_, first = source.poll(None, START)
    api.more.clear()
    api.put("n-1", cordoned=True)

    batches = source.poll(first.cursor, START)
    told = next(batches)
    still_open = not api.more.is_set()
    api.more.set()
    rest = list(batches)

    assert [row[2] for row in told.facts["node_transitions"]] == ["cordoned"]
    assert still_open
    assert [(each.facts, each.lasting) for each in rest] == [({}, False)]


def test_a_watch_in_which_nothing_happens_writes_nothing(engine: Engine, server: Loopback, api: ApiServer) -> None:
    """Heartbeats and bookmarks move the version on, which this worker remembers, and leaves behind when it stops."""
    asked = Asked(engine, kubernetes(server))
    api.put("n-1")
    asked.again(0)
    writes: list[str] = []
    event.listen(
        engine,
        "before_cursor_execute",
        lambda *args: writes.append(args[2]) if args[2].split()[0] in ("INSERT", "UPDATE", "DELETE") else None,
    )

    for _ in range(5):
        api.put("n-1")
        asked.again(0)
    idle = list(writes)
    asked.let_go()
    asked.again()

    assert idle == []
    assert api.calls[-2:] == ["watch 15", "watch 16"]


@pytest.mark.parametrize("how", ["event", "status"])
def test_a_version_that_is_too_old_is_listed_again(engine: Engine, server: Loopback, api: ApiServer, how: str) -> None:
    """410 Gone, as an event or as a status: within the same poll, and what changed meanwhile is told."""
    asked = Asked(engine, kubernetes(server))
    api.put("n-1", cordoned=True)
    asked.again()
    api.put("n-1")
    api.put("n-2", cordoned=True)
    api.oldest, api.refuses = (99, 0) if how == "event" else (0, 410)

    done = asked.again()

    assert (done.how, api.calls) == (How.DONE, ["list", "watch 11", "list"])
    assert asked.told("node_transitions", *MOVES[:2]) == [
        ("n-1", "cordoned"),
        ("n-1", "in_service"),
        ("n-2", "cordoned"),
    ]


def test_whoever_may_not_watch_lists_at_each_interval(engine: Engine, server: Loopback, api: ApiServer) -> None:
    """Until it is granted: then it is watched without anybody's doing."""
    asked = Asked(engine, kubernetes(server, interval="90s"))
    api.put("n-1")
    api.refuses = 403
    asked.again()
    api.put("n-1", cordoned=True)
    refused = asked.again()
    api.refuses = 0
    granted = asked.again()

    assert (refused.how, refused.new > 0) == (How.DONE, True)
    assert (refused.due_at - asked.now).total_seconds() == 30
    assert (granted.due_at - asked.now).total_seconds() == 0
    assert api.calls == ["list", "watch 11", "list", "watch 12"]


def test_what_is_no_watch_is_listed(engine: Engine, server: Loopback) -> None:
    """A proxy that knows no watch, and answers it with the list."""
    asked = Asked(engine, kubernetes(server))
    for cordoned in (False, True):
        server.says({"metadata": {"resourceVersion": "1"}, "items": [node("n-1", cordoned=cordoned)]})
        done = asked.again()

    assert (done.how, asked.told("node_transitions", "stage")) == (How.DONE, [("cordoned",)])


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b'{"type": "MODIFIED", "obj', "its watch broke off in the middle of an event"),
        (
            b'{"type": "ERROR", "object": {"code": 500, "message": "etcd\\nis away"}}\n',
            "its watch fails (etcd is away)",
        ),
    ],
)
def test_a_watch_that_fails_is_said_and_goes_on_where_it_was(
    engine: Engine, server: Loopback, api: ApiServer, line: bytes, words: str
) -> None:
    asked = Asked(engine, kubernetes(server))
    api.put("n-1")
    asked.again()
    answers = server.reply
    server.reply = lambda handler: handler.send_body(200, line)
    failed = asked.again()
    server.reply = answers
    api.put("n-1", cordoned=True)
    done = asked.again()

    assert words in failed.error
    assert (done.how, api.calls[-1]) == (How.DONE, "watch 11")
    assert asked.told("node_transitions", "stage") == [("cordoned",)]


def test_a_node_that_was_replaced_is_said(engine: Engine, server: Loopback, api: ApiServer) -> None:
    """Another uid under the same name: once while it is still out, once as it comes back."""
    asked = Asked(engine, kubernetes(server))
    api.put("n-1", cordoned=True)
    api.put("n-2", cordoned=True)
    asked.again()
    api.put("n-1", cordoned=True, uid="u-2")
    api.put("n-2", uid="u-3")
    asked.again()
    idle = asked.again()

    assert asked.told("node_transitions", *MOVES) == [
        ("n-1", "cordoned", "2026-03-02T00:01:00Z", ""),
        ("n-2", "cordoned", "2026-03-02T00:01:00Z", ""),
        ("n-1", "cordoned", "2026-03-02T00:02:00Z", "replaced, its uid is u-2 now"),
        ("n-2", "in_service", "2026-03-02T00:02:00Z", "replaced, its uid is u-3 now"),
    ]
    assert idle.new == 0


@pytest.mark.parametrize("watch", [True, False])
def test_a_node_that_is_deleted_is_what_the_configuration_says(
    engine: Engine, server: Loopback, api: ApiServer, watch: bool
) -> None:
    """Else one that is out stays where it was: it may be on its way back."""
    asked = Asked(engine, kubernetes(server, gone="removed", watch=watch))
    kept = Asked(engine, kubernetes(server, name="other", watch=watch))
    api.put("n-1", cordoned=True)
    asked.again()
    kept.again()
    api.drop("n-1")
    asked.again()
    kept.again()
    asked.again()

    found = asked.told("node_transitions", "maintenance_id", "stage")
    assert [stage for name, stage in found if name.startswith("k8s")] == ["cordoned", "removed"]
    assert [stage for name, stage in found if name.startswith("other")] == ["cordoned"]


def test_conditions_are_stages_or_notes_by_configuration(engine: Engine, server: Loopback, api: ApiServer) -> None:
    """Announced, then out and why; one that is not true, or not configured, says nothing."""
    meant = {
        "VMEventScheduled": "scheduled",
        "Ready=Unknown": "repairing",
        "GpuXid": "note",
        "KernelDeadlock": "drained",
    }
    asked = Asked(engine, kubernetes(server, conditions=meant))
    at = "2026-03-01T23:00:00Z"
    event_ = {"type": "VMEventScheduled", "status": "True", "message": "Freeze", "lastTransitionTime": at}
    fine = [{"type": "KernelDeadlock", "status": "False"}, {"type": "Other", "status": "True"}, "x", {"type": 3}]
    xid = {"type": "GpuXid", "status": "True", "reason": "Xid79"}
    dark = {"type": "Ready", "status": "Unknown", "lastTransitionTime": at}
    api.put("n-1", conditions=[event_, *fine])
    api.put("n-2", conditions=[event_])
    asked.again()
    api.put("n-1", cordoned=True, conditions=[event_, xid])
    api.put("n-2", conditions=[])
    api.put("n-3", conditions=[dark, xid])
    asked.again()

    assert asked.told("node_transitions", *MOVES[:3]) == [
        ("n-1", "scheduled", at),
        ("n-2", "scheduled", at),
        ("n-1", "cordoned", "2026-03-02T00:02:00Z"),
        ("n-3", "repairing", at),
    ]
    assert asked.told("maintenance_updates", "status", "note") == [
        ("scheduled", "condition VMEventScheduled: Freeze"),
        ("scheduled", "condition VMEventScheduled: Freeze"),
        ("in_progress", "cordoned; condition GpuXid: Xid79"),
        ("cancelled", ""),
        ("in_progress", "condition Ready; condition GpuXid: Xid79"),
    ]
