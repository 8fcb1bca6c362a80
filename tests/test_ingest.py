"""What is pushed is taken once it is durable, from whoever has the secret; all else is refused in a sentence."""

import hashlib
import hmac
import json
import socket
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import Engine, select

from dashboard import answers as door
from dashboard import ingest
from dashboard.log.append import append
from dashboard.log.database import appending, open_log, reading
from dashboard.log.read import history
from dashboard.log.source_states import State, read_state
from dashboard.log.tables import FACT_TABLES, set_aside
from dashboard.model.scope import Scope
from dashboard.views.sources import what_comes_in
from tests.served import Served
from tests.served import served as serving

SECRET, TOKEN = "known-to-two", "shown-to-nobody"
CONFIG = """
[[sources]]
name = "signed"
type = "webhook"
kind = "json"
records = "moves"
secret_env = "SIGNING"
signature_header = "X-Hub-Signature-256"
largest_mb = 0.01
[sources.facts.node_transitions]
maintenance_id = "change"
node_id = "host"
stage = "state"
occurred_at = "at"

[[sources]]
name = "stamped"
type = "webhook"
kind = "json"
secret_env = "SIGNING"
timestamp_header = "X-Timestamp"
[sources.facts.node_transitions]
maintenance_id = "change"
node_id = "host"
stage = "state"
occurred_at = "at"

[[sources]]
name = "page"
type = "webhook"
kind = "statuspage"
provider = "nimbus"
token_env = "TOKEN"

[[sources]]
name = "alerts"
type = "webhook"
kind = "alertmanager"
token_env = "TOKEN"
[sources.facts.node_transitions]
maintenance_id = "labels.maintenance"
node_id = "labels.node"
stage = { field = "status", values = { firing = "repairing", resolved = "in_service" } }
occurred_at = "at"

[[sources]]
name = "grid"
type = "webhook"
kind = "eventgrid"
token_env = "TOKEN"
token_header = "X-Key"
[sources.facts.maintenance_updates]
maintenance_id = "id"
title = "subject"
status = { value = "scheduled" }
planned_start = "data.StartDateTime"

[[sources]]
name = "health"
type = "webhook"
kind = "sns"
provider = "aws"
token_env = "TOKEN"
topics = ["arn:aws:sns:us-east-1:1:listed"]
"""
MOVE = {"change": "M-1", "host": "n-1", "state": "drained", "at": "2026-03-01T10:00:00Z"}
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def served(engine: Engine, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """The routes, on a log of their own that knows two nodes."""
    config = tmp_path / "sources.toml"
    config.write_text(CONFIG)
    for name, value in {
        "SIGNING": SECRET,
        "TOKEN": TOKEN,
        "DASHBOARD_CONFIG": str(config),
        "DASHBOARD_DATABASE_URL": database_url,
    }.items():
        monkeypatch.setenv(name, value)
    with appending(engine) as connection:
        append(
            connection,
            {"nodes": [(node, "c", "", 8, "") for node in ("n-1", "n-2")]},
            datetime(2026, 3, 1, tzinfo=UTC),
            "test",
        )
    door.answers.cache_clear()
    ingest.webhooks.cache_clear()
    monkeypatch.setattr(ingest, "_noted", ingest._Noted())
    with serving(ingest.ROUTE) as found:
        yield found
    door.answers().engine.dispose()
    door.answers.cache_clear()
    ingest.webhooks.cache_clear()


def signed(body: bytes, secret: str = SECRET, **more: str) -> dict[str, str]:
    made = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Hub-Signature-256": f"sha256={made}", "Content-Type": "application/json"} | more


def stamped(body: bytes, at: float) -> dict[str, str]:
    made = hmac.new(SECRET.encode(), f"{at:.0f}.".encode() + body, hashlib.sha256).digest()
    return {"X-Signature": b64encode(made).decode(), "X-Timestamp": f"{at:.0f}", "Content-Type": "application/json"}


def facts(engine: Engine, name: str, *columns: str) -> list[tuple[Any, ...]]:
    with reading(engine) as connection:
        return [tuple(row[each] for each in columns) for row in history(connection, name)]


def state(engine: Engine, name: str) -> State | None:
    with reading(engine) as connection:
        return read_state(connection, name)


def put_aside(engine: Engine) -> list[tuple[str, str, str]]:
    with reading(engine) as connection:
        return [tuple(row) for row in connection.execute(select(set_aside.c.file, set_aside.c.reason, set_aside.c.raw))]


def test_what_is_signed_is_taken_and_durable_and_a_second_time_changes_nothing(served: Served, engine: Engine) -> None:
    body = json.dumps({"moves": [MOVE, MOVE | {"host": "n-2"}]}).encode()

    first = served.post("/ingest/signed", data=body, headers=signed(body))
    second = served.post("/ingest/signed", data=body, headers=signed(body))

    assert (first.status_code, first.json()) == (202, {"new": 2, "set_aside": 0})
    assert (second.status_code, second.json()) == (202, {"new": 0, "set_aside": 0})
    assert [row[0] for row in facts(engine, "node_transitions", "node_id")] == ["n-1", "n-2"]
    found = state(engine, "signed")
    assert found is not None
    assert (found.type, found.rows, found.error) == ("webhook", 2, "")
    assert found.succeeded_at


def test_a_record_that_cannot_be_a_fact_costs_no_neighbour(served: Served, engine: Engine) -> None:
    body = json.dumps({"moves": [MOVE, MOVE | {"state": "asleep"}, MOVE | {"host": "n-9"}, 7]}).encode()

    answer = served.post("/ingest/signed", data=body, headers=signed(body))

    assert (answer.status_code, answer.json()) == (202, {"new": 1, "set_aside": 3})
    assert len(put_aside(engine)) == 3


Request = Callable[[bytes], dict[str, str]]


@pytest.mark.parametrize(
    ("headers", "body", "status", "words"),
    [
        (lambda _: {"Content-Type": "application/json"}, b"{}", 401, "The header X-Hub-Signature-256 is missing"),
        (lambda body: signed(body, "wrong"), b"{}", 403, "The signature is not that of this body"),
        (lambda _: signed(b"another"), b"{}", 403, "The signature is not that of this body"),
        (lambda body: signed(body) | {"X-Hub-Signature-256": "sha256=?"}, b"{}", 403, "The signature is not"),
        (lambda body: signed(body) | {"Content-Type": "text/html"}, b"{}", 415, "has to be application/json"),
        (lambda body: signed(body, **{"Content-Encoding": "gzip"}), b"{}", 415, "may not be compressed"),
        (signed, b"x" * 10_001, 413, "larger than 0.01 MB"),
        (signed, b'{"moves": [', 422, "The body is no JSON."),
        (signed, b"[" * 9_000, 422, "The body is no JSON."),
        (signed, b'{"moved": []}', 422, "no list of them in the field 'moves'"),
        (signed, b"null", 422, "no list of them in the field 'moves'"),
    ],
)  # fmt: skip
def test_what_is_refused_is_told_why(
    served: Served, engine: Engine, headers: Request, body: bytes, status: int, words: str
) -> None:
    """To the sender in one sentence, and on the page Sources until something is taken again."""
    answer = served.post("/ingest/signed", data=body, headers=headers(body))

    assert answer.status_code == status
    assert words in answer.json()["error"]
    assert facts(engine, "node_transitions", "node_id") == []
    found = state(engine, "signed")
    assert found is not None
    assert found.error == f"signed: a delivery was refused: {answer.json()['error']}"

    good = json.dumps({"moves": [MOVE]}).encode()
    assert served.post("/ingest/signed", data=good, headers=signed(good)).status_code == 202
    found = state(engine, "signed")
    assert found is not None
    assert (found.error, found.failing_since) == ("", None)


def test_a_body_that_we_trust_and_cannot_read_is_kept_aside(served: Served, engine: Engine) -> None:
    served.post("/ingest/signed", data=b"\xff{", headers=signed(b"\xff{"))
    served.post("/ingest/signed", data=b"from a stranger", headers=signed(b"else"))

    assert put_aside(engine) == [("signed", "The body is no JSON.", "\ufffd{")]


def test_a_body_beyond_the_limit_is_not_read_in_whole(served: Served) -> None:
    """One without a length is refused while it is still being sent."""
    lines = ["POST /ingest/signed HTTP/1.1", "Host: here", "Content-Type: application/json",
             f"X-Hub-Signature-256: {'0' * 64}", "Transfer-Encoding: chunked", "", ""]  # fmt: skip
    chunk = b"1f40\r\n" + b" " * 8_000 + b"\r\n"

    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as sending:
        sending.sendall("\r\n".join(lines).encode() + chunk + chunk)
        answer = b""
        while not answer.endswith(b"}") and (more := sending.recv(65536)):
            answer += more

    assert answer.startswith(b"HTTP/1.1 413")
    assert b"larger than 0.01 MB" in answer


def test_a_delivery_cannot_be_played_again_later(served: Served, engine: Engine) -> None:
    """The instant is signed too: neither an old one nor another one holds."""
    body = json.dumps(MOVE).encode()
    now = time.time()

    old = served.post("/ingest/stamped", data=body, headers=stamped(body, now - 600))
    other = served.post("/ingest/stamped", data=body, headers=stamped(body, now - 600) | {"X-Timestamp": f"{now:.0f}"})
    none = served.post("/ingest/stamped", data=body, headers={"X-Signature": "aa", "Content-Type": "application/json"})
    good = served.post("/ingest/stamped", data=body, headers=stamped(body, now))

    assert [each.status_code for each in (old, other, none, good)] == [403, 403, 401, 202]
    assert "sent more than 300 s ago" in old.json()["error"]


def test_a_token_may_come_as_bearer_as_password_or_bare(served: Served) -> None:
    body: dict[str, Any] = {"component": {}, "page": {}}
    basic = b64encode(f"sns:{TOKEN}".encode()).decode()

    statuses = [
        served.post("/ingest/page", json=body, headers=headers).status_code
        for headers in (BEARER, {"Authorization": f"Basic {basic}"}, {"Authorization": "Bearer wrong"},
                        {"Authorization": "Basic !"}, {"Authorization": "Bearer \xe9".encode("latin-1")})
    ]  # fmt: skip
    asked = served.post("/ingest/page", json=body)
    bare = served.post("/ingest/grid", json=[], headers={"X-Key": TOKEN})

    assert statuses == [202, 202, 403, 403, 403]
    assert (asked.status_code, asked.headers["WWW-Authenticate"]) == (401, 'Basic realm="ingest"')
    assert bare.status_code == 202


def test_nobody_learns_what_is_configured(served: Served) -> None:
    assert served.post("/ingest/nowhere", json={}).status_code == 404
    assert served.ask("GET", "/ingest/signed").status_code == 405
    assert served.ask("OPTIONS", "/ingest/signed", headers={"WebHook-Request-Origin": "evil.test"}).status_code == 405


def test_while_the_database_is_gone_the_sender_is_asked_to_come_again(
    served: Served, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is lost: what is sent again once it is back is taken."""
    body = json.dumps({"moves": [MOVE]}).encode()
    gone = open_log("postgresql://nobody:x@127.0.0.1:1/gone")
    with monkeypatch.context() as away:
        away.setattr(ingest, "answers", lambda: door.Answers(gone))
        refused = served.post("/ingest/signed", data=body, headers=signed(body))
        junk = served.post("/ingest/signed", data=b"junk", headers=signed(b"junk"))
        stranger = served.post("/ingest/signed", data=body, headers=signed(b""))
    again = served.post("/ingest/signed", data=body, headers=signed(body))

    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "30")
    assert refused.json() == {"error": "The database is out of reach: send it again later."}
    assert (junk.status_code, stranger.status_code) == (503, 403)
    assert (again.status_code, len(facts(engine, "node_transitions", "node_id"))) == (202, 1)


def test_a_statuspage_pushes_what_it_would_show(served: Served, engine: Engine) -> None:
    """A scheduled maintenance with its history; what nobody scheduled is a message that waits for its maintenance."""
    update = {"id": "u1", "status": "in_progress", "body": "Begun", "created_at": "2026-03-01T10:01:00Z"}
    work = {"id": "s1", "name": "Firmware", "status": "in_progress", "scheduled_for": "2026-03-01T10:00:00Z",
            "scheduled_until": "2026-03-01T12:00:00Z", "updated_at": "2026-03-01T10:01:00Z",
            "incident_updates": [update]}  # fmt: skip
    outage = {"id": "o1", "name": "Down", "status": "investigating", "impact": "major",
              "incident_updates": [update | {"id": "u2", "status": "investigating", "body": "Looking"}]}  # fmt: skip

    for _ in range(2):
        for each in (work, outage):
            assert served.post("/ingest/page", json={"page": {}, "incident": each}, headers=BEARER).status_code == 202

    assert (
        facts(engine, "maintenance_updates", "maintenance_id", "status", "provider_id")
        == [("page:s1", "in_progress", "nimbus")] * 2
    )
    assert sorted(facts(engine, "provider_messages", "message_id", "maintenance_id", "body")) == [
        ("page:u1", "page:s1", "Begun"), ("page:u2", "", "Looking")
    ]  # fmt: skip


def test_an_alert_moves_a_node_when_it_fires_and_when_it_is_resolved(served: Served, engine: Engine) -> None:
    alert = {"labels": {"node": "n-1", "maintenance": "M-1"}, "startsAt": "2026-03-01T10:00:00Z"}
    fires = alert | {"status": "firing", "endsAt": "0001-01-01T00:00:00Z"}
    over = alert | {"status": "resolved", "endsAt": "2026-03-01T11:00:00Z"}

    for each in (fires, fires, over):
        answer = served.post("/ingest/alerts", json={"version": "4", "alerts": [each]}, headers=BEARER)
        assert answer.status_code == 202

    at = datetime(2026, 3, 1, 10, tzinfo=UTC).timestamp() * 1e6
    assert facts(engine, "node_transitions", "node_id", "stage", "occurred_at") == [
        ("n-1", "repairing", at), ("n-1", "in_service", at + 3600e6)
    ]  # fmt: skip


def test_event_grid_shakes_hands_and_sends(served: Served, engine: Engine) -> None:
    """In its own schema by an event, in that of CloudEvents by a question; no address of theirs is asked."""
    key = {"X-Key": TOKEN}
    hello = [{"eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
              "data": {"validationCode": "512d", "validationUrl": "http://127.0.0.1:1/steal"}}]  # fmt: skip
    event = {"id": "ev-1", "subject": "prod", "data": {"StartDateTime": "2026-03-05T15:00:00Z"}}

    shaken = served.post("/ingest/grid", json=hello, headers=key)
    stranger = served.post("/ingest/grid", json=hello, headers={"X-Key": "wrong"})
    asked = served.ask("OPTIONS", "/ingest/grid", headers={"WebHook-Request-Origin": "eventgrid.azure.net"})
    batch = served.post("/ingest/grid", json=[event], headers=key)
    cloud = served.post(
        "/ingest/grid",
        data=json.dumps(event).encode(),
        headers=key | {"Content-Type": "application/cloudevents+json"},
    )

    assert (shaken.status_code, shaken.json()) == (200, {"validationResponse": "512d"})
    assert (stranger.status_code, "512d" in stranger.text) == (403, False)
    assert asked.headers["WebHook-Allowed-Origin"] == "eventgrid.azure.net"
    assert (batch.json(), cloud.json()) == ({"new": 1, "set_aside": 0}, {"new": 0, "set_aside": 0})
    assert facts(engine, "maintenance_updates", "maintenance_id", "title") == [("ev-1", "prod")]


HEALTH = {
    "source": "aws.health",
    "detail-type": "AWS Health Event",
    "time": "2026-02-27T06:05:00Z",
    "detail": {
        "eventArn": "arn:aws:health:us-east-1::event/EC2/X/1",
        "service": "EC2",
        "eventTypeCode": "AWS_EC2_MAINTENANCE_SCHEDULED",
        "eventTypeCategory": "scheduledChange",
        "startTime": "Thu, 05 Mar 2026 06:00:00 GMT",
        "endTime": "Thu, 05 Mar 2026 08:00:00 GMT",
        "lastUpdatedTime": "Fri, 27 Feb 2026 06:02:51 GMT",
        "statusCode": "upcoming",
        "communicationId": "c1",
        "affectedEntities": [{"entityValue": "n-1"}, {"entityValue": "i-unknown"}],
        "eventDescription": [{"language": "en_US", "latestDescription": "We will work on <b>hosts</b>."}],
    },
}


@pytest.mark.parametrize("wrapped", [True, False])
def test_a_health_event_comes_through_sns_or_by_itself(served: Served, engine: Engine, wrapped: bool) -> None:
    """SNS says text/plain; the same event again, as by a backup region, is known already."""
    body = json.dumps({"Type": "Notification", "MessageId": "1", "Message": json.dumps(HEALTH)} if wrapped else HEALTH)
    headers = BEARER | {"Content-Type": "text/plain; charset=UTF-8"}

    first, second = (served.post("/ingest/health", data=body, headers=headers) for _ in range(2))

    assert (first.status_code, first.json()) == (202, {"new": 3, "set_aside": 1})
    assert second.json()["new"] == 0
    arn = "aws:arn:aws:health:us-east-1::event/EC2/X/1"
    start = datetime(2026, 3, 5, 6, tzinfo=UTC).timestamp() * 1e6
    assert facts(engine, "maintenance_updates", "maintenance_id", "status", "planned_start") == [
        (arn, "scheduled", start)
    ]
    assert facts(engine, "maintenance_nodes", "maintenance_id", "node_id") == [(arn, "n-1")]
    assert "'i-unknown', which is no node or cluster" in put_aside(engine)[0][1]


def test_what_sns_says_in_words_is_an_unread_message(served: Served, engine: Engine) -> None:
    note = {"Type": "Notification", "TopicArn": "t", "Subject": "Hello", "Message": "Power work tonight"}

    served.post("/ingest/health", json=note, headers=BEARER)

    assert facts(engine, "provider_messages", "maintenance_id", "subject", "body") == [
        ("", "Hello", "Power work tonight")
    ]


@pytest.mark.parametrize(
    ("topic", "url", "words"),
    [
        ("other", "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=1", "list it under topics"),
        ("listed", "https://sns.us-east-1.amazonaws.com.evil.test/?Action=ConfirmSubscription", "not SNS's own"),
        ("listed", "https://sns.evil@evil.test/?Action=ConfirmSubscription", "not SNS's own"),
        ("listed", "http://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription", "not SNS's own"),
        ("listed", "https://s3.us-east-1.amazonaws.com/?Action=ConfirmSubscription", "not SNS's own"),
        ("listed", "https://sns.us-east-1.amazonaws.com:8443/?Action=ConfirmSubscription", "not SNS's own"),
        ("listed", "http://169.254.169.254/latest/meta-data", "not SNS's own"),
    ],
)
def test_no_address_is_fetched_but_sns_own_and_for_a_topic_that_is_listed(
    served: Served, engine: Engine, monkeypatch: pytest.MonkeyPatch, topic: str, url: str, words: str
) -> None:
    fetched: list[str] = []
    monkeypatch.setattr(requests, "get", lambda url, **_: fetched.append(url))
    asks = {"Type": "SubscriptionConfirmation", "TopicArn": f"arn:aws:sns:us-east-1:1:{topic}", "SubscribeURL": url}

    answer = served.post("/ingest/health", json=asks, headers=BEARER)

    assert answer.status_code == 202
    assert fetched == []
    with reading(engine) as connection:
        (failing,) = what_comes_in(connection, Scope(), datetime.now(UTC)).failing
    assert words in failing


def test_a_listed_topic_is_confirmed_at_sns_own_address(
    served: Served, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No redirect is followed: it could lead anywhere."""
    fetched: list[tuple[str, Any]] = []

    class Answered:
        ok, status_code = True, 200

        def close(self) -> None: ...

    def get(url: str, **how: Any) -> Answered:
        fetched.append((url, how["allow_redirects"]))
        return Answered()

    monkeypatch.setattr(requests, "get", get)
    url = "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=1"
    asks = {"Type": "SubscriptionConfirmation", "TopicArn": "arn:aws:sns:us-east-1:1:listed", "SubscribeURL": url}

    served.post("/ingest/health", json=asks, headers=BEARER)

    assert fetched == [(url, False)]
    found = state(engine, "health")
    assert found is not None
    assert found.error == ""


def test_whoever_knocks_in_vain_costs_few_writes(served: Served, engine: Engine) -> None:
    for _ in range(5):
        served.post("/ingest/signed", data=b"{}", headers=signed(b"", "wrong"))

    found = state(engine, "signed")
    assert found is not None
    assert found.failures == 1


def test_no_secret_is_in_the_log(served: Served, engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    served.post("/ingest/page", json={}, headers=BEARER)
    served.post("/ingest/page", json={}, headers={"Authorization": "Bearer wrong-secret"})

    with reading(engine) as connection:
        rows = [str(connection.execute(select(table)).all()) for table in (*FACT_TABLES.values(), set_aside)]
    said = caplog.text + str(rows) + str(state(engine, "page"))
    assert TOKEN not in said
    assert "wrong-secret" not in said
