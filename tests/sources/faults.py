"""Every way in which a source fails over HTTP, and what is then said of it."""

import time
from collections.abc import Callable

from tests.sources.loopback import Handler, Loopback

TOKEN = "s3cret-t0ken"


def drips(handler: Handler) -> None:
    """A body that never comes to its end, byte by byte."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.05)


def drips_its_header(handler: Handler) -> None:
    """A header that never comes to its end, byte by byte."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    for _ in range(100):
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.05)


def never_ends(handler: Handler) -> None:
    """A body of 100 MB."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000000")
    handler.end_headers()
    handler.wfile.write(b'{"items": ["')
    for _ in range(100):
        handler.wfile.write(b"x" * 1_000_000)


def breaks_off(handler: Handler) -> None:
    """Less of a body than was promised."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"items": [')
    handler.wfile.flush()
    handler.close_connection = True


def body(text: bytes, kind: str = "application/json") -> Callable[[Handler], None]:
    """This body, whatever it is."""
    return lambda handler: handler.send_body(200, text, kind)


def status(code: int, **headers: str) -> Callable[[Handler], None]:
    """This status, with a page of HTML as proxies send it, which repeats the token."""
    return lambda handler: handler.send_body(code, f"<html>{TOKEN}</html>".encode(), "text/html", **headers)


FAULTS: dict[str, tuple[Callable[[Handler], None], str]] = {
    "401": (status(401), "refused the credential (401): renew what the environment variable THEIR_TOKEN holds"),
    "403": (status(403), "forbids this (403): grant the owner of the environment variable THEIR_TOKEN"),
    "404": (status(404), "has nothing at that address (404): correct the url"),
    "418": (status(418), "answered 418"),
    "429": (status(429, Retry_After="120"), "is asked too often (429)"),
    "500": (status(500), "has a fault of its own (500)"),
    "503": (status(503, Retry_After="Mon, 02 Mar 2026 00:10:00 GMT"), "has a fault of its own (503)"),
    "time-out in the body": (drips, "did not answer within 1 s"),
    "time-out in the header": (drips_its_header, "did not answer within 1 s"),
    "broken off": (breaks_off, "broke off in the middle of its answer"),
    "truncated JSON": (body(b'{"items": ['), "answered with broken JSON"),
    "not a number": (body(b'{"items": [NaN]}'), "answered with broken JSON"),
    "too deep": (body(b"[" * 100_000), "answered with broken JSON"),
    "other JSON": (body(b'{"other": 1}'), "has no list in the field 'items'"),
    "HTML": (body(b"\n<!doctype html><p>log in", "text/html"), "a web page instead of JSON"),
    "too large": (body(b'{"items": ["' + b"x" * 300_000 + b'"]}'), "more than 0.2 MB"),
    "100 MB": (never_ends, "more than 0.2 MB"),
    "redirect elsewhere": (status(302, Location="http://169.254.169.254/latest"), "only the configured host is asked"),
    "redirect in circles": (status(302, Location="/items"), "redirects in circles"),
}


def patience(name: str) -> int:
    """Seconds for a source that fails in this way: few only where they have to run out, since machines may be slow."""
    return 1 if "time-out" in name else 15


def fail(server: Loopback, name: str) -> str:
    """Has the server fail in this way; returns what must be said of it."""
    server.reply, words = FAULTS[name]
    return words
