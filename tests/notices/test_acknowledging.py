"""A link acknowledges only when its button is pressed, only while it is good, and only a message of ours."""

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import Engine
from starlette.applications import Starlette
from starlette.routing import Route

from dashboard.jobs.notify import Notifier
from dashboard.log.append import append
from dashboard.log.database import appending, reading
from dashboard.log.outbox import acknowledge, read_message
from dashboard.model.instants import micros
from dashboard.model.scope import Scope
from dashboard.notices.channels.webhook import Webhook
from dashboard.notices.links import read_token, token
from dashboard.options import Secret
from dashboard.views.notices import who_was_told
from dashboard.views.notifier import notifier_health
from tests.notices.places import NOW, START, courier, plan_of, settled, tell, written
from tests.sources.loopback import Loopback

WEEK = timedelta(days=7)


@pytest.fixture
def database_url(sqlite_database: str) -> str:
    """One database will do."""
    return sqlite_database


@pytest.fixture
def client(engine: Engine, sqlite_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Client":
    """The route as the app has it, on a log with one message."""
    from dashboard import acknowledging
    from dashboard.answers import answers

    settled(engine, title="<b>Firmware</b>")
    Notifier(engine, plan_of(hook("http://127.0.0.1:9/"))).step(NOW)
    path = tmp_path / "dashboard.toml"
    path.write_text('[notices]\nbase_url = "https://dash.example"\nsecret_env = "SIGNS"\n')
    monkeypatch.setenv("SIGNS", "k")
    monkeypatch.setenv("DASHBOARD_CONFIG", str(path))
    monkeypatch.setenv("DASHBOARD_DATABASE_URL", sqlite_database)
    answers.cache_clear()
    route = Route("/acknowledge/{token}", acknowledging.acknowledging, methods=["GET", "POST"])
    return Client(Starlette(routes=[route]))


@dataclass
class Answer:
    """What came back."""

    status_code: int
    text: str
    headers: dict[str, str]


@dataclass
class Client:
    """Asks an ASGI application as a server would."""

    app: Starlette

    def get(self, path: str) -> Answer:
        return asyncio.run(self._ask("GET", path, b""))

    def post(self, path: str, data: dict[str, str] | None = None, content: bytes = b"") -> Answer:
        return asyncio.run(self._ask("POST", path, urlencode(data).encode() if data else content))

    async def _ask(self, method: str, path: str, body: bytes) -> Answer:
        told: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            told.append(message)

        scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b"",
                 "headers": [], "http_version": "1.1", "scheme": "http", "root_path": ""}  # fmt: skip
        await self.app(scope, receive, send)
        text = b"".join(each.get("body", b"") for each in told[1:]).decode()
        headers = {name.decode(): value.decode() for name, value in told[0]["headers"]}
        return Answer(told[0]["status"], text, headers)


def hook(url: str) -> Webhook:
    return Webhook(name="hook", url=Secret.holding("t", url), secret=Secret.holding("t", "s"))


def key(engine: Engine) -> str:
    return str(written(engine)[0].message)


def acknowledged(engine: Engine) -> str:
    with reading(engine) as connection:
        row = read_message(connection, key(engine))
    return str(row["who"] or "") if row else ""


def test_looking_at_a_link_acknowledges_nothing_and_its_button_does(engine: Engine, client: Client) -> None:
    link = f"/acknowledge/{token('k', key(engine), datetime.now(UTC), WEEK)}"

    looked = client.get(link)
    before = acknowledged(engine)
    pressed = client.post(link, data={"who": "Ada <i>"})

    assert (looked.status_code, before) == (200, "")
    assert "<button>Acknowledge</button>" in looked.text
    assert "<b>" not in looked.text
    assert (pressed.status_code, acknowledged(engine)) == (200, "Ada <i>")
    assert "By Ada &lt;i&gt;" in pressed.text
    assert looked.headers["referrer-policy"] == "no-referrer"


def test_a_second_press_changes_nothing(engine: Engine, client: Client) -> None:
    link = f"/acknowledge/{token('k', key(engine), datetime.now(UTC), WEEK)}"
    client.post(link, data={"who": "Ada"})

    client.post(link, data={"who": "Bob"})

    assert acknowledged(engine) == "Ada"


def test_expired_forged_and_strange_links_acknowledge_nothing(engine: Engine, client: Client) -> None:
    now = datetime.now(UTC)
    old = token("k", key(engine), now - 2 * WEEK, WEEK)
    forged = token("another secret", key(engine), now, WEEK)
    strange = token("k", "no such message", now, WEEK)

    answers = [client.post(f"/acknowledge/{each}") for each in (old, forged, strange, "x")]

    assert [each.status_code for each in answers] == [410, 404, 404, 404]
    assert acknowledged(engine) == ""


