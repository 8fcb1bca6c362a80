"""What AWS tells of instances and cases, and every way in which asking it fails."""

import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

import boto3
import pytest
from botocore.config import Config
from moto.server import ThreadedMotoServer
from pydantic import SecretStr, ValidationError
from sqlalchemy import Engine

from dashboard.errors import SourceFailed, SourceRefused, SourceUnavailable
from dashboard.jobs.collect import How
from dashboard.sources.amazon import Aws
from dashboard.sources.aws_ec2 import Ec2Events
from dashboard.sources.aws_health import Health
from dashboard.sources.aws_support import Support
from dashboard.sources.http import Client
from dashboard.sources.seam import Secret
from tests.sources.asked import Asked
from tests.sources.faults import FAULTS, TOKEN, fail, patience
from tests.sources.loopback import Handler, Loopback, loopback

NOW = datetime(2026, 3, 2, tzinfo=UTC)
KEYS = {
    "access_key": Secret(where="the environment variable THEIR_KEY", held=SecretStr("AKIAEXAMPLE")),
    "secret_key": Secret(where="the environment variable THEIR_TOKEN", held=SecretStr(TOKEN)),
}
UPDATES = ("status", "kind", "planned_start", "planned_end")
ARN = "arn:aws:health:us-east-1::event/EC2/AWS_EC2_INSTANCE_REBOOT/AWS_EC2_INSTANCE_REBOOT_1"


def ec2(server: Loopback, **rest: Any) -> Ec2Events:
    return Ec2Events.model_validate({"name": "ec2", "url": server.url, "region": "us-east-1"} | KEYS | rest)


def health(url: str, **rest: Any) -> Health:
    return Health.model_validate({"name": "health", "url": url} | KEYS | rest)


def support(url: str, **rest: Any) -> Support:
    return Support.model_validate({"name": "support", "url": url} | KEYS | rest)


def xml(tree: Any) -> str:
    """EC2's XML of what is given: a list is items."""
    if isinstance(tree, dict):
        return "".join(f"<{name}>{xml(each)}</{name}>" for name, each in tree.items())
    return "".join(f"<item>{xml(each)}</item>" for each in tree) if isinstance(tree, list) else escape(str(tree))


def answer(operation: str, **tree: Any) -> bytes:
    space = "http://ec2.amazonaws.com/doc/2016-11-15/"
    return f'<?xml version="1.0"?><{operation} xmlns="{space}">{xml(tree)}</{operation}>'.encode()


def instance(name: str, *events: dict[str, str]) -> dict[str, Any]:
    state = {"code": 16, "name": "running"}
    return {"instanceId": name, "availabilityZone": "us-east-1a", "eventsSet": list(events), "instanceState": state}


def event(**rest: str) -> dict[str, str]:
    said = {
        "instanceEventId": "instance-event-0d59937288b749b32", "code": "system-reboot",
        "description": "scheduled reboot",
        "notBefore": "2026-03-02T06:00:00.000Z", "notAfter": "2026-03-02T08:00:00.000Z",
    }  # fmt: skip
    return said | rest


def says(server: Loopback, *instances: dict[str, Any]) -> None:
    body = answer("DescribeInstanceStatusResponse", requestId="r", instanceStatusSet=list(instances))
    server.reply = lambda handler: handler.send_body(200, body, "text/xml")


def form(server: Loopback, number: int = -1) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(server.asked[number].body.decode()).items()}


def test_an_ec2_event_is_scheduled_moved_and_completed(engine: Engine, server: Loopback) -> None:
    """It stays listed for a week after it is over; that it vanishes then is no news."""
    asked = Asked(engine, ec2(server), ["i-1"])
    moved = event(notBefore="2026-03-03T06:00:00.000Z", notAfter="2026-03-03T08:00:00.000Z")
    over = moved | {"description": "[Completed] scheduled reboot"}

    new = []
    for each in ([event()], [event()], [moved], [over], [over], None):
        says(server, *([] if each is None else [instance("i-1", *each)]))
        new.append(asked.again().new)

    assert new == [2, 0, 1, 1, 0, 0]
    assert asked.told("maintenance_updates", *UPDATES) == [
        ("scheduled", "system-reboot", "2026-03-02T06:00:00Z", "2026-03-02T08:00:00Z"),
        ("scheduled", "system-reboot", "2026-03-03T06:00:00Z", "2026-03-03T08:00:00Z"),
        ("completed", "system-reboot", "2026-03-03T06:00:00Z", "2026-03-03T08:00:00Z"),
    ]
    assert asked.told("node_transitions", "maintenance_id", "node_id", "stage") == [
        ("ec2:instance-event-0d59937288b749b32", "i-1", "scheduled")
    ]
    assert form(server)["Filter.1.Name"] == "event.code"
    assert form(server)["IncludeAllInstances"] == "true"


