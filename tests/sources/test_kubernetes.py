"""What a cluster's nodes say of themselves becomes stages, each once, and an uncordon by hand counts."""

from typing import Any

import pytest
from sqlalchemy import Engine

from dashboard.jobs.collect import How, register
from dashboard.sources.kubernetes import Kubernetes
from dashboard.sources.kubernetes_node import CORDON, SENTINEL
from tests.sources.asked import Asked
from tests.sources.loopback import Handler, Loopback

STAGES = ("node_id", "stage", "occurred_at")


def node(name: str, cordoned: bool = False, **rest: Any) -> dict[str, Any]:
    labels = {"topology/rack": "r1", "fleet/team": "vision"} | rest.get("labels", {})
    taints = rest.get("taints", []) + ([{"key": CORDON, "effect": "NoSchedule"}] if cordoned else [])
    spec = {"unschedulable": True} if cordoned else {}
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": spec | ({"taints": taints} if taints else {}),
        "status": {
            "capacity": {"cpu": "96", "nvidia.com/gpu": rest.get("gpus", "8")},
            "conditions": rest.get("conditions", [{"type": "Ready", "status": "True"}]),
        },
    }


def listed(*nodes: dict[str, Any], following: str = "") -> dict[str, Any]:
    return {"kind": "NodeList", "metadata": {"resourceVersion": "1", "continue": following}, "items": list(nodes)}


def kubernetes(server: Loopback, **options: Any) -> Kubernetes:
    told = {"name": "k8s", "type": "kubernetes", "url": server.url, "cluster": "c", "timeout": 5, "watch": False}
    labels = {"rack_label": "topology/rack", "team_label": "fleet/team"}
    return Kubernetes.model_validate(told | labels | options)


def test_the_fleet_comes_from_the_cluster(engine: Engine, server: Loopback) -> None:
    """Nodes with GPUs, their rack and team; a node without GPUs is none of ours, and costs no row."""
    asked = Asked(engine, kubernetes(server))
    server.says(listed(node("n-1"), node("cpu-1", gpus="0", cordoned=True), {"metadata": {}}))

    first, again = asked.again(), asked.again()

    assert asked.told("nodes", "node_id", "cluster_id", "rack", "gpus", "team_id") == [("n-1", "c", "r1", 8, "vision")]
    assert (first.new, first.set_aside, again.new) == (1, 0, 0)


def test_a_cordon_and_its_end_are_each_one_transition(engine: Engine, server: Loopback) -> None:
    """Seen first a minute in, over two polls later; the same again in between says nothing."""
    asked = Asked(engine, kubernetes(server))
    for cordoned in (False, True, True, False, False):
        server.says(listed(node("n-1", cordoned)))
        asked.again()

    assert asked.told("node_transitions", *STAGES) == [
        ("n-1", "cordoned", "2026-03-02T00:02:00Z"),
        ("n-1", "in_service", "2026-03-02T00:04:00Z"),
    ]
    assert asked.told("maintenance_updates", "maintenance_id", "status", "cluster_id") == [
        ("k8s:n-1@2026-03-02T00:02:00Z", "in_progress", "c"),
        ("k8s:n-1@2026-03-02T00:02:00Z", "completed", "c"),
    ]


def test_a_node_cordoned_again_is_in_another_maintenance(engine: Engine, server: Loopback) -> None:
    asked = Asked(engine, kubernetes(server))
    for cordoned in (True, False, True):
        server.says(listed(node("n-1", cordoned)))
        asked.again()

    assert len({row[0] for row in asked.told("node_transitions", "maintenance_id")}) == 2


@pytest.mark.parametrize(
    ("value", "stage"),
    [
        ("quarantined", "cordoned"),
        ("draining", "cordoned"),
        ("drain-succeeded", "drained"),
        ("drain-failed", "cordoned"),
        ("remediating", "repairing"),
        ("remediation-succeeded", "repairing"),
        ("remediation-failed", "repairing"),
        ("a word of next year", "cordoned"),
    ],
)
def test_every_state_of_nvsentinel_is_a_stage(engine: Engine, server: Loopback, value: str, stage: str) -> None:
    """A cordoned node stands where NVSentinel says; by a word that is new to us, it is cordoned."""
    asked = Asked(engine, kubernetes(server))
    server.says(listed(node("n-1", cordoned=True, labels={SENTINEL: value})))

    asked.again()

    assert asked.told("node_transitions", "stage") == [(stage,)]


def test_a_node_that_takes_work_is_in_service_whatever_is_written_on_it(engine: Engine, server: Loopback) -> None:
    asked = Asked(engine, kubernetes(server))
    server.says(listed(node("n-1", cordoned=True, labels={SENTINEL: "remediating"})))
    asked.again()
    server.says(listed(node("n-1", labels={SENTINEL: "remediating"})))
    asked.again()

    assert asked.told("node_transitions", "stage") == [("repairing",), ("in_service",)]


def test_the_fleets_own_taints_and_labels_are_stages_by_configuration(engine: Engine, server: Loopback) -> None:
    """The furthest stage that any of them says; the API server's stamp is when it began; the label names the id."""
    source = kubernetes(
        server,
        maintenance_label="fleet/change",
        taints={"fleet/phase=provider": "in_maintenance", "fleet/burn-in": "validating"},
        labels={"fleet/drained": "drained"},
    )
    asked = Asked(engine, source)
    change = {"fleet/change": "M-7", "fleet/drained": "yes"}
    stamped = {"key": "fleet/phase", "value": "provider", "timeAdded": "2026-03-01T20:00:00Z"}
    for taints in ([], [stamped], [{"key": "fleet/burn-in"}]):
        server.says(listed(node("n-1", cordoned=True, labels=change, taints=taints)))
        asked.again()

    assert asked.told("node_transitions", "maintenance_id", *STAGES) == [
        ("M-7", "n-1", "drained", "2026-03-02T00:01:00Z"),
        ("M-7", "n-1", "in_maintenance", "2026-03-02T00:02:00Z"),
        ("M-7", "n-1", "validating", "2026-03-02T00:03:00Z"),
    ]
    assert asked.told("maintenance_updates", "maintenance_id") == []


