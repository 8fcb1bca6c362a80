"""An import beside what cannot be beaten: SQLite's own shell, loading the same files into bare tables."""

import sys
from dataclasses import dataclass
from pathlib import Path

from bench.goals import Goal
from bench.processes import Run, run
from bench.world import HEADERS

MOST_TIMES = 4.0
INDEXED = {
    "node_transitions": "maintenance_id, node_id",
    "maintenance_nodes": "maintenance_id, node_id",
    "nodes": "node_id",
}


@dataclass(frozen=True, slots=True)
class Loading:
    """Both, one after the other; the shell before and after, as the machine may be busier at one time."""

    name: str
    shell: tuple[Run, Run]
    ours: Run

    @property
    def ratio(self) -> float:
        """How many times longer ours takes."""
        return self.ours.seconds / (sum(each.seconds for each in self.shell) / len(self.shell))

    def goals(self) -> list[Goal]:
        """How often the shell could do it meanwhile."""
        return [Goal(f"import, beside SQLite's shell, {self.name}", self.ratio, MOST_TIMES)]

    def __str__(self) -> str:
        before, after = self.shell
        return (
            f"import, {self.name}: {self.ours.seconds:.1f} s, peak {self.ours.peak_mib:,.0f} MiB; "
            f"shell {before.seconds:.1f} and {after.seconds:.1f} s, peak {before.peak_mib:,.0f} MiB"
        )


def load(name: str, folder: Path, database: Path) -> Loading:
    """Imports the dataset into a new database at `database`, which is kept."""
    before = _shell(folder, database.with_suffix(".bare"))
    imported = import_dataset(folder, database)
    return Loading(name, (before, _shell(folder, database.with_suffix(".bare"))), imported)


def import_dataset(folder: Path, database: Path) -> Run:
    """Our import alone."""
    return run([sys.executable, "-m", "dashboard.cli", "import", str(folder), "--database", f"sqlite:///{database}"])


def _shell(folder: Path, database: Path) -> Run:
    lines = []
    for name, header in HEADERS.items():
        lines.append(f"CREATE TABLE {name} ({header.replace(',', ' TEXT, ')} TEXT);")
        if name in INDEXED:
            lines.append(f"CREATE INDEX {name}_by ON {name} ({INDEXED[name]});")
        lines.append(f'.import --csv --skip 1 "{folder / f"{name}.csv"}" {name}')
    loaded = run(["sqlite3", "-bail", str(database)], "\n".join(lines) + "\n")
    database.unlink()
    return loaded
