"""A dataset directory that somebody keeps writing to."""

from pathlib import Path
from typing import Any

from dashboard.sources.directory import Directory
from tests.sources.loopback import Loopback
from tests.sources.worlds import World
from tests.sources.worlds.json import STEPS

COLUMNS = ("maintenance_id", "node_id", "stage", "occurred_at")


def world(_: Loopback, folder: Path) -> World:
    def says(records: Any) -> None:
        lines = [",".join(each.get(name, "") for name in COLUMNS) for each in records]
        (folder / "node_transitions.csv").write_text("\n".join([",".join(COLUMNS), *lines]) + "\n")

    return World(
        lambda **rest: Directory.model_validate({"name": "w", "type": "dataset", "folder": folder} | rest),
        says,
        STEPS,
        junk=({"maintenance_id": "M-1", "node_id": '"', "stage": "asleep", "occurred_at": "soon"}, {"stage": "\x00"}),
        over_http=False,
    )