def test_the_stamp_of_a_taint_is_when_it_began(engine: Engine, server: Loopback) -> None:
    """Unless it cannot be: a stamp in the future counts as now."""
    asked = Asked(engine, kubernetes(server, taints={"fleet/phase": "in_maintenance"}))
    stamps = {"n-1": "2026-03-01T20:00:00Z", "n-2": "2031-01-01T00:00:00Z", "n-3": "yesterday"}
    server.says(listed(*(node(n, taints=[{"key": "fleet/phase", "timeAdded": at}]) for n, at in stamps.items())))

    asked.again()

    assert asked.told("node_transitions", *STAGES) == [
        ("n-1", "in_maintenance", "2026-03-01T20:00:00Z"),
        ("n-2", "in_maintenance", "2026-03-02T00:01:00Z"),
        ("n-3", "in_maintenance", "2026-03-02T00:01:00Z"),
    ]


def test_a_maintenance_that_is_named_later_takes_the_node_over(engine: Engine, server: Loopback) -> None:
    """First cordoned by nobody knows whom, then labelled: the node leaves the nameless one."""
    asked = Asked(engine, kubernetes(server, maintenance_label="fleet/change"))
    server.says(listed(node("n-1", cordoned=True)))
    asked.again()
    server.says(listed(node("n-1", cordoned=True, labels={"fleet/change": "M-7"})))
    asked.again()

    nameless = "k8s:n-1@2026-03-02T00:01:00Z"
    assert asked.told("node_transitions", "maintenance_id", "stage") == [(nameless, "cordoned"), ("M-7", "cordoned")]
    assert asked.told("maintenance_nodes", "maintenance_id", "removed") == [(nameless, True)]
    assert asked.told("maintenance_updates", "maintenance_id", "status")[-1] == (nameless, "cancelled")


def test_pages_are_followed_and_one_that_changes_costs_only_itself(engine: Engine, server: Loopback) -> None:
    pages = {"": listed(node("n-1"), following="two"), "two": listed(node("n-2"))}

    def reply(handler: Handler) -> None:
        handler.send_json(pages[server.asked[-1].params.get("continue", "")])

    server.reply = reply
    asked = Asked(engine, kubernetes(server))
    first, idle = asked.again(), asked.again()
    pages["two"] = listed(node("n-2", cordoned=True), node("n-3"))
    third = asked.again()

    assert (first.new, idle.new, third.new) == (2, 0, 3)
    assert server.asked[0].params == {"limit": "500"}


def test_reading_a_cluster_again_forgets_no_node_that_is_out(engine: Engine, server: Loopback) -> None:
    """Its stay stays the one it was: nothing of it comes twice, and it ends."""
    source = kubernetes(server)
    asked = Asked(engine, source)
    server.says(listed(node("n-1", cordoned=True)))
    asked.again()
    register(engine, [source], again=True)
    asked.again(minutes=10)
    server.says(listed(node("n-1")))
    asked.again()

    assert asked.told("node_transitions", "stage") == [("cordoned",), ("in_service",)]
    assert len(set(asked.told("node_transitions", "maintenance_id"))) == 1


def test_a_page_that_was_dropped_is_no_loss(engine: Engine, server: Loopback) -> None:
    """410 Gone in the middle of a listing: what came counts, and the next poll lists again."""

    def reply(handler: Handler) -> None:
        if "continue" in server.asked[-1].params:
            handler.send_body(410, b"{}")
        else:
            handler.send_json(listed(node("n-1", cordoned=True), following="two"))

    server.reply = reply
    asked = Asked(engine, kubernetes(server))
    gone = asked.again()
    server.says(listed(node("n-1", cordoned=True), node("n-2", cordoned=True)))
    again = asked.again()

    assert (gone.how, again.how) == (How.FAILED, How.DONE)
    assert "has dropped what was asked for (410)" in gone.error
    assert asked.told("node_transitions", "node_id") == [("n-1",), ("n-2",)]


@pytest.mark.parametrize("answer", [{"items": None}, {"kind": "Status"}, [1], "no", None])
def test_an_answer_that_lists_no_nodes_is_said(engine: Engine, server: Loopback, answer: Any) -> None:
    server.says(answer)

    assert "is the url that of an API server?" in Asked(engine, kubernetes(server)).again().error


def test_a_node_that_is_nonsense_costs_no_other(engine: Engine, server: Loopback) -> None:
    """Fields of any type, and none at all."""
    odd = {"metadata": {"name": ["x"], "labels": [1]}, "spec": {"taints": ["a", {"key": 1}]}, "status": {"capacity": 3}}
    server.says(listed(None, "x", {}, odd, node("n-1", cordoned=True, gpus="many"), node("n-2")))  # type: ignore[arg-type]

    done = Asked(engine, kubernetes(server)).again()

    assert done.how is How.DONE
    assert done.new >= 1
    assert done.set_aside == 2  # the nodes row, and the transition of a node that nobody names then