def test_a_form_that_is_too_large_is_refused(client: Client) -> None:
    assert client.post("/acknowledge/x", content=b"w" * 20_000).status_code == 413


def test_a_token_is_good_until_it_expires() -> None:
    told = token("k", "m", NOW, WEEK)

    assert read_token("k", told, NOW + WEEK - timedelta(seconds=1)) == ("m", True)
    assert read_token("k", told, NOW + WEEK) == ("m", False)
    assert read_token("other", told, NOW) == ("", False)


def test_acknowledged_it_is_not_repeated_until_it_is_moved(engine: Engine) -> None:
    plan = plan_of(hook("http://127.0.0.1:9/"))
    settled(engine)
    notifier = Notifier(engine, plan)
    notifier.step(NOW)
    with appending(engine) as connection:
        acknowledge(connection, key(engine), NOW, "Ada", "page")

    quiet = notifier.step(NOW + timedelta(hours=5)).notices
    tell(engine, NOW + timedelta(hours=6), start=1_772_625_600_000_000)
    moved = notifier.step(NOW + timedelta(hours=6)).notices

    assert (quiet, moved) == (0, 1)
    assert [row.rung for row in written(engine)] == ["confirmed", "moved"]


def test_the_page_says_who_waits_what_did_not_arrive_and_that_nobody_looks(engine: Engine, server: Loopback) -> None:
    settled(engine)
    plan = plan_of(hook(server.url))
    Notifier(engine, plan).step(NOW)
    server.fails(500)
    courier(engine, plan, "hook").deliver()

    later = NOW + timedelta(hours=1)
    with reading(engine) as connection:
        story = who_was_told(connection, Scope(), later)
        well, late = notifier_health(connection, NOW), notifier_health(connection, later)
        off = notifier_health(connection, later, configured=False)

    assert story.sentence.startswith("1 message waits for somebody to acknowledge and 1 has not arrived.")
    assert [each.audience for each in story.unconfirmed] == ["c on-call"]
    assert "127.0.0.1" in story.failures["said"].iloc[0]
    nobody = story.ladders[story.ladders["not_sent"] == "all: no audience is configured for it"]
    assert set(nobody["audience"]) == {"Foundation models", "Vision", "all"}
    assert (well.late, late.late, off.warning) == (False, True, "")
    assert "the notifier is not running" in late.warning


def test_a_notifier_that_runs_late_catches_up(engine: Engine) -> None:
    """Down until two hours before the start: one notice, with all that it makes good for."""
    settled(engine, start=1_773_057_600_000_000)
    plan = plan_of(hook("http://127.0.0.1:9/"))

    Notifier(engine, plan).step(datetime(2026, 3, 9, 10, tzinfo=UTC))

    (row,) = written(engine)
    labels = [label for label, _ in json.loads(row.covers)]
    assert labels == ["7 d before", "5 d before", "1 d before", "again"]
    assert "which is not certain: its source has said nothing since Mon 2 Mar" in row.words


def test_clocks_that_are_set_back_lose_nothing(engine: Engine) -> None:
    """The order of notices is that of writing, whatever the clock said."""
    settled(engine)
    notifier = Notifier(engine, plan_of(hook("http://127.0.0.1:9/")))
    notifier.step(NOW)
    tell(engine, NOW + timedelta(seconds=1), start=1_772_625_600_000_000)
    notifier.step(NOW - timedelta(hours=1))
    tell(engine, NOW + timedelta(seconds=2), status="cancelled")
    notifier.step(NOW - timedelta(hours=1))

    assert [row.rung for row in written(engine)] == ["confirmed", "moved", "cancelled"]


def test_a_maintenance_told_under_two_names_is_told_on_under_one(engine: Engine) -> None:
    """What an audience heard of one part is not news when the parts become one; that it is cancelled, is."""
    settled(engine)
    same = {"start": micros(START), "end": micros(START + timedelta(hours=30))}
    tell(engine, NOW, "M-0", status="confirmed", **same)
    notifier = Notifier(engine, plan_of(hook("http://127.0.0.1:9/")))
    notifier.step(NOW)
    known = micros(NOW + timedelta(minutes=1))
    with appending(engine) as connection:
        append(connection, {"joins": [("M-1", known, "M-0", "test", "the same")]}, NOW + timedelta(minutes=1), "join")
    joined = notifier.step(NOW + timedelta(minutes=2)).notices
    tell(engine, NOW + timedelta(minutes=3), "M-0", status="cancelled")
    cancelled = notifier.step(NOW + timedelta(minutes=4)).notices

    assert (joined, cancelled) == (0, 1)
