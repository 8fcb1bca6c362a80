"""The same controller's own database."""

from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import create_engine, text

from dashboard.sources.seam import Secret
from dashboard.sources.sql import Sql
from tests.sources.loopback import Loopback
from tests.sources.worlds import World
from tests.sources.worlds.json import FACTS, STEPS

COLUMNS = ("maintenance_id", "node_id", "stage", "occurred_at")
TABLE = f"CREATE TABLE IF NOT EXISTS moves ({', '.join(COLUMNS)})"


def world(_: Loopback, folder: Path) -> World:
    url = f"sqlite:///{folder / 'theirs.db'}"
    held = Secret(where="the file theirs", held=SecretStr(url))

    def says(records: Any) -> None:
        theirs = create_engine(url)
        with theirs.begin() as connection:
            connection.execute(text(TABLE))
            connection.execute(text("DELETE FROM moves"))
            for each in records:
                row = {name: each.get(name) for name in COLUMNS}
                connection.execute(text(f"INSERT INTO moves VALUES ({', '.join(f':{name}' for name in COLUMNS)})"), row)
        theirs.dispose()

    return World(
        lambda **rest: Sql.model_validate(
            {"name": "w", "type": "sql", "url": held, "query": "SELECT * FROM moves", "facts": FACTS} | rest
        ),
        says,
        STEPS,
        junk=({}, {"maintenance_id": "M-1", "node_id": "n-1", "stage": "asleep", "occurred_at": "soon"}),
        over_http=False,
    )
