"""Routes of ours on a real server on loopback."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

PATIENCE_SECONDS = 20


@dataclass(frozen=True)
class Served:
    """Where it is, and how to ask it."""

    port: int

    def ask(self, method: str, path: str, **how: Any) -> requests.Response:
        """One request on a connection of its own."""
        return requests.request(method, f"http://127.0.0.1:{self.port}{path}", timeout=PATIENCE_SECONDS, **how)

    def post(self, path: str, **how: Any) -> requests.Response:
        return self.ask("POST", path, **how)


@contextmanager
def served(*routes: Route) -> Iterator[Served]:
    """Serves for the length of a test."""
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=list(routes)), port=0, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + PATIENCE_SECONDS
    while not server.started:
        assert time.monotonic() < until, "the server did not start"
        time.sleep(0.01)
    try:
        yield Served(server.servers[0].sockets[0].getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(PATIENCE_SECONDS)
