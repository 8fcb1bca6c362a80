"""`make bench`: the dashboard beside what it is built on, in one run on one machine.

    python -m bench.run [--scale 0.02] [--only import,page,rooms,crowd,forecast,append,listing,taking-in]
                        [--reruns 8] [--viewers 1 20 50]

Read the ratios: the milliseconds are those of the machine at that moment. Nothing is asserted.
"""

import argparse
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from bench import crowd, listing, pages, rooms, taking_in
from bench.appending import append_and_see
from bench.forecasting import forecast
from bench.goals import Goal, tell
from bench.loading import import_dataset, load
from bench.world import SEED, write_world
from dashboard.model.instants import read_instant

HISTORIES = {"full log": 1.0, "a tenth of it": 0.1}
PARTS = ("import", "page", "rooms", "crowd", "forecast", "append", "listing", "taking-in")
OF_THE_LOG = set(PARTS) - {"listing", "taking-in"}


def _parts(text: str) -> list[str]:
    chosen = text.split(",")
    wrong = [each for each in chosen if each not in PARTS]
    if wrong:
        raise argparse.ArgumentTypeError(f"{wrong[0]!r} is none of {', '.join(PARTS)}")
    return chosen


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description="How fast, as ratios taken side by side.")
    parser.add_argument("--scale", type=float, default=1.0, help="of the fleet and its maintenances; 0.02 to try it")
    parser.add_argument("--only", type=_parts, default=list(PARTS), help=f"{', '.join(PARTS)}; several with commas")
    parser.add_argument("--reruns", type=int, default=8, help="by each viewer")
    parser.add_argument("--viewers", type=int, nargs="+", default=[1, 20, 50])
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--now", type=read_instant, default=datetime.now(UTC), help="recorded up to then")
    said = parser.parse_args()
    if "import" in said.only and not shutil.which("sqlite3"):
        sys.exit("The import is measured against SQLite's shell: install sqlite3 (Debian: apt-get install sqlite3)")
    if "crowd" in said.only and (what := crowd.missing()):
        sys.exit(f"The crowd comes through a proxy: install {what}")
    with tempfile.TemporaryDirectory(prefix="dashboard-bench-") as scratch:
        tell(_measure(Path(scratch), said))


def _measure(scratch: Path, said: argparse.Namespace) -> list[Goal]:
    goals: list[Goal] = []
    logs: list[tuple[str, str]] = []
    for part, measured in (("listing", listing.measure), ("taking-in", taking_in.measure)):
        if part in said.only:
            found = measured(said.scale)
            print(found, flush=True)
            goals += found.goals()
    if not OF_THE_LOG & set(said.only):
        return goals
    histories = HISTORIES if {"import", "page"} & set(said.only) else dict([next(iter(HISTORIES.items()))])
    for name, history in histories.items():
        folder = scratch / f"dataset-{history}"
        print(f"{name}: {write_world(folder, said.now, said.scale, history, said.seed)}", flush=True)
        database = folder.with_suffix(".db")
        if "import" in said.only:
            loading = load(name, folder, database)
            print(loading, flush=True)
            goals += loading.goals() if history == 1.0 else []  # start-up weighs more in less
        else:
            import_dataset(folder, database)
        shutil.rmtree(folder)
        logs.append((name, f"sqlite:///{database}"))
    if "page" in said.only:
        goals += pages.goals(pages.measure(logs, said.viewers, said.reruns, scratch))
    if "rooms" in said.only:
        goals += rooms.goals(rooms.measure(logs[0][1], said.viewers, said.reruns, scratch))
    if "crowd" in said.only:
        met = crowd.measure(logs[0][1])
        print(met, flush=True)
        goals += met.goals()
    if "forecast" in said.only:
        made = forecast(logs[0][1])
        print(made, flush=True)
        goals += made.goals()
    if "append" in said.only:  # last: it adds to the log that the pages are measured on
        seen = append_and_see(logs[0][1])
        print(seen, flush=True)
        goals += seen.goals()
    return goals


if __name__ == "__main__":
    main()
