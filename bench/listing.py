"""How long it takes to list a whole fleet and compare it with what is known, when little has changed.

`python -m bench.listing URL DATABASE ANSWER` is the process that is watched: it asks for the fleet twice, and writes
down how long the second time took.
"""

import json
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bench.goals import Goal
from bench.processes import free_port, run
from dashboard.jobs.collect import Collector, How, register
from dashboard.log.database import opened
from dashboard.sources.kubernetes import PAGE, Kubernetes
from dashboard.sources.kubernetes_node import CORDON

NODES, CHANGED = 125_000, 200  # of which so many are cordoned from one listing to the next
MOST_SECONDS, MOST_MIB = 30.0, 1024.0
IMAGES, CONDITIONS = 20, ("MemoryPressure", "DiskPressure", "PIDPressure", "Ready", "GpuHealthy", "NicHealthy")


@dataclass(frozen=True, slots=True)
class Listing:
    """What the second listing took, and the most memory that the process held, the first listing included."""

    nodes: int
    first: float
    again: float
    busy: float  # of these, of the processor of the process that lists
    new: int
    peak_mib: float

    def goals(self) -> list[Goal]:
        """What it should come to."""
        what = f"{self.nodes:,} nodes listed and compared"
        return [Goal(what, self.again, MOST_SECONDS, "s"), Goal(f"{what}, memory", self.peak_mib, MOST_MIB, "MiB")]

    def __str__(self) -> str:
        return (
            f"{self.nodes:,} nodes listed: first {self.first:,.1f} s, again {self.again:,.1f} s, {self.busy:,.1f} s "
            f"busy, with {self.new:,} new facts; peak {self.peak_mib:,.0f} MiB"
        )


def measure(scale: float) -> Listing:
    """Serves a fleet's pages from a process of its own, and lets another one list them."""
    nodes = max(PAGE, round(NODES * scale))
    with tempfile.TemporaryDirectory(prefix="dashboard-listing-") as folder, _fleet(nodes) as url:
        answer = Path(folder, "answer.json")
        watched = run([sys.executable, "-m", "bench.listing", url, f"sqlite:///{folder}/log.db", str(answer)])
        told = json.loads(answer.read_text(encoding="utf-8"))
    return Listing(nodes, told["first"], told["again"], told["busy"], told["new"], watched.peak_mib)


@contextmanager
def _fleet(nodes: int) -> Iterator[str]:
    port = free_port()
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    process = context.Process(target=_serve, args=(port, nodes, ready), daemon=True)
    process.start()
    try:
        if not ready.wait(120):
            raise RuntimeError("the fleet's pages were not made within two minutes")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.join()


def _serve(port: int, nodes: int, ready: Any) -> None:
    """Pages as an API server gives them. Each listing begun finds some nodes more cordoned."""
    listings = 0
    plain = [_node(i, cordoned=False) for i in range(nodes)]

    class Pages(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            nonlocal listings
            asked = {name: values[-1] for name, values in parse_qs(urlsplit(self.path).query).items()}
            begin = int(asked.get("continue", 0))
            listings += begin == 0
            cordoned = range(0, nodes, max(nodes // CHANGED, 1)) if listings > 1 else range(0)
            end = min(begin + int(asked["limit"]), nodes)
            items = ",".join(_node(i, cordoned=True) if i in cordoned else plain[i] for i in range(begin, end))
            more = str(end) if end < nodes else ""
            body = (
                f'{{"kind":"NodeList","apiVersion":"v1","metadata":{{"resourceVersion":"1","continue":"{more}"}},'
                f'"items":[{items}]}}'
            ).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            """Says nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Pages)
    ready.set()
    server.serve_forever()


def _node(number: int, *, cordoned: bool) -> str:
    """A node as an API server tells it, with what nobody asked for: some four thousand characters."""
    name = f"gpu-{number:06}"
    labels = {f"feature.node.kubernetes.io/cpu-{i:02}": "true" for i in range(20)}
    labels |= {
        "topology/rack": f"r-{number // 8}",
        "fleet/team": f"team-{number // 2000}",
        "kubernetes.io/hostname": name,
    }
    spec: dict[str, Any] = {"podCIDR": "10.0.0.0/24", "providerID": f"aws:///us-east-1a/i-{number:016x}"}
    if cordoned:
        spec |= {"unschedulable": True, "taints": [{"key": CORDON, "effect": "NoSchedule"}]}
    sizes = {"cpu": "192", "memory": "2113442356Ki", "nvidia.com/gpu": "8", "pods": "110"}
    beat = {"lastHeartbeatTime": "2026-03-02T00:00:00Z", "lastTransitionTime": "2026-02-01T00:00:00Z"}
    said = {"status": "False", "reason": "KubeletHasSufficient", "message": "kubelet has sufficient room"}
    images = [{"names": [f"registry.example/team/image-{i}:v1"], "sizeBytes": 1_000_000 + i} for i in range(IMAGES)]
    return json.dumps(
        {
            "metadata": {
                "name": name,
                "uid": f"{number:032x}",
                "labels": labels,
                "creationTimestamp": "2026-01-01T00:00:00Z",
            },
            "spec": spec,
            "status": {
                "capacity": sizes,
                "allocatable": sizes,
                "conditions": [{"type": each} | said | beat for each in CONDITIONS],
                "addresses": [
                    {"type": "InternalIP", "address": f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"}
                ],
                "images": images,
            },
        }
    )


def main() -> None:
    """Lists twice."""
    url, database, answer = sys.argv[1:]
    told = {"name": "k8s", "type": "kubernetes", "url": url, "cluster": "c", "timeout": 60, "watch": False}
    source = Kubernetes.model_validate(told | {"rack_label": "topology/rack", "team_label": "fleet/team"})
    with opened(database) as engine:
        register(engine, [source])
        collector = Collector(engine, source, "bench", lambda: datetime.now(UTC), lambda: 0.5)
        seconds, busy, new = [], 0.0, 0
        for _ in range(2):
            begun, busy = time.perf_counter(), time.process_time()
            done = collector.poll()
            if done.how is not How.DONE:
                raise RuntimeError(f"the listing failed: {done.error}")
            seconds.append(time.perf_counter() - begun)
            busy, new = time.process_time() - busy, done.new
    found = {"first": seconds[0], "again": seconds[1], "busy": busy, "new": new}
    Path(answer).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