@pytest.mark.parametrize(
    ("minutes", "last", "status"),
    [
        (1, None, "cancelled"),
        (60 * 7, None, "completed"),
        (1, "[Canceled] scheduled reboot", "cancelled"),
    ],
)
def test_an_ec2_event_that_goes_is_over_by_word_or_by_its_window(
    engine: Engine, server: Loopback, minutes: float, last: str | None, status: str
) -> None:
    asked = Asked(engine, ec2(server), ["i-1"])
    says(server, instance("i-1", event()))
    asked.again()
    says(server, *([instance("i-1", event(description=last))] if last else []))

    asked.again(minutes)

    assert asked.told("maintenance_updates", "status") == [("scheduled",), (status,)]


def test_ec2_pages_are_one_listing_and_a_failure_between_them_changes_nothing(engine: Engine, server: Loopback) -> None:
    fails = [False]

    def reply(handler: Handler) -> None:
        second = form(server).get("NextToken") == "page-2"
        if second and fails[0]:
            handler.send_body(503, b"<html>", "text/html")
            return
        name = "i-2" if second else "i-1"
        told = instance(name, event(instanceEventId=f"event-{name}"))
        more = {} if second else {"nextToken": "page-2"}
        body = answer("DescribeInstanceStatusResponse", instanceStatusSet=[told], **more)
        handler.send_body(200, body, "text/xml")

    server.reply = reply
    asked = Asked(engine, ec2(server), ["i-1", "i-2"])

    first = asked.again()
    fails[0] = True
    broken = asked.again()
    fails[0] = False
    again = asked.again()

    assert (first.new, broken.new, broken.how, again.new) == (4, 0, How.FAILED, 0)


@pytest.mark.parametrize(("node", "name"), [("private_dns_name", "ip-10-0-0-1.ec2.internal"), ("tag:Name", "gpu-0001")])
def test_ec2_instances_are_named_as_the_fleet_names_them(
    engine: Engine, server: Loopback, node: str, name: str
) -> None:
    """Asked once for each; what comes with a name that nobody knows is set aside."""
    one = {
        "instanceId": "i-1", "privateDnsName": "ip-10-0-0-1.ec2.internal",
        "tagSet": [{"key": "Name", "value": "gpu-0001"}],
    }  # fmt: skip

    def reply(handler: Handler) -> None:
        if form(server)["Action"] == "DescribeInstances":
            body = answer("DescribeInstancesResponse", reservationSet=[{"reservationId": "r", "instancesSet": [one]}])
        else:
            body = answer("DescribeInstanceStatusResponse", instanceStatusSet=[instance("i-1", event())])
        handler.send_body(200, body, "text/xml")

    server.reply = reply
    asked = Asked(engine, ec2(server, node=node), [name])

    asked.again()
    asked.again()

    assert asked.told("node_transitions", "node_id") == [(name,)]
    assert [form(server, i)["Action"] for i in range(len(server.asked))].count("DescribeInstances") == 1


class HealthSays:
    """AWS Health, in the shapes of its interface; what it says may be exchanged at any time."""

    def __init__(self, server: Loopback) -> None:
        self.events: list[dict[str, Any]] = []
        self.entities: list[dict[str, Any]] = []
        self.server = server
        server.reply = self.reply

    def reply(self, handler: Handler) -> None:
        operation = self.server.asked[-1].headers["x-amz-target"].partition(".")[2]
        said = {
            "DescribeEvents": {"events": self.events},
            "DescribeAffectedEntities": {"entities": self.entities},
            "DescribeEventDetails": {
                "successfulSet": [
                    {"event": each, "eventDescription": {"latestDescription": "We plan a <b>reboot</b>."}}
                    for each in self.events
                ],
                "failedSet": [],
            },
        }
        handler.send_json(said[operation])


