"""The first page as viewers' clients see it, beside a page with one table, in alternation."""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from bench.goals import Goal
from bench.processes import Server, bare, ours, serving
from bench.viewers import Seen, look
from dashboard.jobs.forecast import open_ids
from dashboard.log.database import open_log, reading
from dashboard.log.tables import forecasts

BARE = "one table"
MOST_BESIDE_BARE, MOST_BESIDE_TENTH, MOST_FIRST_KIB = 1.0, 1.2, 300.0
PATIENCE_SECONDS, POLL_SECONDS = 300.0, 1.0
LINE = "{:<24}{:>8}{:>9}{:>9}{:>10}{:>11}{:>11}"


@dataclass(frozen=True, slots=True)
class Look:
    """What so many viewers saw of one server."""

    name: str
    viewers: int
    seen: Seen

    def __str__(self) -> str:
        seen = self.seen
        figures = [f"{each:,.0f}" for each in (seen.p50_ms, seen.p95_ms, seen.first_ms, seen.first_kib, seen.again_kib)]
        return LINE.format(self.name, self.viewers, *figures)


def measure(logs: Sequence[tuple[str, str]], viewers: Sequence[int], reruns: int, scratch: Path) -> list[Look]:
    """Serves each log (its name, its URL) and the bare page at once, and looks at one after the other."""
    with ExitStack() as stack:
        # The bare page runs elsewhere, so that it does not take our settings for its own.
        servers = {BARE: stack.enter_context(serving(bare(), cwd=scratch))}
        for name, url in logs:
            servers[name] = stack.enter_context(serving(ours(url)))
            print(f"{name}: {until_forecast(url)}", flush=True)
        for server in servers.values():
            look(server.port, 1, 1)  # nobody's first visit pays for the imports
        found = list(_looks(servers, viewers, reruns))
        for name, server in servers.items():
            print(f"{name}: the server held {server.peak_mib():,.0f} MiB at most")
    return found


def _looks(servers: dict[str, Server], viewers: Sequence[int], reruns: int) -> Iterator[Look]:
    print(LINE.format("", "viewers", "p50 ms", "p95 ms", "first ms", "first KiB", "rerun KiB"))
    for count in viewers:
        for name, server in servers.items():
            made = Look(name, count, look(server.port, count, reruns))
            print(made, flush=True)
            yield made


def until_forecast(url: str) -> str:
    """Waits until every open maintenance has a forecast, and says how long that took, or that it did not come."""
    began, engine = time.monotonic(), open_log(url)
    try:
        while (waited := time.monotonic() - began) < PATIENCE_SECONDS:
            with reading(engine) as connection:
                made = connection.scalar(select(func.count(forecasts.c.maintenance_id.distinct()))) or 0
                if made >= len(open_ids(connection)):
                    return f"{made:,} forecasts, {waited:.0f} s after the server answered"
            time.sleep(POLL_SECONDS)
        return f"NO forecasts within {PATIENCE_SECONDS:.0f} s; the figures are of a page without them"
    finally:
        engine.dispose()


def goals(looks: Sequence[Look]) -> Iterator[Goal]:
    """Reruns beside the bare page and beside a tenth of the history; the size of the first load."""
    seen = {(each.name, each.viewers): each.seen for each in looks}
    counts = sorted({each.viewers for each in looks})
    names = [name for name in dict.fromkeys(each.name for each in looks) if name != BARE]
    for count in counts:
        for name in names:
            ratio = seen[name, count].p50_ms / seen[BARE, count].p50_ms
            yield Goal(f"rerun beside {BARE}, {name}, {count} viewers", ratio, MOST_BESIDE_BARE)
        if len(names) > 1:
            full, tenth = (seen[name, count].p50_ms for name in names[:2])
            yield Goal(f"rerun, {names[0]} beside {names[1]}, {count} viewers", full / tenth, MOST_BESIDE_TENTH)
    for name in names:
        size = max(seen[name, count].first_kib for count in counts)
        yield Goal(f"first load, {name}", size, MOST_FIRST_KIB, "KiB")
