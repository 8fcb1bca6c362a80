"""A Slurm cluster by slurmrestd: which nodes take no work and why, and what its MAINT reservations plan.

Reference: Slurm, "REST API", from v0.0.36 on. Token: `scontrol token username=USER lifespan=SECONDS` of a user who may
see nodes and reservations; it runs out, so that whoever renews it writes it into a file: name it by token_file.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from hostlist import BadHostlist, expand_hostlist
from pydantic import Field

from dashboard.errors import SourceRefused, SourceUnavailable
from dashboard.model.instants import iso, read_instant
from dashboard.model.stages import Stage, Status
from dashboard.sources.http import Client, HttpSource
from dashboard.sources.mapping import as_text
from dashboard.sources.seam import Batches, Standing, Told
from dashboard.sources.slurm_shapes import Node, Plan, clean, read_node, read_plan

AHEAD = timedelta(days=1)
"""So long before a reservation begins, a node of it that is drained is drained for it."""

BUSY = frozenset({"ALLOCATED", "MIXED", "COMPLETING", "DRAINING"})
DRAIN = frozenset({"DRAIN", "DRAINED", "DRAINING"})
BROKEN = frozenset({"DOWN", "FAIL", "FAILING", "ERROR"})
WITH_PROVIDER = frozenset({"MAINTENANCE", "MAINT"})
SERVING = frozenset({"IDLE", "ALLOCATED", "MIXED", "COMPLETING"})
LONGEST_REF = 200


class Slurm(HttpSource, Standing):
    """Reads nodes and reservations. Gives nodes with GPUs, their stages, and a maintenance a MAINT reservation."""

    cluster: str  # the cluster_id of its nodes
    user: str  # whose token it is
    version: str = Field(default="v0.0.40", pattern=r"^v0\.0\.\d+$")  # one that its slurmrestd speaks
    token_header: str = "X-SLURM-USER-TOKEN"
    token_prefix: str = ""
    provider: str = ""  # the provider_id that its maintenances get
    resource: str = "gpu"  # the GRES that is counted; a node without it is no part of the fleet
    # Finds a maintenance_id in a node's reason or a reservation's name: its first group, or all that it matches.
    maintenance_pattern: re.Pattern[str] | None = None

    def headers_of(self, secret: str) -> dict[str, str]:
        """The token, and whose it is."""
        return super().headers_of(secret) | {"X-SLURM-USER-NAME": self.user}

    def poll(self, cursor: str | None, now: datetime) -> Batches:
        """What has changed since the last answer. What is out, or planned, is remembered until it is over."""
        before = json.loads(cursor) if cursor else {}
        with Client(self, now) as client:
            listed = self._listed(client, "nodes")
            reserved = self._listed(client, "reservations")  # later, so that one that has begun is known
        nodes = [each for each in (read_node(item, self.resource) for item in listed) if each.name]
        fleet = [each for each in nodes if each.gpus]
        look = _Look(self, before, now, frozenset(each.name for each in fleet))
        said = blake2b(json.dumps([(each.name, each.gpus) for each in fleet]).encode(), digest_size=9).hexdigest()
        told = [] if said == before.get("fleet") else [Told("nodes", self._row(each), each.raw) for each in fleet]
        told += look.plans([each for each in (read_plan(item) for item in reserved) if each])
        told += [each for node in nodes for each in look.stage(node)]
        told += look.ends()
        yield from self.brought(told, {"fleet": said} | look.standing(), cursor, now)

    def anew(self, cursor: str) -> str | None:
        """Tells every node again; what is out and what is planned is still known."""
        return json.dumps(json.loads(cursor) | {"fleet": ""})

    def named(self, text: str) -> str:
        """The maintenance_id that a text holds; '' for none."""
        found = self.maintenance_pattern.search(text) if self.maintenance_pattern else None
        return (found[1] or "" if found.re.groups else found[0]) if found else ""

    def _row(self, node: "Node") -> dict[str, str]:
        return {"node_id": node.name, "cluster_id": self.cluster, "gpus": str(node.gpus)}

    def _listed(self, client: Client, what: str) -> list[Any]:
        try:
            answer = client.get(f"{self.url.rstrip('/')}/slurm/{self.version}/{what}").value
        except SourceRefused as why:
            raise SourceRefused(f"{why}; or set version to one that its slurmrestd speaks") from why
        found = answer.get(what) if isinstance(answer, dict) else None
        if not isinstance(found, list):
            raise SourceUnavailable(f"{self.name}: its answer lists no {what}: is the url that of a slurmrestd?")
        errors = answer.get("errors")
        if errors and not found:
            words = clean(as_text(errors[0].get("error")) if isinstance(errors[0], dict) else as_text(errors[0]))
            raise SourceUnavailable(f"{self.name}: slurmrestd cannot list {what} ({words[:80]}): is slurmctld up?")
        return found


class _Look:
    """One look at the cluster beside what the last ones left: of each node out its maintenance, stage and since when;
    of each reservation its maintenance, window and nodes; and the reservations that are over before their nodes are.
    """

    def __init__(self, source: Slurm, before: Mapping[str, Any], now: datetime, fleet: frozenset[str]) -> None:
        self._source, self._now, self._fleet = source, now, fleet
        self._out: dict[str, list[str]] = before.get("out", {})
        self._known: dict[str, dict[str, Any]] = before.get("plans", {})
        self._ending: list[str] = before.get("ending", [])
        self._ended: list[str] = []
        self._begun: dict[str, tuple[str, datetime]] = {}  # of each node: which maintenance has begun for it, and when
        self._ahead: dict[str, str] = {}

    def standing(self) -> dict[str, Any]:
        return {"out": self._out, "plans": self._known, "ending": self._ending}

    def plans(self, listed: Sequence[Plan]) -> Iterator[Told]:
        """What reservations say that they did not say before; one that is listed no more is over, or never was."""
        listed = [each for each in listed if each.end is None or each.end > self._now]
        for name in sorted(set(self._known) - {each.name for each in listed}):
            yield from self._over(self._known.pop(name), name)
        for plan in listed:
            known = self._known.get(plan.name)
            begun = plan.start is None or plan.start <= self._now
            if known and known["begun"] and not begun:  # it comes again every day or week, under the same name
                yield from self._over(self._known.pop(plan.name), plan.name)
                known = None
            yield from self._planned(plan, known or {}, begun)

    def _planned(self, plan: Plan, known: Mapping[str, Any], begun: bool) -> Iterator[Told]:
        start, named = plan.start or self._now, self._source.named(plan.name)
        window = [iso(start) if plan.start else "", iso(plan.end) if plan.end else ""]
        about = known.get("id") or named or f"{self._source.name}:{plan.name}@{iso(start)}"
        nodes, wrong = self._expanded(plan.nodes)
        members = set(known.get("nodes", ()))
        if [*window, begun] != [*known.get("window", ()), known.get("begun")]:
            status = Status.IN_PROGRESS if begun else Status.SCHEDULED
            plans = {"planned_start": window[0], "planned_end": window[1], "provider_id": self._source.provider}
            plans |= {"title": plan.name, "provider_ref": named}
            yield self._update(about, status, plan.raw, **plans)
        for node in sorted(set(nodes) ^ members):
            row = {"maintenance_id": about, "node_id": node} | ({"removed": "true"} if node in members else {})
            yield Told("maintenance_nodes", row, plan.raw)
        if wrong and plan.nodes != known.get("wrong"):
            yield Told("maintenance_nodes", {"maintenance_id": about, "node_id": plan.nodes}, plan.raw)
        kept = {"id": about, "window": window, "begun": begun, "nodes": nodes, "wrong": plan.nodes if wrong else ""}
        self._known[plan.name] = kept
        for node in nodes:
            if begun:
                self._begun[node] = about, start if node in members or not known else self._now
            elif start - self._now <= AHEAD:
                self._ahead.setdefault(node, about)

    def _expanded(self, nodes: str) -> tuple[list[str], bool]:
        """The nodes of the fleet that a list of hosts names, and whether it is none."""
        try:
            return sorted(self._fleet & set(expand_hostlist(nodes))), False
        except BadHostlist:
            return [], True

    def _over(self, known: Mapping[str, Any], name: str) -> Iterator[Told]:
        missed = known["window"][0] and read_instant(known["window"][0]) <= self._now
        if known["begun"]:
            self._ended.append(known["id"])
        else:
            yield self._update(known["id"], Status.COMPLETED if missed else Status.CANCELLED, {"reservation": name})

    def ends(self) -> Iterator[Told]:
        """What becomes of reservations that are over: recovering until their last node is back."""
        waiting = {maintenance for maintenance, _, _ in self._out.values()}
        for each in [*self._ending, *self._ended]:
            if each not in waiting:
                yield self._update(each, Status.COMPLETED, {"reservation": each})
            elif each in self._ended:
                yield self._update(each, Status.RECOVERING, {"reservation": each})
        self._ending = [each for each in [*self._ending, *self._ended] if each in waiting]

    def stage(self, node: Node) -> Iterator[Told]:
        """The stage that a node has entered since."""
        before, stage = self._out.get(node.name), self._stage(node)
        if stage is None or not (node.gpus or before):
            return
        if stage == Stage.IN_SERVICE:
            if before:
                del self._out[node.name]
                yield self._entered(node, before[0], stage, iso(self._now))
                yield from self._own(node, before[0], Status.COMPLETED)
            return
        maintenance, since = self._maintenance(node, before), self._since(node, stage, before)
        if before and before[0] != maintenance:
            left = {"maintenance_id": before[0], "node_id": node.name, "removed": "true"}
            yield Told("maintenance_nodes", left, node.raw)
            yield from self._own(node, before[0], Status.CANCELLED)
        if not before or before[:2] != [maintenance, stage]:
            self._out[node.name] = [maintenance, stage, since]
            yield from self._own(node, maintenance, Status.IN_PROGRESS)
            yield self._entered(node, maintenance, stage, since)

    def _stage(self, node: Node) -> Stage | None:
        """Where a node stands; None where nothing in its state says so: then it stays where it was."""
        states = node.states
        if "FUTURE" in states:
            return None
        if node.name in self._begun or states & WITH_PROVIDER:
            return Stage.IN_MAINTENANCE
        if states & BROKEN:
            return Stage.REPAIRING
        if states & DRAIN:
            before = self._out.get(node.name)
            if before and before[1] in (Stage.IN_MAINTENANCE, Stage.RETURNED):
                return Stage.RETURNED  # handed back, and not yet taken over
            return Stage.CORDONED if states & BUSY else Stage.DRAINED
        return Stage.IN_SERVICE if states & SERVING else None

    def _maintenance(self, node: Node, before: list[str] | None) -> str:
        """Of which maintenance its stay is: of a reservation that has begun, else of the one that its reason names."""
        if node.name in self._begun:
            return self._begun[node.name][0]
        if before and before[0] in (*self._ending, *self._ended):
            return before[0]
        named = self._source.named(node.reason)
        nameless = f"{self._source.name}:{node.name}@{self._since(node, Stage.DRAINED, None)}"
        return named or (before[0] if before else self._ahead.get(node.name, nameless))

    def _since(self, node: Node, stage: Stage, before: list[str] | None) -> str:
        """When it entered its stage, as far as Slurm says; else now."""
        if before and before[1] == stage:
            return before[2]
        begun = self._begun.get(node.name)
        stamp = (begun[1] if begun else None) if stage == Stage.IN_MAINTENANCE else node.reason_at
        late = stamp is None or stamp > self._now or (before and stamp <= read_instant(before[2]))
        return iso(self._now if stamp is None or late else stamp)

    def _entered(self, node: Node, maintenance: str, stage: Stage, since: str) -> Told:
        columns = {"maintenance_id": maintenance, "node_id": node.name, "stage": stage, "occurred_at": since}
        signed = {"recorded_at": iso(self._now), "source": self._source.name, "source_ref": node.reason[:LONGEST_REF]}
        return Told("node_transitions", columns | signed, node.raw)

    def _own(self, node: Node, maintenance: str, status: Status) -> Iterator[Told]:
        """A word on a maintenance that nobody plans here: one node's own, or one that its reason names."""
        if maintenance.startswith(f"{self._source.name}:{node.name}@"):
            title = f"{node.name} takes no work"
            yield self._update(maintenance, status, node.raw, title=title, note=node.reason)
        elif maintenance == self._source.named(node.reason) and node.reason:
            yield Told("maintenance_updates", self._about(maintenance) | {"note": node.reason}, node.raw)

    def _update(self, maintenance: str, status: Status, raw: object, **columns: str) -> Told:
        about = {"cluster_id": self._source.cluster, "status": status}
        return Told("maintenance_updates", self._about(maintenance) | about | columns, raw)

    def _about(self, maintenance: str) -> dict[str, str]:
        return {"maintenance_id": maintenance, "source": self._source.name}
