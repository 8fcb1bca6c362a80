"""What Oracle Cloud tells of instances, by requests whose signature holds."""

import base64
import re
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr
from sqlalchemy import Engine

from dashboard.jobs.collect import How
from dashboard.sources.oci import Maintenance
from dashboard.sources.oci_announcements import Announcements
from dashboard.sources.seam import Secret
from tests.sources.asked import Asked
from tests.sources.faults import FAULTS, fail, patience
from tests.sources.loopback import Handler, Loopback

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
UPDATES = ("status", "kind", "planned_start", "planned_end")


def secret(key: Any) -> Secret:
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return Secret(where="the environment variable THEIR_TOKEN", held=SecretStr(text))


def options(server: Loopback, **rest: Any) -> dict[str, Any]:
    said = {
        "name": "oci", "url": server.url, "region": "eu-frankfurt-1", "tenancy": "t", "user": "u", "fingerprint": "f",
        "key": secret(KEY), "compartments": ["c-1"],
    }  # fmt: skip
    return said | rest


def maintenance(server: Loopback, **rest: Any) -> Maintenance:
    return Maintenance.model_validate(options(server, **rest))


def event(**rest: Any) -> dict[str, Any]:
    said = {
        "id": "e-1", "displayName": "Hardware", "instanceId": "ocid1.instance.1", "maintenanceCategory": "MANDATORY",
        "maintenanceReason": "HARDWARE_REPLACEMENT", "instanceAction": "STOP", "lifecycleState": "SCHEDULED",
        "timeWindowStart": "2026-03-02T06:00:00.000Z", "startWindowDuration": "PT1H", "estimatedDuration": "P1DT2H30M",
    }  # fmt: skip
    return said | rest


def test_an_oci_event_is_scheduled_runs_and_succeeds_at_their_own_instants(engine: Engine, server: Loopback) -> None:
    asked = Asked(engine, maintenance(server), ["ocid1.instance.1"])
    started = event(lifecycleState="STARTED", timeStarted="2026-03-02T00:02:30Z")
    done = started | {"lifecycleState": "SUCCEEDED", "timeFinished": "2026-03-02T00:04:30Z"}

    new = []
    steps = (event(), event(), started, started | {"lifecycleState": "PROCESSING"}, done, done, None)
    for each in steps:
        server.says([each] if each else [])
        new.append(asked.again().new)

    window = ("hardware_replacement", "2026-03-02T06:00:00Z", "2026-03-03T08:30:00Z")
    assert new == [2, 0, 2, 0, 2, 0, 0]
    assert asked.told("maintenance_updates", *UPDATES) == [
        ("scheduled", *window), ("in_progress", *window), ("completed", *window),
    ]  # fmt: skip
    assert asked.told("node_transitions", "stage", "occurred_at") == [
        ("scheduled", "2026-03-02T00:01:00Z"),
        ("in_maintenance", "2026-03-02T00:02:30Z"),
        ("returned", "2026-03-02T00:04:30Z"),
    ]


@pytest.mark.parametrize(
    ("state", "last", "status"),
    [("SCHEDULED", None, "cancelled"), ("STARTED", None, "completed"), ("SCHEDULED", "CANCELED", "cancelled")],
)
def test_an_oci_event_ends_by_word_or_by_being_gone(
    engine: Engine, server: Loopback, state: str, last: str | None, status: str
) -> None:
    asked = Asked(engine, maintenance(server), ["ocid1.instance.1"])
    server.says([event(lifecycleState=state)])
    asked.again()
    server.says([event(lifecycleState=last)] if last else [])
    asked.again()

    assert asked.told("maintenance_updates", "status")[-1] == (status,)


def test_an_oci_event_that_fails_or_is_new_to_us_is_said_and_not_guessed(engine: Engine, server: Loopback) -> None:
    asked = Asked(engine, maintenance(server), ["ocid1.instance.1"])
    for state in ("SCHEDULED", "FAILED"):
        server.says([event(lifecycleState=state, estimatedDuration="soon")])
        asked.again()

    assert asked.told("maintenance_updates", "status", "planned_end", "note")[-1] == (
        "", None, "their word for its state: FAILED",
    )  # fmt: skip


