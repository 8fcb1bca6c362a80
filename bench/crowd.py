"""Two hundred people watch: several processes of the app behind one proxy that keeps each with the process it met."""

import asyncio
import http.client
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from bench.goals import Goal
from bench.pages import until_forecast
from bench.processes import Server, free_port, ours, serving, wait_for
from bench.viewers import Seen, Viewer, connected, look, together
from bench.world import SEED

VIEWERS, PROCESSES, MOST_SECONDS = 200, 4, 1.0
THINK_SECONDS, BEAT_SECONDS = 10.0, 5.0  # a person asks again, on average; an open page looks for news by itself
ARRIVE_SECONDS = 20.0
REPEATS = 4

CONFIGURATION = """
global
    maxconn 2000
defaults
    mode http
    timeout connect 5s
    timeout client 10m
    timeout server 10m
    timeout tunnel 10m
frontend all
    bind 127.0.0.1:{port}
    default_backend apps
backend apps
    balance leastconn
    cookie PROCESS insert indirect nocache httponly
{servers}
"""


@dataclass(frozen=True, slots=True)
class Crowd:
    """What all of them saw."""

    seen: Seen
    apart: tuple[int, ...]  # viewers of each process

    def goals(self) -> list[Goal]:
        """What one rerun in twenty takes longer than."""
        what = f"{VIEWERS} viewers, {PROCESSES} processes behind a proxy, p95"
        return [Goal(what, self.seen.p95_ms / 1000, MOST_SECONDS, "s")]

    def __str__(self) -> str:
        seen = self.seen
        return (
            f"{VIEWERS} viewers, {' + '.join(map(str, self.apart))} to a process, each asking every "
            f"{THINK_SECONDS:g} s or so: "
            f"p50 {seen.p50_ms:,.0f} ms, p95 {seen.p95_ms:,.0f} ms, first {seen.first_ms:,.0f} ms"
        )


def missing() -> str | None:
    """What has to be installed first; None where all is there."""
    return None if shutil.which("haproxy") else "haproxy (Debian: apt-get install haproxy)"


def measure(database_url: str) -> Crowd:
    """Serves the log by several processes, and lets the crowd in."""
    with ExitStack() as stack:
        # One of them keeps the worker: more would only take each other's forecasts in hand.
        alone = ["true"] + ["false"] * (PROCESSES - 1)
        apps = [stack.enter_context(serving(ours(database_url), DASHBOARD_ALONE=each)) for each in alone]
        print(f"a crowd: {until_forecast(database_url)}", flush=True)
        for app in apps:
            look(app.port, 1, 1)  # nobody's first visit pays for the imports
        port = stack.enter_context(_proxy(apps))
        return asyncio.run(_all(port))


@contextmanager
def _proxy(apps: Sequence[Server]) -> Iterator[int]:
    port = free_port()
    servers = "\n".join(f"    server app{i} 127.0.0.1:{each.port} cookie app{i}" for i, each in enumerate(apps))
    with tempfile.TemporaryDirectory(prefix="dashboard-proxy-") as folder, tempfile.TemporaryFile() as output:
        path = Path(folder, "haproxy.cfg")
        path.write_text(CONFIGURATION.format(port=port, servers=servers), encoding="utf-8")
        process = subprocess.Popen(["haproxy", "-db", "-f", str(path)], stdout=output, stderr=subprocess.STDOUT)
        try:
            wait_for(port, process, output)
            yield port
        finally:
            process.terminate()
            process.wait(timeout=20)


async def _all(port: int) -> Crowd:
    waits = [i * ARRIVE_SECONDS / VIEWERS for i in range(VIEWERS)]
    chance = Random(SEED)
    visits = await asyncio.gather(*(_one(port, wait, _thoughts(chance)) for wait in waits))
    met = [cookie for cookie, _ in visits]
    apart = tuple(met.count(each) for each in sorted(set(met)))
    return Crowd(together([seen for _, seen in visits]), apart)


def _thoughts(chance: Random) -> list[float]:
    """How long a person thinks before each question: people do not ask in step."""
    return [chance.uniform(0.5, 1.5) * THINK_SECONDS for _ in range(1 + REPEATS)]


async def _one(port: int, wait: float, thoughts: Sequence[float]) -> tuple[str, Seen]:
    """Comes in as a browser does: the proxy's cookie first, then a session that asks again and beats in between."""
    await asyncio.sleep(wait)
    cookie = await asyncio.to_thread(_cookie, port)
    async with connected(port, cookie) as connection:
        viewer = Viewer(connection)
        first, again, beats = await viewer.ask(), [], []
        for thought in thoughts:
            for _ in range(int(thought // BEAT_SECONDS)):
                await asyncio.sleep(BEAT_SECONDS)
                beats.append(await viewer.beat())
            await asyncio.sleep(thought % BEAT_SECONDS)
            again.append(await viewer.ask())
        return cookie, Seen([first], again[1:], [each for each in beats if each])


def _cookie(port: int) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", "/")
        answer = connection.getresponse()
        answer.read()
        return (answer.getheader("Set-Cookie") or "").split(";")[0]
    finally:
        connection.close()
