"""What Slurm says of its nodes becomes stages, and its MAINT reservations maintenances, in every shape it had."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from getpass import getuser
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine

from dashboard.jobs.collect import How
from dashboard.sources.seam import Secret
from dashboard.sources.slurm import Slurm
from tests.sources.asked import START, Asked
from tests.sources.loopback import Handler, Loopback
from tests.sources.slurm_cluster import VERSION, Cluster, slurm

STAGES = ("node_id", "stage", "occurred_at")
UPDATES = ("maintenance_id", "status", "planned_start", "planned_end", "title")
TICKET = r"\bCHG-\d+"


def seconds(minutes: float) -> int:
    """So many minutes after the start, as Slurm has it."""
    return int((START + timedelta(minutes=minutes)).timestamp())


def old(name: str, *states: str, reason: str = "", at: int = 0, gres: str = "gpu:h100:8") -> dict[str, Any]:
    """A node as v0.0.38 has it."""
    said = {"state": states[0].lower(), "state_flags": list(states[1:]), "reason_set_by_user": "root"}
    return {"name": name, "gres": gres, "reason": reason, "reason_changed_at": at} | said


def new(name: str, *states: str, reason: str = "", at: int = 0, gres: str = "gpu:h100:8(S:0-1)") -> dict[str, Any]:
    """The same as later versions have it."""
    changed = {"set": True, "infinite": False, "number": at}
    return {"name": name, "gres": gres, "state": list(states), "reason": reason, "reason_changed_at": changed}


def reserved(name: str, start: Any, end: Any, nodes: str, *flags: str) -> dict[str, Any]:
    given = list(flags) or ["MAINT", "IGNORE_JOBS", "SPEC_NODES"]
    return {"name": name, "start_time": start, "end_time": end, "node_list": nodes, "flags": given}


class Told(Asked):
    """A cluster that answers as a test says."""

    def __init__(self, engine: Engine, server: Loopback, **options: Any) -> None:
        given = {"name": "slurm", "type": "slurm", "url": server.url, "cluster": "c", "user": "root", "timeout": 5}
        super().__init__(engine, Slurm.model_validate(given | options))
        self.nodes: list[Any] = []
        self.reservations: list[Any] = []
        server.reply = self._reply

    def look(self, *nodes: Any, reservations: Any = None, minutes: float = 1) -> Any:
        """Asks again, after the cluster has come to look like this."""
        self.nodes = list(nodes)
        self.reservations = self.reservations if reservations is None else reservations
        return self.again(minutes)

    def _reply(self, handler: Handler) -> None:
        what = handler.path.rsplit("/", 1)[-1]
        handler.send_json({"errors": [], what: getattr(self, what)})


STATES: dict[tuple[str, ...], str] = {
    ("IDLE",): "",
    ("ALLOCATED",): "",
    ("MIXED", "PLANNED"): "",
    ("IDLE", "NOT_RESPONDING"): "",
    ("IDLE", "CLOUD", "POWERED_DOWN"): "",
    ("IDLE", "DRAIN"): "drained",
    ("IDLE", "DRAIN", "NOT_RESPONDING"): "drained",
    ("UNKNOWN", "DRAIN"): "drained",
    ("ALLOCATED", "DRAIN"): "cordoned",
    ("MIXED", "DRAIN"): "cordoned",
    ("IDLE", "DRAIN", "COMPLETING"): "cordoned",
    ("DOWN",): "repairing",
    ("DOWN", "DRAIN"): "repairing",
    ("IDLE", "FAIL"): "repairing",
    ("ERROR",): "repairing",
    ("IDLE", "MAINTENANCE", "RESERVED"): "in_maintenance",
    ("DOWN", "MAINTENANCE"): "in_maintenance",
    ("ALLOCATED", "MAINTENANCE"): "in_maintenance",
    ("FUTURE",): "",
    ("UNKNOWN",): "",
    ("A_WORD_OF_NEXT_YEAR",): "",
    ("IDLE", "A_WORD_OF_NEXT_YEAR"): "",
}


@pytest.mark.parametrize("node", [old, new])
def test_every_state_is_a_stage(engine: Engine, server: Loopback, node: Callable[..., Any]) -> None:
    """Whatever the state, no row fails; one that says nothing of where a node stands leaves it where it was."""
    told = Told(engine, server)
    names = {"+".join(states): states for states in STATES}

    done = told.look(*(node(name, *states) for name, states in names.items()))

    assert (done.how, done.set_aside) == (How.DONE, 0)
    found = dict(told.told("node_transitions", "node_id", "stage"))
    assert {name: found.get(name, "") for name in names} == {name: STATES[states] for name, states in names.items()}
    assert set(told.told("nodes", "node_id", "cluster_id", "gpus")) == {(name, "c", 8) for name in names}


@pytest.mark.parametrize("node", [old, new])
def test_a_drain_and_its_end_are_each_one_transition(
    engine: Engine, server: Loopback, node: Callable[..., Any]
) -> None:
    """From when its reason was given, with the reason; the jobs end a minute later; then it is resumed by hand."""
    told = Told(engine, server)
    reason = {"reason": "fans <b>\n\x00", "at": seconds(0.5)}
    told.look(node("n-1", "MIXED", "DRAIN", **reason))
    told.look(node("n-1", "MIXED", "DRAIN", **reason))
    told.look(node("n-1", "IDLE", "DRAIN", **reason))
    told.look(node("n-1", "UNKNOWN"))
    told.look(node("n-1", "IDLE"))
    idle = told.look(node("n-1", "ALLOCATED"))

    assert told.told("node_transitions", *STAGES, "source_ref") == [
        ("n-1", "cordoned", "2026-03-02T00:00:30Z", "fans <b>"),
        ("n-1", "drained", "2026-03-02T00:03:00Z", "fans <b>"),
        ("n-1", "in_service", "2026-03-02T00:05:00Z", ""),
    ]
    assert told.told("maintenance_updates", "maintenance_id", "status", "note", "cluster_id") == [
        ("slurm:n-1@2026-03-02T00:00:30Z", "in_progress", "fans <b>", "c"),
        ("slurm:n-1@2026-03-02T00:00:30Z", "completed", "", "c"),
    ]
    assert idle.new == 0


@pytest.mark.parametrize(
    ("node", "at"), [(old, seconds), (new, lambda m: {"set": True, "infinite": False, "number": seconds(m)})]
)
def test_a_reservation_is_a_maintenance_from_plan_to_last_node(
    engine: Engine, server: Loopback, node: Callable[..., Any], at: Callable[[float], Any]
) -> None:
    """Planned, moved, one node fewer, begun, over; a node that stays drained is handed back and not yet taken over."""
    told = Told(engine, server, provider="nimbus")
    idle = [node(f"n-{i}", "IDLE") for i in (1, 2, 3)] + [node("cpu-1", "IDLE", gres="")]
    told.look(*idle, reservations=[reserved("fw", at(60), at(120), "n-[1-3],cpu-1")])
    told.look(*idle, reservations=[reserved("fw", at(90), at(150), "n-[1-2]")])
    maint = [node(f"n-{i}", "IDLE", "MAINTENANCE") for i in (1, 2)] + [node("n-3", "IDLE")]
    told.look(*maint, minutes=90)
    told.look(node("n-1", "IDLE", "DRAIN"), *idle[1:], reservations=[], minutes=30)
    told.look(*idle)

    name = "slurm:fw@2026-03-02T01:00:00Z"
    assert told.told("maintenance_updates", *UPDATES) == [
        (name, "scheduled", "2026-03-02T01:00:00Z", "2026-03-02T02:00:00Z", "fw"),
        (name, "scheduled", "2026-03-02T01:30:00Z", "2026-03-02T02:30:00Z", "fw"),
        (name, "in_progress", "2026-03-02T01:30:00Z", "2026-03-02T02:30:00Z", "fw"),
        (name, "recovering", None, None, ""),
        (name, "completed", None, None, ""),
    ]
    assert told.told("maintenance_nodes", "node_id", "removed") == [
        ("n-1", False), ("n-2", False), ("n-3", False), ("n-3", True),
    ]  # fmt: skip
    assert told.told("node_transitions", "maintenance_id", *STAGES) == [
        (name, "n-1", "in_maintenance", "2026-03-02T01:30:00Z"),
        (name, "n-2", "in_maintenance", "2026-03-02T01:30:00Z"),
        (name, "n-1", "returned", "2026-03-02T02:02:00Z"),
        (name, "n-2", "in_service", "2026-03-02T02:02:00Z"),
        (name, "n-1", "in_service", "2026-03-02T02:03:00Z"),
    ]


def test_a_reservation_that_goes_before_it_begins_is_cancelled(engine: Engine, server: Loopback) -> None:
    """And one that comes again the next day under its name is another maintenance; of any other kind, none."""
    told = Told(engine, server)
    idle, day = old("n-1", "IDLE"), 24 * 60
    told.look(
        idle, reservations=[reserved("gone", seconds(60), seconds(90), "n-1"), reserved("x", 9, 9, "n-1", "FLEX")]
    )
    told.look(idle, reservations=[reserved("daily", seconds(2), seconds(9), "n-1", "MAINT", "DAILY")])
    told.look(idle, reservations=[reserved("daily", seconds(2 + day), seconds(9 + day), "n-1", "MAINT", "DAILY")])

    statuses = told.told("maintenance_updates", "maintenance_id", "status")
    assert [row for row in statuses if "gone" in row[0]] == [
        ("slurm:gone@2026-03-02T01:00:00Z", "scheduled"),
        ("slurm:gone@2026-03-02T01:00:00Z", "cancelled"),
    ]
    assert [row for row in statuses if "gone" not in row[0]] == [
        ("slurm:daily@2026-03-02T00:02:00Z", "in_progress"),
        ("slurm:daily@2026-03-02T00:02:00Z", "completed"),
        ("slurm:daily@2026-03-03T00:02:00Z", "scheduled"),
    ]


def test_a_node_that_was_drained_for_a_reservation_goes_over_to_it(engine: Engine, server: Loopback) -> None:
    """Drained within the day before, it is of it from the start; drained for nobody knows what, from when it begins."""
    told = Told(engine, server)
    fw = [reserved("fw", seconds(60), seconds(120), "n-[1-2]")]
    drained, early = old("n-1", "IDLE", "DRAIN", at=seconds(1)), old("n-2", "IDLE", "DRAIN", at=seconds(2))
    told.look(drained, old("n-2", "IDLE"), reservations=[])
    told.look(drained, early, reservations=fw)
    told.look(old("n-1", "DOWN", "MAINTENANCE"), old("n-2", "IDLE", "MAINTENANCE"), minutes=60)

    name, own = "slurm:fw@2026-03-02T01:00:00Z", "slurm:n-1@2026-03-02T00:01:00Z"
    assert told.told("node_transitions", "maintenance_id", *STAGES) == [
        (own, "n-1", "drained", "2026-03-02T00:01:00Z"),
        (name, "n-2", "drained", "2026-03-02T00:02:00Z"),
        (name, "n-1", "in_maintenance", "2026-03-02T01:00:00Z"),
        (name, "n-2", "in_maintenance", "2026-03-02T01:00:00Z"),
    ]
    assert (own, "cancelled") in told.told("maintenance_updates", "maintenance_id", "status")
    assert (own, "n-1", True) in told.told("maintenance_nodes", "maintenance_id", "node_id", "removed")


def test_the_reason_and_the_reservations_name_hold_the_ticket(engine: Engine, server: Loopback) -> None:
    """By the pattern of the configuration; a reason without one is a stay of the node's own."""
    told = Told(engine, server, maintenance_pattern=TICKET)
    drained = [old("n-1", "IDLE", "DRAIN", reason="ops: CHG-7 riser"), old("n-2", "DOWN", reason="Not responding")]
    told.look(*drained, reservations=[reserved("CHG-8_fw", seconds(60), seconds(90), "n-3")])

    assert told.told("node_transitions", "maintenance_id", "node_id") == [
        ("CHG-7", "n-1"),
        ("slurm:n-2@2026-03-02T00:01:00Z", "n-2"),
    ]
    assert ("CHG-7", "ops: CHG-7 riser", "") in told.told("maintenance_updates", "maintenance_id", "note", "status")
    assert ("CHG-8", "CHG-8", "CHG-8_fw") in told.told("maintenance_updates", "maintenance_id", "provider_ref", "title")