def test_oci_pages_of_all_compartments_are_one_signed_listing(engine: Engine, server: Loopback) -> None:
    """Each request's signature holds for its own target, host and date."""

    def reply(handler: Handler) -> None:
        asked = server.asked[-1].params
        if "/instances/" in server.asked[-1].path:
            handler.send_json({"displayName": server.asked[-1].path.rpartition(".")[2]})
            return
        number = asked["compartmentId"][-1] + asked.get("page", "")
        more = {} if "page" in asked else {"opc_next_page": "2"}
        handler.send_json([event(id=f"e-{number}", instanceId=f"ocid1.instance.n{number}")], **more)

    server.reply = reply
    source = maintenance(server, compartments=["c-1", "c-2"], node="display_name")
    asked = Asked(engine, source, ["n1", "n12", "n2", "n22"])

    first, again = asked.again(), asked.again()

    assert (first.new, again.new) == (8, 0)
    assert [path.path for path in server.asked].count("/20160918/instances/ocid1.instance.n1") == 1
    for each in server.asked:
        said = dict(re.findall(r'(\w+)="([^"]*)"', each.headers["authorization"]))
        query = "&".join(f"{name}={value}" for name, value in each.params.items())
        target = each.path + (f"?{query}" if query else "")
        text = f"(request-target): get {target}\ndate: {each.headers['date']}\nhost: {each.headers['host']}"
        KEY.public_key().verify(base64.b64decode(said["signature"]), text.encode(), PKCS1v15(), SHA256())
        assert (said["keyId"], said["headers"]) == ("t/u/f", "(request-target) date host")


def announcement(number: int, kind: str, **rest: Any) -> dict[str, Any]:
    said = {
        "id": f"a-{number}", "chainId": "chain", "announcementType": kind, "summary": "Power work in AD-1",
        "timeOneType": "START_TIME", "timeOneValue": "2026-03-05T06:00:00Z", "timeTwoType": "END_TIME",
        "timeTwoValue": "2026-03-05T10:00:00Z",
        "lifecycleState": "ACTIVE", "timeUpdated": f"2026-03-01T0{number}:00:00Z",
    }  # fmt: skip
    return said | rest


def test_oci_announcements_of_one_chain_are_one_maintenance(engine: Engine, server: Loopback) -> None:
    """Out of order in the list, each at its own instant; only the detail names the instances."""
    listed = [
        announcement(3, "SCHEDULED_MAINTENANCE_COMPLETE", timeOneType="ACTUAL_START_TIME", timeTwoType="OTHER"),
        announcement(1, "SCHEDULED_MAINTENANCE"),
        announcement(2, "SCHEDULED_MAINTENANCE_EXTENDED", timeOneType="ORIGINAL_END_TIME", timeTwoType="NEW_END_TIME",
                     timeTwoValue="2026-03-05T12:00:00Z"),
        announcement(4, "INFORMATION", chainId="other"),
    ]  # fmt: skip
    nodes = [{"resourceId": "ocid1.instance.1", "resourceName": "n-1"}, {"resourceId": "ocid1.vcn.1"}]

    def reply(handler: Handler) -> None:
        wanted = server.asked[-1].path.rpartition("/")[2]
        detail = [
            each | {"affectedResources": nodes, "description": "<b>x</b>"} for each in listed if each["id"] == wanted
        ]
        handler.send_json(detail[0] if detail else {"items": listed})

    server.reply = reply
    source = Announcements.model_validate(options(server, node="resource_name"))
    asked = Asked(engine, source, ["n-1"])

    asked.again()
    again = asked.again()

    assert again.new == 0
    assert asked.told("maintenance_updates", "maintenance_id", "recorded_at", *UPDATES) == [
        ("oci:chain", "2026-03-01T01:00:00Z", "scheduled", "scheduled_maintenance", "2026-03-05T06:00:00Z",
         "2026-03-05T10:00:00Z"),
        ("oci:chain", "2026-03-01T02:00:00Z", "", "scheduled_maintenance", None, "2026-03-05T12:00:00Z"),
        ("oci:chain", "2026-03-01T03:00:00Z", "completed", "scheduled_maintenance", None, None),
    ]  # fmt: skip
    assert {node for (node,) in asked.told("maintenance_nodes", "node_id")} == {"n-1"}
    assert [each[0] for each in asked.told("provider_messages", "maintenance_id")] == ["oci:chain"] * 3 + [""]


@pytest.mark.parametrize("name", sorted(set(FAULTS) - {"other JSON"}))
def test_every_fault_of_oci_is_one_sentence_and_it_recovers(engine: Engine, server: Loopback, name: str) -> None:
    asked = Asked(engine, maintenance(server, timeout=patience(name), largest_mb=0.2), ["ocid1.instance.1"])
    words = fail(server, name)
    if name == "redirect in circles":
        words = "redirects in circles"

    failed = asked.again()
    server.says([event()])
    again = asked.again(600)

    assert failed.how is How.FAILED
    assert words in failed.error
    assert (again.how, again.new) == (How.DONE, 2)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (Secret(where="the file k", held=SecretStr("no key")), "the file k holds no PEM key without a passphrase"),
        (secret(ec.generate_private_key(ec.SECP256R1())), "holds no RSA key"),
    ],
)
def test_a_key_that_is_none_is_said_and_not_shown(engine: Engine, server: Loopback, key: Secret, words: str) -> None:
    failed = Asked(engine, maintenance(server, key=key)).again()

    assert words in failed.error
    assert "no key" not in failed.error
    assert server.asked == []
