"""How Azure is asked: with a token, given or fetched from Entra ID and renewed before it ends, to the last page."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from pydantic import Field, PrivateAttr, model_validator
from requests import PreparedRequest
from requests.auth import AuthBase

from dashboard.errors import SourceFailed, SourceRefused, SourceUnavailable
from dashboard.model.instants import EPOCH, iso
from dashboard.sources.address import LOOPBACK, Address, Reached
from dashboard.sources.http import Answer, Client, Reply
from dashboard.sources.mapping import as_text, field_of
from dashboard.sources.seam import Secret, Standing

SUCCESS, FAILURE, TOO_OFTEN = 200, 500, 429
EARLY = timedelta(minutes=5)  # a token is renewed so long before it ends, or with half of a shorter one's life left
UNSAID = 3600  # seconds that a token lasts which does not say
BY_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
PAGE = 1000
LONGEST_REST = 15.0  # seconds: their quotas are of a few
NEVER = ("0001-01-01", "1601-01-01")  # how .NET and Windows say it


@dataclass(frozen=True, slots=True)
class _Token:
    """A token as Entra ID lends it."""

    text: str
    until: datetime  # when it is renewed


class Entra(Reached):
    """What a source takes that Entra ID vouches for: a token, or an application with a secret or a federated token."""

    token: Secret | None = None
    tenant: str = ""
    client_id: str = ""
    client_secret: Secret | None = None
    client_assertion: Secret | None = None  # federated, as the file of a workload identity holds it
    login: Address = "https://login.microsoftonline.com"  # other clouds have another
    scope: str = ""  # of the token; '' for that of the url

    _held: _Token | None = PrivateAttr(default=None)

    def credential(self) -> Secret | None:
        """The secret that shows who is asking."""
        return self.token or self.client_secret or self.client_assertion

    def headers_of(self, secret: str) -> dict[str, str]:
        """The token that was given; a fetched one comes with each request."""
        return {"Authorization": f"Bearer {secret}"} if self.token else {}

    @model_validator(mode="after")
    def _asks_as_somebody(self) -> "Entra":
        secrets = [each for each in (self.token, self.client_secret, self.client_assertion) if each]
        if len(secrets) > 1:
            raise ValueError("keep one of token, client_secret and client_assertion")
        named = bool(self.tenant) + bool(self.client_id)
        if named != (2 if secrets and not self.token else 0):
            raise ValueError("tenant, client_id and a client_secret or client_assertion go together")
        where = urlsplit(self.login)
        if where.scheme != "https" and where.hostname not in LOOPBACK:
            raise ValueError("login: a secret would travel in the clear; use an https address")
        return self

    @contextmanager
    def asking(self, now: datetime) -> Iterator[Client]:
        """A client with a token that holds. One that is refused is fetched anew at the next poll."""
        auth = Bearer(self._bearer(now)) if self.tenant else None
        try:
            with Client(self, now, auth) as client:
                yield client
        except SourceRefused:
            self._held = None
            raise

    def masked(self, words: str) -> str:
        """Their words without what they were shown."""
        held = self._held.text if self._held else self.token.reveal() if self.token else ""
        return words.replace(held, "•••") if held else words

    def _bearer(self, now: datetime) -> str:
        if self._held is None or now >= self._held.until:
            self._held = self._fetched(now)
        return self._held.text

    def _fetched(self, now: datetime) -> _Token:
        """A new token, by the flow of client credentials (RFC 6749, 4.4). Raises SourceUnavailable, SourceRefused."""
        parts = urlsplit(self.url)
        asked = {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "scope": self.scope or f"{parts.scheme}://{parts.netloc}/.default",
        }
        credential = self.credential()
        assert credential is not None
        try:
            secret = credential.reveal()
        except SourceRefused as why:
            raise SourceRefused(f"{self.name}: {why}") from why
        if self.client_secret:
            asked["client_secret"] = secret
        else:
            asked |= {"client_assertion_type": BY_ASSERTION, "client_assertion": secret}
        url = f"{self.login.rstrip('/')}/{quote(self.tenant, safe='')}/oauth2/v2.0/token"
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        with Client(self.model_copy(update={"url": self.login}), now) as client:
            reply = client.send("POST", url, form, urlencode(asked).encode())
            if reply.status != SUCCESS:
                raise self._unlent(client, url, reply, credential)
            said = client.read(url, reply)
        text, seconds = as_text(field_of(said, "access_token")), as_text(field_of(said, "expires_in"))
        if not (text and text.isascii() and text.isprintable()):
            raise SourceUnavailable(f"{self.name}: {url} answered without a token: is login that of Entra ID?")
        lasts = timedelta(seconds=min(int(seconds), 24 * 3600) if seconds.isdecimal() else UNSAID)
        return _Token(text, now + lasts - min(EARLY, lasts / 2))

    def _unlent(self, client: Client, url: str, reply: Reply, credential: Secret) -> SourceFailed:
        """Why there is no token. Their words may repeat what was asked: only their code is shown."""
        if reply.status >= FAILURE or reply.status == TOO_OFTEN:
            return client.fault(url, reply.status, reply.headers.get("retry-after", ""))
        try:
            said = client.read(url, reply)
        except SourceUnavailable:
            return client.fault(url, reply.status)
        word, number = as_text(field_of(said, "error")), as_text(field_of(said, "error_codes.0"))
        code = f"{word[:60]}, AADSTS{number[:20]}" if number else word[:60] or str(reply.status)
        change = {
            "invalid_client": f"renew what {credential.where} holds, or correct client_id",
            "unauthorized_client": "correct client_id or tenant",
            "invalid_scope": "correct scope",
        }.get(word, "correct tenant, client_id or scope")
        return SourceRefused(f"{self.name}: Entra ID lends no token ({code}): {change}")


class Bearer(AuthBase):
    """Shows a token with each request."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """The request with its token."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Azure(Entra, Standing):
    """What every source takes that Azure Resource Manager answers."""

    url: Address = "https://management.azure.com"
    subscriptions: tuple[str, ...] = Field(min_length=1)
    provider: str = "azure"

    def graph(self, client: Client, query: str) -> Iterator[Mapping[str, Any]]:
        """All rows that Resource Graph finds; `query` sorts by id, so that each is on one page."""
        url = f"{self.url.rstrip('/')}/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01"
        options: dict[str, Any] = {"resultFormat": "objectArray", "$top": PAGE}
        known = set[str]()
        while True:
            asked = {"subscriptions": list(self.subscriptions), "query": query, "options": options}
            answer = client.post(url, asked)
            yield from self._rows(answer.value, "data")
            following = as_text(field_of(answer.value, "$skipToken"))
            if not following:
                if as_text(field_of(answer.value, "resultTruncated")).lower() == "true":
                    raise SourceRefused(f"{self.name}: Resource Graph cut its answer: name fewer subscriptions")
                return
            self._not_in_circles(following, known)
            _rest(answer)
            options = options | {"$skipToken": following}

    def listed(self, client: Client, path: str, params: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
        """All that a list holds, page by page."""
        answer, known = client.get(self.url.rstrip("/") + path, params), set[str]()
        while True:
            yield from self._rows(answer.value, "value")
            following = as_text(field_of(answer.value, "nextLink"))
            if not following:
                return
            self._not_in_circles(following, known)
            answer = client.get(following)

    def _rows(self, answer: Any, name: str) -> Iterator[Mapping[str, Any]]:
        rows = field_of(answer, name)
        if not isinstance(rows, list):
            raise SourceUnavailable(
                f"{self.name}: its answer has no list {name!r}: is the url that of Azure's interface?"
            )
        yield from (each for each in rows if isinstance(each, Mapping))

    def _not_in_circles(self, following: str, known: set[str]) -> None:
        if following in known:
            raise SourceUnavailable(
                f"{self.name}: its next page is one that it gave already: it is asked again by itself"
            )
        known.add(following)


def _rest(answer: Answer) -> None:
    """Waits for the next question to be answered, where the answer says that the quota is used up for some seconds."""
    if answer.headers.get("x-ms-user-quota-remaining", "") == "0":
        after = answer.headers.get("x-ms-user-quota-resets-after", "").split(":")
        if len(after) == 3 and all(each.isdecimal() for each in after):
            time.sleep(
                min(sum(int(each) * unit for each, unit in zip(after, (3600, 60, 1), strict=True)), LONGEST_REST)
            )


def uncapitalised(value: Any) -> Any:
    """The same with every field's name beginning small: Resource Graph and Resource Manager differ in that only."""
    if isinstance(value, Mapping):
        return {f"{key[:1].lower()}{key[1:]}": uncapitalised(each) for key, each in value.items()}
    return [uncapitalised(each) for each in value] if isinstance(value, list) else value


def instant_text(value: Any) -> str:
    """Milliseconds since 1970, or ISO 8601 that is UTC where it names no zone, as ISO 8601; '' for their never.

    What is no instant stays as it is, for the reader of the column to say so.
    """
    text = as_text(value)
    try:
        if text.removeprefix("-").isdecimal():
            return iso(EPOCH + timedelta(milliseconds=int(text))) if int(text) > 0 else ""
        if text.startswith(NEVER):
            return ""
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        return text
    return iso(at if at.tzinfo else at.replace(tzinfo=UTC))


def machine_of(resource_id: str) -> str:
    """What a machine is called in Azure, given its resource id; one of a scale set by the set's name and its own."""
    parts = resource_id.strip("/").split("/")
    if len(parts) > 3 and parts[-4].lower() == "virtualmachinescalesets":
        return f"{parts[-3]}_{parts[-1]}"
    return parts[-1]