@pytest.mark.parametrize(
    ("gres", "gpus"),
    [("gpu:8", 8), ("gpu:h100:8(S:0-1)", 8), ("gpu:a:4,gpu:b:2,nic:9", 6), ("gpu", 1), ("nic:2", 0), ("(null)", 0)],
)
def test_gpus_are_counted_from_gres(engine: Engine, server: Loopback, gres: str, gpus: int) -> None:
    told = Told(engine, server)

    told.look(old("n-1", "IDLE", gres=gres))

    assert told.told("nodes", "gpus") == ([(gpus,)] if gpus else [])


def test_nonsense_costs_no_neighbour(engine: Engine, server: Loopback) -> None:
    """Fields of any type, times that are none, a list of hosts that is none."""
    told = Told(engine, server)
    odd: list[Any] = [None, "x", {}, {"name": ["x"], "state": {"a": 1}, "gres": 3, "reason_changed_at": "soon"}]
    odd.append(new("n-2", "IDLE", "DRAIN", at=10**30))
    odd.append({"name": "n-3", "gres": "gpu:8", "state": [1, None, "drain"], "reason_changed_at": {"set": 1}})
    plans: list[Any] = [None, {"name": "x", "flags": "MAINT", "node_list": "n-[1"}, reserved("y", True, -1, "n-[1-2]")]

    done = told.look(*odd, old("n-1", "IDLE", "DRAIN"), reservations=plans)

    assert done.how is How.DONE
    assert done.set_aside == 1  # the list of hosts
    assert {row[0] for row in told.told("node_transitions", "node_id")} == {"n-1", "n-2", "n-3"}


