"""What goes wrong around a source, for real: it is said, nothing is lost, nothing comes twice, and it recovers."""

import socket
import ssl
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from dashboard.errors import LogUnavailable
from dashboard.jobs.collect import Collector, How
from dashboard.jobs.examine import examine
from dashboard.log import database
from dashboard.log.aside import count_by_source
from dashboard.log.database import migrate, open_log, reading, writing
from dashboard.model.scope import Scope
from dashboard.views.sources import what_comes_in
from tests.jobs.test_collect import BACK, CORDONED, START, Clock, api, collector, position, state, transitions
from tests.sources.loopback import Loopback, loopback
from tests.sources.test_http import certificate

__all__ = ["certificate"]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_a_server_that_is_down_and_comes_back(engine: Engine) -> None:
    """It refuses the connection; then it listens again, on the same port."""
    clock, port = Clock(), free_port()
    source = collector(engine, api(f"http://127.0.0.1:{port}/items"), clock)
    with loopback(port=port) as server:
        server.says({"items": [CORDONED]})
        source.poll()
    recovers(
        engine, source, clock, "refuses the connection: is it up, and the port right?", lambda: loopback(port=port)
    )


def test_a_name_that_is_not_resolved_for_a_while(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, port, real = Clock(), free_port(), socket.getaddrinfo
    names = {"fleet.example": "127.0.0.1"}

    def resolve(host: Any, *args: Any, **rest: Any) -> Any:
        if host == "fleet.example" and host not in names:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return real(names.get(str(host), host), *args, **rest)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    source = collector(engine, api(f"http://fleet.example:{port}/items", token=None), clock)
    with loopback(port=port) as server:
        server.says({"items": [CORDONED]})
        source.poll()
    names.clear()

    def resolved() -> Any:
        names["fleet.example"] = "127.0.0.1"
        return loopback(port=port)

    recovers(engine, source, clock, "has a name that cannot be resolved: check the url and the DNS", resolved)


@pytest.mark.parametrize("theirs", ["distrusted", "none"])
def test_a_certificate_that_is_wrong_for_a_while(
    engine: Engine, certificate: Path, tmp_path: Path, theirs: str
) -> None:
    """One that nobody signed, or a server that speaks no TLS; then the right one is back."""
    clock, port = Clock(), free_port()
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(certificate.read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    source = collector(engine, api(f"https://127.0.0.1:{port}/items", ca_file=trusted), clock)
    with loopback(context, port=port) as server:
        server.says({"items": [CORDONED]})
        source.poll()
    if theirs == "distrusted":
        trusted.write_bytes(Path(ssl.get_default_verify_paths().openssl_cafile or "").read_bytes())

    def right() -> Any:
        trusted.write_bytes(certificate.read_bytes())
        return loopback(context, port=port)

    words = {"distrusted": "shows a certificate that is not trusted", "none": "cannot be spoken to by TLS"}[theirs]
    with loopback(context if theirs == "distrusted" else None, port=port):
        failed = source.poll()
    assert words in failed.error
    recovers(engine, source, clock, "", right)


def recovers(engine: Engine, source: Collector, clock: Clock, words: str, right: Callable[[], Any]) -> None:
    """It fails in these words, and then brings what it missed, once."""
    failed = source.poll()
    during = state(engine)
    clock.at = failed.due_at
    with right() as server:
        server.says({"items": [CORDONED, BACK]})
        done = source.poll()

    assert (failed.how, during.error) == (How.FAILED, failed.error)
    assert words in failed.error
    assert (done.how, done.new, state(engine).error) == (How.DONE, 1, "")
    assert transitions(engine) == ["cordoned", "in_service"]


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (1, "its clock is 60 min ahead of ours, and so are its times: set whichever is wrong by NTP"),
        (-1, "its clock is 60 min behind ours"),
        (-6474, "its clock is 6,474 h behind ours"),
    ],
)
def test_a_clock_that_is_off_is_said_and_costs_no_fact(
    engine: Engine, server: Loopback, hours: int, words: str
) -> None:
    """Theirs or ours, as the date of their answers shows: until it is set right, and once each pages are woken."""
    clock = Clock()
    source = collector(engine, api(server.url), clock)
    dated(server, {"items": [CORDONED]}, clock, hours)
    first, again = source.poll(), source.poll()
    during, woken = state(engine), position(engine)
    with reading(engine) as connection:
        shown = what_comes_in(connection, Scope(), clock())
    found = examine(api(server.url), clock())
    dated(server, {"items": [CORDONED, BACK]}, clock, 0)
    after = source.poll()

    assert (first.how, again.how, first.new) == (How.DONE, How.DONE, 2)
    assert words in first.error
    assert (during.error, during.failures, during.succeeded_at) == (first.error, 0, during.attempted_at)
    assert shown.sentence == "The one source answers. fleet brings only a part, or what is in doubt."
    assert shown.failing[0].startswith(first.error)
    assert (found.sound, found.words) == (False, first.error)
    assert (after.new, after.error, state(engine).error, state(engine).failing_since) == (1, "", "", None)
    assert position(engine) > woken
    assert transitions(engine) == ["cordoned", "in_service"]


def dated(server: Loopback, value: Any, clock: Clock, hours: int) -> None:
    at = format_datetime(clock() + timedelta(hours=hours), usegmt=True)
    server.says(value, Date=at)


def test_what_a_cache_answers_with_is_as_old_as_it_says(engine: Engine, server: Loopback) -> None:
    at = format_datetime(START - timedelta(hours=1), usegmt=True)
    server.says({"items": [CORDONED]}, Date=at, Age="3590")

    assert collector(engine, api(server.url), Clock()).poll().error == ""


def test_facts_from_the_future_are_kept_as_far_as_clocks_differ(engine: Engine, server: Loopback) -> None:
    """An hour ahead is a fact; two days ahead cannot be, and is set aside until it is corrected."""
    clock = Clock()
    source = collector(engine, api(server.url), clock)
    soon = CORDONED | {"at": "2026-03-02T01:00:00Z"}
    server.says({"items": [soon, BACK | {"at": "2026-03-04T00:00:00Z"}]})
    first = source.poll()
    server.says({"items": [soon, BACK | {"at": "2026-03-02T02:00:00Z"}]})
    second = source.poll()
    with reading(engine) as connection:
        left = count_by_source(connection, ["fleet"])

    assert (first.new, first.set_aside, second.new, left) == (2, 1, 1, {"fleet": 0})
    assert transitions(engine) == ["cordoned", "in_service"]


def test_a_sqlite_that_somebody_else_has_locked(
    sqlite_database: str, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backup that takes longer than we wait: it is said, and when it is done, all of it comes."""
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    engine, other = open_log(sqlite_database), open_log(sqlite_database)
    with closing_engines(engine, other):
        migrate(engine)
        source = collector(engine, api(server.url), Clock())
        server.says({"items": [CORDONED]})
        source.poll()
        server.says({"items": [CORDONED, BACK]})

        with writing(other), pytest.raises(LogUnavailable, match="database is locked"):
            source.poll()
        done = source.poll()

        assert (done.how, done.new) == (How.DONE, 1)
        assert transitions(engine) == ["cordoned", "in_service"]


def closing_engines(*engines: Engine) -> Any:
    class All:
        def close(self) -> None:
            for each in engines:
                each.dispose()

    return closing(All())
