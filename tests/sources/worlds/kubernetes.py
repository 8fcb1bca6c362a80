"""A cluster in which one node is cordoned, drained by a controller, and gone."""

from pathlib import Path

from dashboard.sources.kubernetes import Kubernetes
from tests.sources.loopback import Loopback
from tests.sources.test_kubernetes import listed, node
from tests.sources.worlds import HELD, World


def world(server: Loopback, _: Path) -> World:
    said = {"name": "w", "type": "kubernetes", "url": server.url, "cluster": "c", "watch": False, "token": HELD}
    return World(
        lambda **rest: Kubernetes.model_validate(said | rest),
        lambda records: server.says(listed(*records)),
        ([node("k-1"), node("k-2")], [node("k-1", True), node("k-2")], [node("k-1"), node("k-2", True)], [node("k-2")]),
        whole=False,
    )