def test_reading_a_cluster_again_forgets_nothing_that_is_out_or_planned(engine: Engine, server: Loopback) -> None:
    told = Told(engine, server)
    plan = [reserved("fw", seconds(60), seconds(90), "n-1")]
    told.look(old("n-1", "IDLE"), old("n-2", "IDLE", "DRAIN"), reservations=plan)
    before = told.told("node_transitions", *STAGES), told.told("maintenance_updates", *UPDATES)

    again = told.anew()
    told.look(old("n-1", "IDLE"), old("n-2", "IDLE"))

    assert again.new == 0
    assert (told.told("node_transitions", *STAGES)[:1], told.told("maintenance_updates", *UPDATES)[:2]) == before


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"nodes": None}, "its answer lists no nodes: is the url that of a slurmrestd?"),
        ([], "its answer lists no nodes"),
        ({"nodes": [], "errors": [{"error": "Unable\nto contact"}]}, "cannot list nodes (Unable to contact)"),
        ({"nodes": [], "errors": ["x"]}, "cannot list nodes (x): is slurmctld up?"),
    ],
)
def test_an_answer_that_is_none_is_said(engine: Engine, server: Loopback, answer: Any, words: str) -> None:
    told = Told(engine, server)
    server.says(answer)

    assert words in told.again().error


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with slurm() as found:
        yield found


