"""`make bench`: the dashboard beside what it is built on, in one run on one machine.

    python -m bench.run [--scale 0.02] [--reruns 8] [--viewers 1 20 50]

Read the ratios: the milliseconds are those of the machine at that moment.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.appending import FACTS, append_and_see
from bench.loading import Loading, load
from bench.processes import Run, bare, ours, run, serving
from bench.viewers import Seen, look
from bench.world import write_world

HISTORIES = {"all of the history": 1.0, "a tenth of it": 0.1}
GOAL_IMPORT, GOAL_APPEND_MS, GOAL_FIRST_KIB = 4.0, 100.0, 300.0
PAGE = "{:<24}{:>8}{:>10}{:>10}{:>9}{:>12}{:>11}{:>11}"


@dataclass(frozen=True, slots=True)
class Log:
    """One imported and forecast log."""

    name: str
    database: Path
    loading: Loading
    forecasting: Run

    @property
    def url(self) -> str:
        """Its address."""
        return f"sqlite:///{self.database}"


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description="How fast, as ratios taken side by side.")
    parser.add_argument("--scale", type=float, default=1.0, help="of the fleet and its maintenances; 0.02 to try it")
    parser.add_argument("--reruns", type=int, default=8, help="by each viewer")
    parser.add_argument("--viewers", type=int, nargs="+", default=[1, 20, 50])
    said = parser.parse_args()
    if not shutil.which("sqlite3"):
        sys.exit("The import is measured against SQLite's shell: install sqlite3 (Debian: apt-get install sqlite3)")
    with tempfile.TemporaryDirectory(prefix="dashboard-bench-") as scratch:
        logs = [_prepare(Path(scratch), name, said.scale) for name in HISTORIES]
        _tell_loading(logs)
        _pages(logs, said.viewers, said.reruns, Path(scratch))
        _tell_appending(logs)


def _prepare(scratch: Path, name: str, scale: float) -> Log:
    folder = scratch / f"dataset-{HISTORIES[name]}"
    world = write_world(folder, datetime.now(UTC), scale, HISTORIES[name])
    print(f"{name}: {world}", flush=True)
    database = folder.with_suffix(".db")
    loading = load(folder, database)
    shutil.rmtree(folder)
    command = [sys.executable, "-m", "dashboard.cli", "eta", "--database", f"sqlite:///{database}"]
    return Log(name, database, loading, run(command))


def _tell_loading(logs: Sequence[Log]) -> None:
    print("\nImport, beside SQLite's shell loading the same files into bare indexed tables")
    print(f"{'':<24}{'shell':>14}{'import':>10}{'ratio':>8}{'goal':>6}{'shell peak':>14}{'import peak':>14}")
    for log in logs:
        shell, imported = log.loading.shell, log.loading.ours
        print(
            f"{log.name:<24}{f'{shell[0].seconds:.1f}, {shell[1].seconds:.1f} s':>14}{imported.seconds:>8.1f} s"
            f"{log.loading.ratio:>8.1f}{GOAL_IMPORT:>6.0f}{shell[0].peak_mib:>10.0f} MiB{imported.peak_mib:>10.0f} MiB"
        )
    print("\nForecasting every open maintenance for the first time")
    for log in logs:
        print(f"{log.name:<24}{log.forecasting.seconds:>12.1f} s, peak {log.forecasting.peak_mib:,.0f} MiB")


def _pages(logs: Sequence[Log], viewers: Sequence[int], reruns: int, scratch: Path) -> None:
    print("\nThe first page, beside a page with one table (first load and rerun: KiB as the page is sent)")
    print(PAGE.format("", "viewers", "p50 ms", "p95 ms", "ratio", "first ms", "first KiB", "rerun KiB"), flush=True)
    peaks = []
    for log in logs:
        # The bare page runs elsewhere, so that it does not take our settings for its own.
        with serving(bare(), cwd=scratch) as plain, serving(ours(log.url)) as server:
            for each in (plain, server):
                look(each.port, 1, 1)  # nobody's first visit pays for the imports
            for count in viewers:
                beside = look(plain.port, count, reruns)
                _tell_page("one table", count, beside, beside)
                _tell_page(log.name, count, look(server.port, count, reruns), beside)
            peaks.append((log.name, server.peak_mib(), plain.peak_mib()))
    print(f"{'goal':<24}{'':>8}{'':>10}{'':>10}{'':>9}{'':>12}{GOAL_FIRST_KIB:>11.0f}")
    print("\nMost memory that a server held")
    for name, ours_mib, plain_mib in peaks:
        print(f"{name:<24}{ours_mib:>10,.0f} MiB, beside one table {plain_mib:,.0f} MiB")


def _tell_page(name: str, viewers: int, seen: Seen, beside: Seen) -> None:
    ratio = f"{seen.p50_ms / beside.p50_ms:.1f}"
    sizes = f"{seen.first_kib:.0f}", f"{seen.again_kib:.0f}"
    times = f"{seen.p50_ms:.0f}", f"{seen.p95_ms:.0f}", ratio, f"{seen.first_ms:.0f}"
    print(PAGE.format(name, viewers, *times, *sizes), flush=True)


def _tell_appending(logs: Sequence[Log]) -> None:
    print(f"\n{FACTS:,} transitions, from append until seen in the current state (goal {GOAL_APPEND_MS:.0f} ms)")
    for log in logs:
        print(f"{log.name:<24}{1000 * append_and_see(log.url):>10.0f} ms")


if __name__ == "__main__":
    main()
