"""Who is on call, by duty and by name."""

from typing import Any

import pytest
from pydantic import SecretStr, ValidationError
from sqlalchemy import Engine

from dashboard.jobs.collect import How
from dashboard.model.parties import NOBODY_ON_CALL as NOBODY
from dashboard.sources.pagerduty import PagerDuty
from dashboard.sources.seam import Secret
from tests.sources.asked import Asked
from tests.sources.faults import FAULTS, TOKEN, fail, patience
from tests.sources.loopback import Handler, Loopback

HELD = Secret(where="the environment variable THEIR_TOKEN", held=SecretStr(TOKEN))
SCHEDULED = {"party": "iad-oncall", "role": "cluster_oncall", "schedule": "S1", "cluster": "iad", "channel": "#iad"}
BY_POLICY = {"party": "scheduler", "role": "scheduler_oncall", "escalation_policy": "P1", "escalates_to": "iad-oncall"}


def pagerduty(server: Loopback, *duties: dict[str, str], **rest: Any) -> PagerDuty:
    said = {"name": "pd", "url": server.url, "token": HELD, "duties": duties or (SCHEDULED, BY_POLICY)}
    return PagerDuty.model_validate(said | rest)


def oncall(name: str, schedule: str = "", policy: str = "P9", level: int = 1) -> dict[str, Any]:
    return {
        "user": {"id": "U1", "summary": name, "html_url": "https://x.pagerduty.com/users/U1"},
        "schedule": {"id": schedule} if schedule else None, "escalation_policy": {"id": policy},
        "escalation_level": level, "start": "2026-03-01T00:00:00Z", "end": None,
    }  # fmt: skip


def test_who_has_a_duty_now_is_a_party_until_another_has_it(engine: Engine, server: Loopback) -> None:
    """By name, with the configured channel; of a policy, the first level that has anybody."""
    asked = Asked(engine, pagerduty(server))
    policy = [oncall("Cy", policy="P1", level=2), oncall("Bo", policy="P1")]
    first = [oncall("Ann", "S1"), *policy]

    new = []
    for each in (first, first, [oncall("Dee", "S1"), oncall("Ann", "S1"), *policy], policy[:1], []):
        server.says({"oncalls": each, "more": False})
        new.append((asked.again().new, dict(asked_parties(asked))))

    assert new == [
        (2, {"iad-oncall": "Ann", "scheduler": "Bo"}),
        (0, {"iad-oncall": "Ann", "scheduler": "Bo"}),
        (1, {"iad-oncall": "Ann, Dee", "scheduler": "Bo"}),
        (2, {"iad-oncall": NOBODY, "scheduler": "Cy"}),
        (1, {"iad-oncall": NOBODY, "scheduler": NOBODY}),
    ]
    assert server.asked[0].params["schedule_ids[]"] == "S1"
    assert server.asked[0].headers["authorization"] == f"Token token={TOKEN}"
    assert server.asked[0].headers["accept"] == "application/vnd.pagerduty+json;version=2"


def asked_parties(asked: Asked) -> list[tuple[str, str]]:
    """The name that each party has by now."""
    return [(party, name) for party, name in asked.told("parties", "party_id", "name")]


def test_pages_of_oncalls_are_one_answer(engine: Engine, server: Loopback) -> None:
    def reply(handler: Handler) -> None:
        second = server.asked[-1].params["offset"] == "100"
        handler.send_json({"oncalls": [oncall("Bo" if second else "Ann", "S1")], "more": not second})

    server.reply = reply
    asked = Asked(engine, pagerduty(server, SCHEDULED))

    asked.again()

    assert asked_parties(asked) == [("iad-oncall", "Ann, Bo")]
    assert [each.params["offset"] for each in server.asked] == ["0", "100"]


@pytest.mark.parametrize("name", sorted(set(FAULTS) - {"redirect in circles"}))
def test_every_fault_is_said_and_the_one_on_call_stays(engine: Engine, server: Loopback, name: str) -> None:
    asked = Asked(engine, pagerduty(server, SCHEDULED, timeout=patience(name), largest_mb=0.2))
    server.says({"oncalls": [oncall("Ann", "S1")], "more": False})
    asked.again()
    words = fail(server, name)

    failed = asked.again()

    assert failed.how is How.FAILED
    assert (words if name != "other JSON" else "lists no oncalls") in failed.error
    assert TOKEN not in failed.error
    assert asked_parties(asked) == [("iad-oncall", "Ann")]


@pytest.mark.parametrize(
    ("duties", "words"),
    [
        ([], "at least 1 item"),
        ([SCHEDULED, SCHEDULED], "two duties make the party 'iad-oncall'"),
        ([SCHEDULED | {"escalation_policy": "P1"}], "give either a schedule or an escalation_policy"),
        ([SCHEDULED | {"role": "chef"}], "role"),
        ([SCHEDULED | {"chanel": "#x"}], "chanel"),
    ],
)
def test_unclear_duties_are_refused(server: Loopback, duties: list[dict[str, str]], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        pagerduty(server, duties=duties)
