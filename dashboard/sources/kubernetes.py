"""Nodes of a Kubernetes cluster: which there are, and which take no work and why. Reference: API, "Node v1 core".

Token: of a service account that may `list` nodes and, to be told at once, `watch` them. A projected one is renewed in
its file: name it by token_file.
"""

import json
from collections.abc import Generator, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from time import monotonic
from typing import Any, Literal

from pydantic import Field, PrivateAttr

from dashboard.errors import SourceGone, SourceRefused, SourceUnavailable
from dashboard.model.instants import iso
from dashboard.model.stages import Stage, Status
from dashboard.sources.http import Client, HttpSource
from dashboard.sources.kubernetes_node import Node, read_node, stamped
from dashboard.sources.mapping import as_text, field_of
from dashboard.sources.seam import Batch, Batches, Told, batch

PAGE = 500
WATCH = 10.0  # seconds that one watch goes on, and so about as long as a worker needs to stop
Known = dict[str, Any]


class Kubernetes(HttpSource):
    """Reads a cluster's nodes. Gives nodes with their GPUs, and their stages."""

    cluster: str  # the cluster_id of its nodes
    resource: str = "nvidia.com/gpu"  # what is counted; a node without it is no part of the fleet
    selector: str = ""  # a label selector
    rack_label: str = ""
    team_label: str = ""
    maintenance_label: str = ""  # holds the maintenance_id; each stay of a node is one of its own where it is empty
    taints: dict[str, Stage] = Field(default_factory=dict)  # key, or key=value: the stage it stands for
    labels: dict[str, Stage] = Field(default_factory=dict)
    conditions: dict[str, Stage | Literal["note"]] = Field(default_factory=dict)  # type, while True; or type=status
    gone: Stage | None = None  # what has become of a node that is deleted; where it is empty, one that is out stays so
    watch: bool = True  # else nodes are listed at each interval

    _told: dict[str, str] = PrivateAttr(default_factory=dict)  # of each node, what its row was when it was last told

    def poll(self, cursor: str | None, now: datetime) -> Batches:
        """What has changed since: by a watch from where the last look ended, else by listing all nodes.

        A node that is out is remembered until it is back.
        """
        known: Known = {"out": {}, "pages": [], "version": "", "listed": False} | json.loads(cursor or "{}")
        with Client(self, now) as client:
            if self.watch and known["version"]:
                try:
                    known["listed"] = not (yield from self._watched(client, known, now))
                    if not known["listed"]:
                        yield Batch({}, json.dumps(known), lasting=False)
                        return
                except SourceGone:  # so much has happened that it must be listed
                    pass
                except SourceRefused:  # whoever may not watch may still list
                    known["listed"] = True
            yield from self._listed(client, known, now, cursor)

    def rest(self, cursor: str | None) -> float:
        """None after a watch, which the next one goes on from."""
        known = json.loads(cursor or "{}")
        return 0.0 if self.watch and known.get("version") and not known.get("listed") else self.interval

    def anew(self, cursor: str) -> str | None:
        """Tells every node again; which are out, and in which maintenance, is still known."""
        self._told.clear()
        return json.dumps({"out": json.loads(cursor).get("out", {})})

    def _listed(self, client: Client, known: Known, now: datetime, cursor: str | None) -> Batches:
        digests, number, seen = known["pages"], 0, set[str]()
        for number, (page, version) in enumerate(self._pages(client), 1):
            nodes = [each for each in (read_node(self, item) for item in page) if each.name]
            seen.update(each.name for each in nodes)
            fleet = {each.name: each.columns(self.cluster) for each in nodes if each.gpus}
            digest = _digest(fleet.values())
            told = list(self._changes(nodes, known["out"], now))
            if digests[number - 1 : number] != [digest]:
                told += [Told("nodes", row, name) for name, row in fleet.items()]
                digests[number - 1 : number] = [digest]
            if told:
                yield batch(told, json.dumps(known | {"version": ""}), now)
            self._told.update({name: _digest([row]) for name, row in fleet.items()} if self.watch else {})
            known["version"] = version if self.watch else ""
        del digests[number:]
        told = [each for name in sorted(set(known["out"]) - seen) for each in self._gone(name, known["out"], now)]
        if told:
            yield batch(told, json.dumps(known), now)
        elif json.dumps(known) != cursor:
            yield Batch({}, json.dumps(known))

    def _pages(self, client: Client) -> Iterator[tuple[list[Any], str]]:
        params = {"limit": str(PAGE)} | self._selected()
        while True:
            answer = client.get(self._address(), params).value
            items = field_of(answer, "items")
            if not isinstance(items, list):
                raise SourceUnavailable(f"{self.name}: its answer lists no nodes: is the url that of an API server?")
            yield items, as_text(field_of(answer, "metadata.resourceVersion"))
            following = as_text(field_of(answer, "metadata.continue"))
            if not following:
                return
            params = params | {"continue": following}

    def _address(self) -> str:
        return self.url.rstrip("/") + "/api/v1/nodes"

    def _selected(self) -> dict[str, str]:
        return {"labelSelector": self.selector} if self.selector else {}

    def _watched(self, client: Client, known: Known, now: datetime) -> Generator[Batch, None, bool]:
        """Tells what happens for some seconds; whether it could, which it cannot where what comes is no watch."""
        params = {"watch": "1", "allowWatchBookmarks": "true", "resourceVersion": known["version"]}
        params |= {"timeoutSeconds": str(int(WATCH))} | self._selected()
        began, came = monotonic(), False
        for lines in client.lines(self._address(), params, WATCH):
            at = now + timedelta(seconds=int(monotonic() - began))
            told, rows = list[Told](), dict[str, str]()
            for line in filter(None, lines):
                event = self._event(line)
                if event is None:
                    return False
                told += self._happened(*event, known, rows, at)
                came = True
            if told:
                yield batch(told, json.dumps(known), at)
                self._told.update(rows)
        return came or monotonic() - began > WATCH / 2  # one that ends at once, with nothing, is cut by somebody

    def _event(self, line: bytes) -> tuple[str, Any] | None:
        """What an event is of, and the object; None where the line is none. Raises SourceGone, SourceUnavailable."""
        try:
            event = json.loads(line)
        except (ValueError, RecursionError) as why:
            raise SourceUnavailable(f"{self.name}: its watch broke off in the middle of an event") from why
        kind, item = as_text(field_of(event, "type")), field_of(event, "object")
        if kind == "ERROR":
            if field_of(item, "code") == 410:
                raise SourceGone(f"{self.name}: its watch goes no further (410): the nodes are listed again")
            words = " ".join(as_text(field_of(item, "message")).split())[:80]
            raise SourceUnavailable(f"{self.name}: its watch fails ({words}): it is asked again by itself")
        return (kind, item) if kind and item is not None else None

    def _happened(self, kind: str, item: Any, known: Known, rows: dict[str, str], at: datetime) -> Iterator[Told]:
        known["version"] = as_text(field_of(item, "metadata.resourceVersion")) or known["version"]
        node = read_node(self, item)
        if kind == "BOOKMARK" or not node.name:
            return
        if kind == "DELETED":
            yield from self._gone(node.name, known["out"], at, node)
            return
        digest = _digest([node.columns(self.cluster)])
        if node.gpus and rows.get(node.name, self._told.get(node.name)) != digest:
            rows[node.name] = digest
            yield Told("nodes", node.columns(self.cluster), node.name)
        yield from self._changes([node], known["out"], at)

    def _gone(self, name: str, out: dict[str, list[str]], at: datetime, node: Node | None = None) -> Iterator[Told]:
        """A node is no longer in the cluster."""
        if not self.gone or not (name in out or (node and node.gpus)):
            return
        uid = node.uid if node else [*out[name], "", ""][2]
        said = Node(name, node.gpus if node else "", "", "", self.gone, "", "", "deleted from the cluster", uid, {})
        if out.get(name, ["", ""])[1] != self.gone:
            yield from self._changes([said], out, at)

    def _changes(self, fleet: Sequence[Node], out: dict[str, list[str]], now: datetime) -> Iterator[Told]:
        """The stages that nodes have entered since, which `out` then has: of each node out, its maintenance, its stage,
        and which machine it was.
        """
        for node in fleet:
            maintenance, stage, uid = [*out.get(node.name, ["", Stage.IN_SERVICE]), ""][:3]
            replaced = f"replaced, its uid is {node.uid} now" if uid and node.uid and uid != node.uid else ""
            if node.stage == Stage.IN_SERVICE:
                if node.name in out:
                    del out[node.name]
                    yield from self._back(node, maintenance, stage, now, replaced)
                continue
            if not (node.gpus or node.name in out):
                continue
            since = iso(now)
            if node.name not in out:
                # The API server stamps some taints; else what counts is when the node was first seen like this.
                since = stamped(node.since, now)
                maintenance = node.maintenance or f"{self.name}:{node.name}@{since}"
            elif node.maintenance and node.maintenance != maintenance:
                # It is part of a maintenance that somebody has named since: of the nameless one, no longer.
                yield Told("maintenance_nodes", _row(node, maintenance) | {"removed": "true"}, node.raw)
                yield from self._own(node, maintenance, Status.CANCELLED)
                maintenance, stage = node.maintenance, Stage.IN_SERVICE
            if stage != node.stage or replaced:
                out[node.name] = [maintenance, node.stage, node.uid or uid]
                announced = node.stage == Stage.SCHEDULED
                yield from self._own(node, maintenance, Status.SCHEDULED if announced else Status.IN_PROGRESS)
                yield self._entered(node, maintenance, now, since, replaced)

    def _back(self, node: Node, maintenance: str, stage: str, now: datetime, replaced: str) -> Iterator[Told]:
        if stage == Stage.SCHEDULED:  # it never went
            yield Told("maintenance_nodes", _row(node, maintenance) | {"removed": "true"}, node.raw)
            yield from self._own(node, maintenance, Status.CANCELLED)
            return
        yield self._entered(node, maintenance, now, iso(now), replaced)
        yield from self._own(node, maintenance, Status.COMPLETED)

    def _entered(self, node: Node, maintenance: str, now: datetime, since: str, said: str) -> Told:
        columns = {"stage": node.stage, "occurred_at": since, "recorded_at": iso(now), "source": self.name}
        return Told("node_transitions", _row(node, maintenance) | columns | {"source_ref": said}, node.raw)

    def _own(self, node: Node, maintenance: str, status: Status) -> Iterator[Told]:
        """A word on a maintenance that has this one node only, since nobody else has one."""
        if maintenance.startswith(f"{self.name}:{node.name}@"):
            about = {"maintenance_id": maintenance, "source": self.name, "status": status, "cluster_id": self.cluster}
            title = f"{node.name} {'is to take' if status == Status.SCHEDULED else 'takes'} no work"
            yield Told("maintenance_updates", about | {"title": title, "note": node.why}, node.raw)


def _row(node: Node, maintenance: str) -> dict[str, str]:
    return {"maintenance_id": maintenance, "node_id": node.name}


def _digest(rows: Iterable[dict[str, str]]) -> str:
    return blake2b(json.dumps([list(each.values()) for each in rows]).encode(), digest_size=9).hexdigest()
