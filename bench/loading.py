"""An import beside what cannot be beaten: SQLite's own shell, loading the same files into bare tables."""

import sys
from dataclasses import dataclass
from pathlib import Path

from bench.processes import Run, run
from bench.world import HEADERS

INDEXES = (
    "CREATE INDEX node_transitions_of ON node_transitions (maintenance_id, node_id);",
    "CREATE UNIQUE INDEX nodes_by_id ON nodes (node_id);",
)


@dataclass(frozen=True, slots=True)
class Loading:
    """Both, one after the other; the shell before and after, as the machine may be busier at one time."""

    shell: tuple[Run, Run]
    ours: Run

    @property
    def ratio(self) -> float:
        """How many times longer ours takes."""
        return self.ours.seconds / (sum(each.seconds for each in self.shell) / len(self.shell))


def load(folder: Path, database: Path) -> Loading:
    """Imports the dataset into a new database at `database`, which is kept."""
    before = _shell(folder, database.with_suffix(".bare"))
    command = [sys.executable, "-m", "dashboard.cli", "import", str(folder), "--database", f"sqlite:///{database}"]
    imported = run(command)
    return Loading((before, _shell(folder, database.with_suffix(".bare"))), imported)


def _shell(folder: Path, database: Path) -> Run:
    imports = [f'.import --csv "{folder / f"{name}.csv"}" {name}' for name in HEADERS]
    loaded = run(["sqlite3", "-bail", str(database)], "\n".join([*imports, *INDEXES]) + "\n")
    database.unlink()
    return loaded
