"""Whatever a server does, the answer is facts or one sentence: what is wrong, and what to change."""

import socket
import ssl
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from dashboard.errors import SourceFailed, SourceRefused, SourceUnavailable
from dashboard.sources.http import Client
from dashboard.sources.json_api import JsonApi
from dashboard.sources.seam import Secret
from tests.sources.faults import FAULTS, TOKEN, fail, patience
from tests.sources.loopback import Loopback, loopback

NOW = datetime(2026, 3, 2, tzinfo=UTC)
FACTS = {"providers": {"provider_id": "id"}}
HELD = Secret(where="the environment variable THEIR_TOKEN", held=SecretStr(TOKEN))


def api(url: str, **options: object) -> JsonApi:
    told = {"name": "fleet", "url": url, "token": HELD, "timeout": 15, "largest_mb": 0.2, "records": "items"}
    return JsonApi.model_validate(told | {"facts": FACTS} | options)


def polled(source: JsonApi) -> str:
    """What polling it fails with."""
    with pytest.raises(SourceFailed) as failed:
        list(source.poll(None, NOW))
    return str(failed.value)


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_is_one_sentence_without_the_secret(server: Loopback, name: str) -> None:
    """It names the source, says what is wrong, and holds neither the token nor the parameters of the address."""
    words = fail(server, name)

    said = polled(api(f"{server.url}/items?key=in-the-address", timeout=patience(name)))

    assert said.startswith("fleet: ")
    assert words in said
    assert "\n" not in said
    assert TOKEN not in said
    assert "in-the-address" not in said


@pytest.mark.parametrize(("name", "seconds"), [("429", 120.0), ("503", 600.0), ("500", None)])
def test_a_source_is_left_alone_for_as_long_as_it_asks(server: Loopback, name: str, seconds: float | None) -> None:
    """Retry-After as a number of seconds or as a date."""
    fail(server, name)

    with pytest.raises(SourceUnavailable) as failed:
        list(api(server.url).poll(None, NOW))

    assert failed.value.retry_after == seconds


def test_nobody_listening_is_said() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"

    assert "refuses the connection: is it up, and the port right?" in polled(api(url))


def test_a_name_that_cannot_be_resolved_is_said() -> None:
    source = api("https://nobody.invalid/items", timeout=5)

    assert "has a name that cannot be resolved" in polled(source)


def test_only_the_configured_host_hears_the_token(server: Loopback) -> None:
    """Neither a redirect nor a link to the next page leads elsewhere, not even to another port of the host."""
    with loopback() as other:
        server.reply = lambda handler: handler.send_body(307, b"", Location=f"{other.url}/steal")
        redirected = polled(api(server.url))
        server.says({"items": []}, Link=f'<{other.url}/steal>; rel="next"')
        linked = polled(api(server.url))
        server.says({"items": [], "more": f"{other.url}/steal"})
        paged = polled(api(server.url, paging={"next_link": "more"}))

    assert other.asked == []
    for said in (redirected, linked, paged):
        assert "only the configured host is asked" in said


def test_a_redirect_within_the_host_is_followed(server: Loopback) -> None:
    def reply(handler: object) -> None:
        if len(server.asked) == 1:
            handler.send_body(302, b"", Location="/moved")  # type: ignore[attr-defined]
        else:
            handler.send_json({"items": [{"id": "p-1"}]})  # type: ignore[attr-defined]

    server.reply = reply

    (first, _) = api(f"{server.url}/items").poll(None, NOW)

    assert first.facts == {"providers": [("p-1", "")]}
    assert [each.path for each in server.asked] == ["/items", "/moved"]
    assert {each.headers["authorization"] for each in server.asked} == {f"Bearer {TOKEN}"}


def test_a_token_never_travels_in_the_clear() -> None:
    with pytest.raises(ValueError, match="a token would travel in the clear; use an https address"):
        api("http://fleet.example.com/items")


def test_a_password_in_the_address_is_refused() -> None:
    with pytest.raises(ValueError, match="take the password out of the address"):
        api("https://user:pass@fleet.example.com/items")


def test_a_token_in_a_file_is_read_at_every_poll(server: Loopback, tmp_path: Path) -> None:
    """Tokens are renewed while the worker runs."""
    file = tmp_path / "token"
    source = api(server.url, token=Secret(where=f"the file {file}", path=file))
    server.says({"items": []})

    missing = polled(source)
    for token in ("first", "second"):
        file.write_text(f"{token}\n")
        list(source.poll(None, NOW))

    assert missing == f"fleet: the file {file} cannot be read (FileNotFoundError): make it readable"
    assert [each.headers["authorization"] for each in server.asked] == ["Bearer first", "Bearer second"]


def test_a_token_that_no_header_can_carry_is_said_and_not_shown(server: Loopback) -> None:
    for token in (f"{TOKEN}\r\nHost: evil", f"{TOKEN}…"):
        said = polled(api(server.url, token=Secret(where="the file x", held=SecretStr(token))))

        assert said == "fleet: the file x holds characters that no token has: copy it again"
    assert server.asked == []


def test_the_environment_lends_no_credentials_and_no_proxy(
    server: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password mine\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    server.says({"items": []})

    list(api(server.url, token=None).poll(None, NOW))

    assert "authorization" not in server.asked[0].headers


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody signed but itself, with its key."""
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    made += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(file) + ".key", "-out", str(file)]
    subprocess.run(made, check=True, capture_output=True)
    file.write_text(file.read_text() + Path(f"{file}.key").read_text())
    return file


def test_a_certificate_that_nobody_trusts_is_said_and_can_be_trusted_by_name(certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with loopback(context) as server:
        server.says({"items": []})
        distrusted = polled(api(server.url))
        trusted = list(api(server.url, ca_file=certificate).poll(None, NOW))

    assert "shows a certificate that is not trusted (self-signed certificate)" in distrusted
    assert trusted
    assert len(server.asked) == 1


def test_tls_where_there_is_none_is_said(server: Loopback) -> None:
    assert "cannot be spoken to by TLS" in polled(api(server.url.replace("http://", "https://")))


def test_a_compressed_answer_counts_unpacked(server: Loopback) -> None:
    """A small body that unpacks to a large one is cut off like any large one."""
    import gzip

    packed = gzip.compress(b'{"items": ["' + b"x" * 50_000_000 + b'"]}')
    server.reply = lambda handler: handler.send_body(200, packed, Content_Encoding="gzip")

    assert len(packed) < 100_000
    assert "more than 0.2 MB" in polled(api(server.url))


def test_the_client_shows_nothing_of_its_secret() -> None:
    source = api("https://fleet.example.com/items")

    assert TOKEN not in repr(source) + str(source) + repr(vars(Client(source, NOW))) + source.model_dump_json()
    assert isinstance(SourceRefused("x"), SourceFailed)