def told(status: str, at: float, **rest: Any) -> dict[str, Any]:
    said = {
        "arn": ARN, "service": "EC2", "eventTypeCode": "AWS_EC2_INSTANCE_REBOOT",
        "eventTypeCategory": "scheduledChange",
        "region": "us-west-2", "startTime": 1772431200.0, "endTime": 1772438400.0, "lastUpdatedTime": at,
        "statusCode": status, "eventScopeCode": "ACCOUNT_SPECIFIC",
    }  # fmt: skip
    return said | rest


def entity(node: str, status: str) -> dict[str, Any]:
    return {"entityArn": f"{ARN}/{node}", "eventArn": ARN, "entityValue": node, "statusCode": status}


def test_a_health_event_is_upcoming_opens_and_closes(engine: Engine, server: Loopback) -> None:
    says = HealthSays(server)
    asked = Asked(engine, health(server.url, clusters={"us-west-2": "west"}), ["i-1", "i-2"])
    pending = [entity("i-1", "PENDING"), entity("i-2", "PENDING"), entity("UNKNOWN", "PENDING")]
    steps = [
        ([told("upcoming", 1772400000.25)], pending),
        ([told("upcoming", 1772400000.25)], pending),
        ([told("open", 1772431200.0)], [entity("i-1", "IMPAIRED"), entity("i-2", "PENDING")]),
        ([told("open", 1772431200.0)], [entity("i-1", "RESOLVED"), entity("i-2", "RESOLVED")]),
        ([told("closed", 1772438400.0)], [entity("i-1", "RESOLVED"), entity("i-2", "RESOLVED")]),
        ([told("closed", 1772438400.0)], [entity("i-1", "RESOLVED"), entity("i-2", "RESOLVED")]),
        ([], []),
    ]

    new = []
    for says.events, says.entities in steps:
        new.append(asked.again().new)

    # i-2 was never said to be out: that it is resolved says that its owner has moved it before.
    assert new == [4, 0, 3, 1, 2, 0, 0]
    assert asked.told("maintenance_updates", "maintenance_id", "cluster_id", *UPDATES) == [
        (f"health:{ARN}", "west", status, "instance_reboot", "2026-03-02T06:00:00Z", "2026-03-02T08:00:00Z")
        for status in ("scheduled", "in_progress", "completed")
    ]
    assert asked.told("node_transitions", "node_id", "stage") == [
        ("i-1", "scheduled"), ("i-2", "scheduled"), ("i-1", "in_maintenance"), ("i-1", "returned"),
    ]  # fmt: skip
    assert asked.told("provider_messages", "received_at", "body")[0] == (
        "2026-03-01T21:20:00.250000Z", "We plan a <b>reboot</b>.",
    )  # fmt: skip


