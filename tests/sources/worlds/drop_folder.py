"""A folder into which notes about two maintenances are dropped."""

import os
from pathlib import Path
from typing import Any

from dashboard.sources.drop_folder import DropFolder
from tests.sources.asked import START
from tests.sources.loopback import Loopback
from tests.sources.notes import calendar, note
from tests.sources.worlds import World

OTHER = calendar(note(reference="CHG-2", objects=("n-2",)))


def world(_: Loopback, folder: Path) -> World:
    def says(records: Any) -> None:
        for path in folder.glob("*.ics"):
            path.unlink()
        for number, raw in enumerate(records):
            path = folder / f"{number}.ics"
            path.write_bytes(raw)
            os.utime(path, (START.timestamp(), START.timestamp()))

    return World(
        lambda **rest: DropFolder.model_validate(
            {"name": "w", "type": "drop_folder", "folder": folder, "provider": "nimbus"} | rest
        ),
        says,
        ([calendar(note(objects=("n-1",))), OTHER], [calendar(note(sequence=1, status="COMPLETED")), OTHER], []),
        junk=(),
        over_http=False,
    )