def test_a_real_slurm_is_drained_reserved_and_resumed(engine: Engine, cluster: Cluster) -> None:
    """One node drained by hand, three in a MAINT reservation that has begun, and all of them back."""
    held = Secret(where="the file x", held=SecretStr(cluster.token))
    given = {
        "name": "slurm",
        "type": "slurm",
        "url": cluster.url,
        "cluster": "c",
        "user": getuser(),
        "version": VERSION,
    }
    asked = Asked(engine, Slurm.model_validate(given | {"token": held, "maintenance_pattern": TICKET}))
    # Slurm's clock is the real one, so ours is too.
    asked.now = datetime.now(UTC)
    first = asked.again(0)

    cluster.scontrol("update", "nodename=gpu-004", "state=drain", "reason=CHG-7 riser")
    asked.now = datetime.now(UTC) + timedelta(seconds=1)
    asked.again(0)
    nodes = "gpu-[001-002,004]"
    cluster.scontrol(
        "create", "reservation", "reservationname=fw", "starttime=now", "duration=120", f"nodes={nodes}",
        "flags=maint,ignore_jobs", f"users={getuser()}",
    )  # fmt: skip
    until(lambda: "MAINT" in cluster.scontrol("show", "node", "gpu-001"))
    asked.now = datetime.now(UTC) + timedelta(seconds=2)
    asked.again(0)
    cluster.scontrol("delete", "reservationname=fw")
    cluster.scontrol("update", "nodename=gpu-004", "state=resume")
    until(lambda: "MAINT" not in cluster.scontrol("show", "node", "gpu-001"))
    done = asked.again()
    idle = asked.again()

    assert (first.how, first.new, done.how, idle.new) == (How.DONE, 4, How.DONE, 0), (first, done)
    assert {row[1] for row in asked.told("nodes", "node_id", "gpus")} == {8}
    moves = asked.told("node_transitions", "maintenance_id", "node_id", "stage")
    fw = next(row[0] for row in moves if row[1] == "gpu-001")
    assert fw.startswith("slurm:fw@")
    assert moves == [
        ("CHG-7", "gpu-004", "drained"),
        *((fw, f"gpu-{number}", "in_maintenance") for number in ("001", "002", "004")),
        *((fw, f"gpu-{number}", "in_service") for number in ("001", "002", "004")),
    ]
    statuses = [row for row in asked.told("maintenance_updates", "maintenance_id", "status") if row[0] == fw]
    assert statuses == [(fw, "in_progress"), (fw, "completed")]


def test_a_real_slurm_refuses_a_wrong_version_in_words(engine: Engine, cluster: Cluster) -> None:
    held = Secret(where="the file x", held=SecretStr(cluster.token))
    given = {"name": "slurm", "type": "slurm", "url": cluster.url, "cluster": "c", "user": "root", "token": held}

    done = Asked(engine, Slurm.model_validate(given)).again()

    assert done.how is How.FAILED
    assert "or set version to one that its slurmrestd speaks" in done.error
    assert cluster.token not in done.error


def until(true: Callable[[], bool], most: float = 20) -> None:
    """Waits for the controller, which begins and ends reservations when it comes to it."""
    end = time.monotonic() + most
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
