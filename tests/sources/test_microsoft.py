"""Azure is asked with a token that is given, or lent by Entra ID and renewed before it ends."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from pydantic import SecretStr, ValidationError
from sqlalchemy import Engine

from dashboard.jobs.collect import How
from dashboard.sources.kusto import Kusto
from dashboard.sources.microsoft import instant_text, machine_of
from dashboard.sources.seam import Secret
from tests.sources.asked import Asked
from tests.sources.faults import FAULTS, TOKEN, fail, patience
from tests.sources.kusto_cluster import Cluster
from tests.sources.loopback import Loopback, loopback

FACTS = {"teams": {"team_id": "change"}}
SECRET = Secret(where="the environment variable THEIR_TOKEN", held=SecretStr(TOKEN))


@pytest.fixture
def login() -> Iterator[Loopback]:
    """Entra ID, which lends a token for an hour."""
    with loopback() as found:
        lends(found)
        yield found


def lends(login: Loopback, seconds: Any = 3599) -> None:
    def reply(handler: Any) -> None:
        handler.send_json({"token_type": "Bearer", "expires_in": seconds, "access_token": f"lent-{len(login.asked)}"})

    login.reply = reply


def source(server: Loopback, login: Loopback, **options: Any) -> Kusto:
    told = {"name": "adx", "type": "kusto", "url": server.url, "database": "fleet", "query": "Moves", "facts": FACTS,
            "tenant": "t-1", "client_id": "app-1", "client_secret": SECRET, "login": login.url, "timeout": 5,
            "largest_mb": 0.2}  # fmt: skip
    return Kusto.model_validate({name: each for name, each in (told | options).items() if each is not None})


def test_a_token_is_fetched_once_and_renewed_before_it_ends(engine: Engine, server: Loopback, login: Loopback) -> None:
    """It lasts an hour; five minutes before the end it is renewed, and no sooner."""
    Cluster(server)
    asked = Asked(engine, source(server, login))
    for minutes in (1, 30, 24, 5, 1):
        assert asked.again(minutes).how is How.DONE

    assert [each.headers["authorization"] for each in server.asked] == ["Bearer lent-1"] * 3 + ["Bearer lent-2"] * 2
    first = login.asked[0]
    assert (first.method, first.path) == ("POST", "/t-1/oauth2/v2.0/token")
    assert parse_qs(first.body.decode()) == {
        "grant_type": ["client_credentials"], "client_id": ["app-1"], "client_secret": [TOKEN],
        "scope": [f"{server.url}/.default"],
    }  # fmt: skip
    assert "authorization" not in first.headers


def test_a_token_that_is_refused_is_fetched_anew(engine: Engine, server: Loopback, login: Loopback) -> None:
    """Whatever its time: somebody may have revoked it."""
    cluster = Cluster(server)
    asked = Asked(engine, source(server, login))
    asked.again()
    server.fails(401)
    refused = asked.again()
    server.reply = cluster.answer

    assert "refused the credential (401): renew what the environment variable THEIR_TOKEN holds" in refused.error
    assert asked.again().how is How.DONE
    assert server.asked[-1].headers["authorization"] == "Bearer lent-2"


def test_a_token_that_is_short_or_says_no_length_is_one(engine: Engine, server: Loopback, login: Loopback) -> None:
    """Of a short one, half of its life is used; one that does not say lasts an hour."""
    Cluster(server)
    lends(login, 120)
    asked = Asked(engine, source(server, login))
    for minutes in (1, 0.5, 1):
        asked.again(minutes)
    lends(login, None)
    asked.again(2)
    asked.again(50)

    assert [each.headers["authorization"][-1] for each in server.asked] == ["1", "1", "2", "3", "3"]


def test_a_workload_identity_shows_what_its_file_holds(
    engine: Engine, server: Loopback, login: Loopback, tmp_path: Path
) -> None:
    """The file is read at each renewal; the scope may be said."""
    Cluster(server)
    file = tmp_path / "federated"
    file.write_text("first\n")
    held = Secret(where=f"the file {file}", path=file)
    asked = Asked(engine, source(server, login, client_secret=None, client_assertion=held, scope="api://x/.default"))
    asked.again()
    file.write_text("second")
    asked.again(60)
    file.write_text("")
    failed = asked.again(60)

    said = [parse_qs(each.body.decode()) for each in login.asked]
    assert [each["client_assertion"] for each in said] == [["first"], ["second"]]
    assert said[0]["client_assertion_type"] == ["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"]
    assert said[0]["scope"] == ["api://x/.default"]
    assert failed.error == f"adx: the file {file} is empty: put the secret into it"


@pytest.mark.parametrize(
    ("status", "said", "words"),
    [
        (401, {"error": "invalid_client", "error_description": f"AADSTS7000215: {TOKEN}", "error_codes": [7000215]},
         "lends no token (invalid_client, AADSTS7000215): renew what the environment variable THEIR_TOKEN holds"),
        (400, {"error": "unauthorized_client", "error_codes": [700016]}, "AADSTS700016): correct client_id or tenant"),
        (400, {"error": "invalid_scope"}, "lends no token (invalid_scope): correct scope"),
        (400, {}, "lends no token (400): correct tenant, client_id or scope"),
        (200, {"token_type": "Bearer"}, "answered without a token: is login that of Entra ID?"),
        (200, {"access_token": "no\ntoken"}, "answered without a token"),
        (200, [], "answered without a token"),
    ],
)  # fmt: skip
def test_why_there_is_no_token_is_said(
    engine: Engine, server: Loopback, login: Loopback, status: int, said: Any, words: str
) -> None:
    """By Entra's code; its words may repeat what it was asked. Nobody else is asked meanwhile."""
    Cluster(server)
    asked = Asked(engine, source(server, login))
    login.reply = lambda handler: handler.send_body(status, json.dumps(said).encode())

    failed = asked.again()
    lends(login)

    assert words in failed.error
    assert TOKEN not in failed.error
    assert server.asked == []
    assert asked.again(10).how is How.DONE