def test_a_health_event_that_vanishes_was_called_off_and_a_strange_word_is_kept(
    engine: Engine, server: Loopback
) -> None:
    says = HealthSays(server)
    asked = Asked(engine, health(server.url))
    for says.events in (
        [told("upcoming", 1772400000.0)],
        [told("pondered", 1772400001.0)],
        [told("upcoming", 1772400002.0)],
        [],
    ):
        asked.again()

    assert asked.told("maintenance_updates", "status", "note") == [
        ("scheduled", ""), ("", "their word for its state: pondered"),
        ("cancelled", "it is no longer listed"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "name", sorted(set(FAULTS) - {"redirect elsewhere", "redirect in circles", "not a number", "other JSON"})
)
def test_every_fault_of_aws_is_one_sentence_and_it_recovers(engine: Engine, server: Loopback, name: str) -> None:
    words = fail(server, name)
    asked = Asked(engine, health(server.url, timeout=patience(name), largest_mb=0.2))

    failed = asked.again()
    HealthSays(server).events = [told("upcoming", 1772400000.0)]
    again = asked.again(600)

    assert failed.how is How.FAILED
    assert words in failed.error
    assert failed.error.startswith("health: ")
    assert TOKEN not in failed.error
    assert (again.how, again.new) == (How.DONE, 2)


def test_pages_of_health_and_of_support_are_one_listing(engine: Engine, server: Loopback) -> None:
    """Events, their instances and cases: what is on the second page has not vanished."""
    some = [entity("i-1", "PENDING") | {"eventArn": f"{ARN}{i}"} for i in range(2)]
    lists: dict[str, tuple[str, list[Any]]] = {
        "DescribeEvents": ("events", [told("upcoming", 1772400000.0, arn=f"{ARN}{i}") for i in range(2)]),
        "DescribeAffectedEntities": ("entities", some),
        "DescribeCases": ("cases", [case("opened"), case("opened") | {"caseId": "case-2", "displayId": "18"}]),
    }

    def reply(handler: Handler) -> None:
        operation = server.asked[-1].headers["x-amz-target"].partition(".")[2]
        if operation == "DescribeEventDetails":
            handler.send_json({"successfulSet": [], "failedSet": []})
            return
        name, found = lists[operation]
        second = "nextToken" in json.loads(server.asked[-1].body)
        handler.send_json({name: found[1:]} if second else {name: found[:1], "nextToken": "more"})

    server.reply = reply
    events_of, cases_of = Asked(engine, health(server.url), ["i-1"]), Asked(engine, support(server.url))

    assert [each.again().new for each in (events_of, events_of, cases_of, cases_of)] == [4, 0, 2, 0]


@pytest.mark.parametrize("name", ["other JSON", "not a number"])
def test_an_answer_without_its_list_ends_no_maintenance(engine: Engine, server: Loopback, name: str) -> None:
    says = HealthSays(server)
    says.events = [told("upcoming", 1772400000.0)]
    asked = Asked(engine, health(server.url))
    asked.again()
    fail(server, name)

    failed = asked.again()

    assert "is no answer of AWS" in failed.error
    assert asked.told("maintenance_updates", "status") == [("scheduled",)]


def test_a_redirect_takes_no_signature_elsewhere(server: Loopback) -> None:
    with loopback() as other:
        server.reply = lambda handler: handler.send_body(307, b"{}", Location=f"{other.url}/steal")
        with pytest.raises(SourceRefused, match=r"redirects \(307\), and only the configured host is asked"):
            list(health(server.url).poll(None, NOW))

    assert other.asked == []


@pytest.mark.parametrize(
    ("code", "status", "kind", "words"),
    [
        ("UnrecognizedClientException", 400, SourceRefused, "renew what the environment variable THEIR_KEY holds"),
        ("ExpiredTokenException", 400, SourceRefused, "the session has expired"),
        ("InvalidSignatureException", 403, SourceRefused, "and our clock"),
        ("AccessDeniedException", 400, SourceRefused, "grant the owner of the environment variable THEIR_KEY"),
        ("SubscriptionRequiredException", 400, SourceRefused, "needs a support plan of AWS"),
        ("ThrottlingException", 400, SourceUnavailable, "is asked too often (429)"),
        ("ValidationException", 400, SourceRefused, "answered 400 (ValidationException): correct the options"),
        ("InternalFailure", 500, SourceUnavailable, "has a fault of its own (500)"),
    ],
)
def test_what_aws_refuses_is_said_with_what_to_change(
    server: Loopback, code: str, status: int, kind: type[SourceFailed], words: str
) -> None:
    body = f'{{"__type": "com.amazon#{code}", "message": "key {TOKEN}"}}'.encode()
    server.reply = lambda handler: handler.send_body(status, body, Retry_After="7")

    with pytest.raises(kind) as failed:
        list(health(server.url).poll(None, NOW))

    assert words in str(failed.value)
    assert TOKEN not in str(failed.value)
    assert len(server.asked) == 1  # the collector tries again, at its own pace


def test_nobody_listening_and_nobody_of_that_name_are_said() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    for url, words in ((f"http://127.0.0.1:{port}", "refuses the connection"), ("https://nobody.invalid", "resolved")):
        with pytest.raises(SourceUnavailable, match=words):
            list(health(url, timeout=5).poll(None, NOW))


def test_only_the_configured_credentials_are_used(
    server: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the environment's keys, profile or address, nor the user's files."""
    file = tmp_path / "credentials"
    file.write_text("[fleet]\naws_access_key_id = AKIAFILE\naws_secret_access_key = x\naws_session_token = passing\n")
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIAAMBIENT", "AWS_SECRET_ACCESS_KEY": "x", "AWS_PROFILE": "nobody",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_CONFIG_FILE": str(tmp_path / "none"),
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    HealthSays(server)

    list(health(server.url).poll(None, NOW))
    list(health(server.url, access_key=None, secret_key=None, credentials_file=file, profile="fleet").poll(None, NOW))

    signed = [each.headers["authorization"] for each in server.asked]
    assert "Credential=AKIAEXAMPLE/" in signed[0]
    assert "/us-east-1/health/aws4_request" in signed[0]
    assert "Credential=AKIAFILE/" in signed[1]
    assert server.asked[1].headers["x-amz-security-token"] == "passing"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"secret_key": None}, "access_key and secret_key go together"),
        ({"access_key": None, "secret_key": None}, "say whose credentials it asks with"),
        ({"ambient": True}, "say whose credentials it asks with"),
        ({"access_key": None, "secret_key": None, "credentials_file": "/nowhere/x"}, "there is no file /nowhere/x"),
        ({"url": "http://health.example.com"}, "would travel in the clear"),
    ],
)
def test_unclear_credentials_are_refused_when_the_configuration_is_read(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Health.model_validate({"name": "health"} | KEYS | options)


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    """moto's own server: EC2 and Support as somebody else understands them. It knows neither Health nor events."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def real(url: str, service: str) -> Any:
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": "us-east-1"}
    return boto3.client(service, endpoint_url=url, config=Config(retries={"total_max_attempts": 1}), **keys)  # type: ignore[arg-type, unused-ignore]


def test_instances_are_listed_page_by_page_from_a_real_peer(moto: str) -> None:
    """Signed, parsed and paged through our own client."""
    theirs = real(moto, "ec2")
    for _ in range(3):
        theirs.run_instances(ImageId="ami-03cf127a", MinCount=1, MaxCount=1)
    source = Ec2Events.model_validate({"name": "ec2", "url": moto, "region": "us-east-1"} | KEYS)

    with Client(source, NOW) as client:
        aws = Aws(source, client)
        pages = list(aws.pages("describe_instances", "Reservations", PaginationConfig={"PageSize": 2}))
        states = list(aws.pages("describe_instance_status", "InstanceStatuses", IncludeAllInstances=True))

    assert [len(page["Reservations"]) for page in pages] == [2, 1]
    assert [len(page["InstanceStatuses"]) for page in states] == [3]


def test_support_cases_of_a_real_peer_are_facts(engine: Engine, moto: str) -> None:
    theirs = real(moto, "support")
    opened = theirs.create_case(
        subject="GPU 3 is hot", communicationBody="It throttles.", serviceCode="ec2", severityCode="urgent",
        categoryCode="other", ccEmailAddresses=["a@example.com"], language="en", issueType="technical",
    )  # fmt: skip
    asked = Asked(engine, support(moto, answered_within={"urgent": "1h"}))

    first = asked.again()
    theirs.resolve_case(caseId=opened["caseId"])
    asked.again()

    assert first.new == 2
    assert first.how is How.DONE
    # It makes up a severity of its own.
    assert asked.told("support_cases", "status", "note")[-1] == ("resolved", "GPU 3 is hot")
    assert asked.told("provider_messages", "body")[0] == ("It throttles.",)


def case(status: str, *bodies: str) -> dict[str, Any]:
    said = [{"body": each, "submittedBy": "Amazon Web Services", "timeCreated": f"2026-03-01T1{i}:00:00.000Z"}
            for i, each in enumerate(bodies)]  # fmt: skip
    return {
        "caseId": "case-1", "displayId": "17", "subject": "GPU 3 is hot", "status": status, "severityCode": "urgent",
        "timeCreated": "2026-03-01T09:00:00.000Z", "recentCommunications": {"communications": said[::-1]},
    }  # fmt: skip


def test_a_support_case_is_opened_answered_and_resolved(engine: Engine, server: Loopback) -> None:
    asked = Asked(engine, support(server.url, answered_within={"urgent": "1h"}))
    new = []
    for each in (case("opened", "a"), case("opened", "a"), case("pending-customer-action", "a", "b"),
                 case("resolved", "a", "b"), case("mulled-over", "a", "b")):  # fmt: skip
        server.says({"cases": [each]})
        new.append(asked.again().new)

    assert new == [2, 0, 2, 1, 1]
    assert asked.told("support_cases", "case_id", "status", "opened_at", "response_due_at")[0] == (
        "support:17", "open", "2026-03-01T09:00:00Z", "2026-03-01T10:00:00Z",
    )  # fmt: skip
    assert [status for (status,) in asked.told("support_cases", "status")] == [
        "open", "waiting_for_us", "resolved", "",
    ]  # fmt: skip
    assert asked.told("support_cases", "note")[-1] == ("GPU 3 is hot (their word for its state: mulled-over)",)
    assert asked.told("provider_messages", "body") == [("a",), ("b",)]
