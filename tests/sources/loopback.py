"""A real HTTP server on loopback that answers as a test says, and remembers what it was asked."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Asked:
    """One request."""

    path: str
    params: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""
    method: str = "GET"


Reply = Callable[["Handler"], None]


@dataclass
class Loopback:
    """`reply` answers every request, and may be exchanged at any time."""

    url: str = ""
    reply: Reply = field(default=lambda handler: handler.send_json({}))
    asked: list[Asked] = field(default_factory=list)

    def says(self, value: Any, **headers: str) -> None:
        """Answers with this JSON from now on."""
        self.reply = lambda handler: handler.send_json(value, **headers)

    def fails(self, status: int, **headers: str) -> None:
        """Answers with this status from now on."""
        self.reply = lambda handler: handler.send_body(status, b"{}", **headers)


class Handler(BaseHTTPRequestHandler):
    """Speaks HTTP/1.1, and nothing on the terminal."""

    protocol_version = "HTTP/1.1"
    loopback: Loopback

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        params = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        self.loopback.asked.append(Asked(parts.path, params, headers, body, self.command))
        self.loopback.reply(self)

    do_POST = do_HEAD = do_GET  # noqa: N815

    def send_response(self, code: int, message: str | None = None) -> None:
        """Without the date of the machine: a test has a clock of its own, and says so where a server's differs."""
        self.send_response_only(code, message)

    def send_json(self, value: Any, **headers: str) -> None:
        self.send_body(200, json.dumps(value).encode(), **headers)

    def send_body(self, status: int, body: bytes, kind: str = "application/json", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def loopback(tls: Any = None, port: int = 0) -> Iterator[Loopback]:
    """A server for the length of a test; over TLS with an `ssl.SSLContext`, on any free port where none is given."""
    found = Loopback()

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, *_: Any) -> None:  # a client that hangs up is what some tests are about
            pass

    server = Server(("127.0.0.1", port), type("Bound", (Handler,), {"loopback": found}))
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    found.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