@pytest.mark.parametrize("name", sorted(set(FAULTS) - {"other JSON"}))
def test_every_fault_of_entra_is_one_sentence_and_it_recovers(
    engine: Engine, server: Loopback, login: Loopback, name: str
) -> None:
    Cluster(server)
    asked = Asked(engine, source(server, login, timeout=patience(name)))
    words = fail(login, name)

    failed = asked.again()
    lends(login)

    assert failed.how is How.FAILED
    assert ("and only the configured host is asked" if "redirect" in name else words) in failed.error
    assert TOKEN not in failed.error
    assert asked.again(600).how is How.DONE


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"token": SECRET}, "keep one of token, client_secret and client_assertion"),
        ({"tenant": None}, "tenant, client_id and a client_secret or client_assertion go together"),
        ({"client_secret": None}, "go together"),
        ({"login_at": "http://login.example.com"}, "login: a secret would travel in the clear"),
        ({"url": "http://adx.example.com"}, "a token would travel in the clear"),
    ],
)
def test_unclear_credentials_are_refused(server: Loopback, login: Loopback, options: Any, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        source(server, Loopback(options.pop("login_at", login.url)), **options)


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (1772409600000, "2026-03-02T00:00:00Z"),
        ("1772409600500", "2026-03-02T00:00:00.500000Z"),
        ("2026-03-02T01:00:00.0000000+01:00", "2026-03-02T00:00:00Z"),
        ("2026-03-02T00:00:00", "2026-03-02T00:00:00Z"),
        ("0001-01-01T00:00:00Z", ""),
        (-62135596800000, ""),
        (10**30, str(10**30)),
        (None, ""),
        ("soon", "soon"),
    ],
)
def test_both_ways_in_which_azure_writes_instants_are_read(said: Any, text: str) -> None:
    assert instant_text(said) == text


@pytest.mark.parametrize(
    ("resource", "name"),
    [
        ("/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/gpu-1", "gpu-1"),
        ("/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachineScaleSets/pool/virtualMachines/7",
         "pool_7"),
        ("gpu-1", "gpu-1"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_machine_goes_by_the_name_that_azure_gives_it(resource: str, name: str) -> None:
    assert machine_of(resource) == name
