"""A maintenance controller with an interface of its own."""

from pathlib import Path

from dashboard.sources.json_api import JsonApi
from tests.sources.loopback import Loopback
from tests.sources.worlds import HELD, World

FACTS = {"node_transitions": {name: name for name in ("maintenance_id", "node_id", "stage", "occurred_at")}}


def moved(node: str, stage: str, hour: int) -> dict[str, str]:
    at = f"2026-03-01T{hour:02}:00:00Z"
    return {"maintenance_id": "M-1", "node_id": node, "stage": stage, "occurred_at": at}


STEPS: tuple[list[dict[str, str]], ...] = (
    [moved("n-1", "cordoned", 8), moved("n-2", "cordoned", 8)],
    [moved("n-1", "cordoned", 8), moved("n-2", "cordoned", 8), moved("n-1", "drained", 9)],
    [],
    [moved("n-1", "drained", 9), moved("n-2", "in_service", 10)],
)


def world(server: Loopback, _: Path) -> World:
    return World(
        lambda **rest: JsonApi.model_validate(
            {"name": "w", "type": "json", "url": server.url, "records": "items", "facts": FACTS, "token": HELD} | rest
        ),
        lambda records: server.says({"items": list(records)}),
        STEPS,
    )
