"""Every page as viewers' clients see it, beside a page with one table: reruns, first loads, and what a beat brings."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import func, select

from bench.goals import Goal
from bench.pages import BARE, LINE, MOST_BESIDE_BARE, Look, until_forecast
from bench.processes import bare, ours, serving
from bench.viewers import look
from dashboard.log.database import opened, reading
from dashboard.log.tables import FACT_TABLES, current_stages
from dashboard.pages.house import ROOMS

MOST_FIRST_KIB, MOST_REFRESH_KIB = 500.0, 20.0
REFRESHES = "watch"


def rooms(database_url: str) -> dict[str, str]:
    """Each page's name, and what the address of one that is about something says: what most is known of."""
    stages, clusters = current_stages.c, FACT_TABLES["clusters"].c
    with opened(database_url) as engine, reading(engine) as connection:
        most = select(stages.maintenance_id).where(stages.is_out).group_by(stages.maintenance_id)
        ids = {
            "maintenance": connection.scalar(most.order_by(func.count().desc()).limit(1)),
            "node": connection.scalar(select(stages.node_id).where(stages.is_out).limit(1)),
            "cluster": connection.scalar(select(clusters.cluster_id).limit(1)),
            "provider": connection.scalar(select(clusters.provider_id).limit(1)),
        }
    about = {"maintenance": "maintenance", "node": "node", "cluster": "cluster", "partner": "provider"}
    return {
        each.name: f"{about[each.name]}={ids[about[each.name]] or ''}" if each.name in about else "" for each in ROOMS
    }


def measure(database_url: str, viewers: Sequence[int], reruns: int, scratch: Path) -> list[Look]:
    """Serves the log and the bare page at once, and looks at page after page, at the bare one before and in between."""
    asked = rooms(database_url)
    with ExitStack() as stack:
        plain = stack.enter_context(serving(bare(), cwd=scratch))
        server = stack.enter_context(serving(ours(database_url)))
        print(f"every page: {until_forecast(database_url)}", flush=True)
        look(plain.port, 1, 1)
        for name, query in asked.items():
            look(server.port, 1, 1, _address(name), query)  # what all viewers share is made for the first one
        print(LINE.format("", "viewers", "p50 ms", "p95 ms", "first ms", "first KiB", "rerun KiB"))
        found = []
        for count in viewers:
            for name, query in {BARE: "", **asked}.items():
                port = plain.port if name == BARE else server.port
                made = Look(name, count, look(port, count, reruns, _address(name), query))
                print(made, flush=True)
                found.append(made)
        print(f"every page: the server held {server.peak_mib():,.0f} MiB at most")
    return found


def _address(name: str) -> str:
    """The first page has no name of its own, nor has the bare one."""
    return "" if name in (BARE, ROOMS[0].name) else name


def goals(looks: Sequence[Look]) -> Iterator[Goal]:
    """Reruns beside the bare page; first loads; and what refreshes by itself."""
    seen: Mapping[tuple[str, int], Look] = {(each.name, each.viewers): each for each in looks}
    counts = sorted({each.viewers for each in looks})
    names = [name for name in dict.fromkeys(each.name for each in looks) if name != BARE]
    for name in names:
        for count in counts:
            ratio = seen[name, count].seen.p50_ms / seen[BARE, count].seen.p50_ms
            yield Goal(f"{name}: rerun beside {BARE}, {count} viewers", ratio, MOST_BESIDE_BARE)
    for name in names:
        size = max(seen[name, count].seen.first_kib for count in counts)
        yield Goal(f"{name}: first load", size, MOST_FIRST_KIB, "KiB")
    if REFRESHES in names:
        told = [seen[REFRESHES, count].seen for count in counts]
        beat, again = (max(getattr(each, name) for each in told) for name in ("beat_kib", "again_kib"))
        yield Goal(f"{REFRESHES}: a beat when nothing changed", beat, MOST_REFRESH_KIB, "KiB")
        yield Goal(f"{REFRESHES}: drawn anew, as each minute", again, MOST_REFRESH_KIB, "KiB")
