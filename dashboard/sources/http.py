"""The one way to ask over HTTP: only the configured host, in bounded time and size, and every fault in one sentence."""

import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from socket import gaierror
from time import monotonic
from typing import Annotated, Any
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
from pydantic import AfterValidator, Field, model_validator
from requests.utils import parse_header_links
from urllib3.exceptions import HTTPError, NameResolutionError, ReadTimeoutError

from dashboard.errors import SourceFailed, SourceRefused, SourceUnavailable
from dashboard.sources.seam import Secret, Source

REDIRECTS = 5
PIECE = 1 << 16
MEGABYTE = 1_000_000
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "x-api-key"})
AGENT = "dashboard (maintenance of GPU fleets)"


def _web_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("write a whole address, like https://status.example.com/api")
    if parts.username or parts.password:
        raise ValueError("take the password out of the address; secrets are named by token_env or token_file")
    return url


Address = Annotated[str, AfterValidator(_web_address)]


class HttpSource(Source):
    """What every source that is asked over HTTP takes."""

    url: Address
    token: Secret | None = None
    token_header: str = "Authorization"
    token_prefix: str = "Bearer "
    headers: dict[str, str] = Field(default_factory=dict)  # anything but secrets
    ca_file: Path | None = None  # certificates to trust, where the host has one of its own
    proxy: Address | None = None
    largest_mb: float = Field(default=32, gt=0)  # an answer may have so many megabytes

    @model_validator(mode="after")
    def _keep_the_token_private(self) -> "HttpSource":
        parts = urlsplit(self.url)
        if self.token and parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise ValueError("a token would travel in the clear; use an https address")
        secret = next((each for each in self.headers if each.lower() in SECRET_HEADERS), "")
        if secret:
            raise ValueError(f"{secret} is a secret; make it the token_header, and name it by token_env or token_file")
        return self


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer's JSON; `value` is None, `changed` False, where the source said that nothing has changed."""

    value: Any
    changed: bool
    etag: str
    next_link: str | None  # RFC 8288, made absolute


class Client:
    """Asks for one poll of one source; `now` is the clock that a Retry-After date is held against."""

    def __init__(self, source: HttpSource, now: datetime) -> None:
        self._source, self._now = source, now
        self._home = _origin(urlsplit(source.url))
        self._session = requests.Session()
        # No .netrc, proxies or certificates from the environment: a source reaches what its configuration names.
        self._session.trust_env = False
        self._session.headers.update({"User-Agent": AGENT, "Accept": "application/json", **source.headers})
        if source.proxy:
            self._session.proxies = {"http": source.proxy, "https": source.proxy}
        self._session.verify = str(source.ca_file) if source.ca_file else True
        self._secret = ""

    def __enter__(self) -> "Client":
        try:
            if self._source.token:
                self._secret = self._source.token.reveal()
                if not (self._secret.isascii() and self._secret.isprintable()):
                    where = self._source.token.where
                    raise SourceRefused(f"{where} holds characters that no token has: copy it again")
                self._session.headers[self._source.token_header] = self._source.token_prefix + self._secret
        except SourceRefused as why:
            raise SourceRefused(f"{self._source.name}: {why}") from why
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def get(self, url: str, params: Mapping[str, str] | None = None, etag: str = "") -> Answer:
        """The JSON at `url`. Raises SourceUnavailable and SourceRefused, in words."""
        until = monotonic() + self._source.timeout
        asked: Mapping[str, str] | None = params
        for _ in range(REDIRECTS + 1):
            self._stay_home(url)
            with self._in_words(url), closing(self._ask(url, asked, etag, until)) as response:
                if not response.is_redirect:
                    return self._answer(url, response, until)
                url, asked = urljoin(response.url, response.headers["location"]), None
        raise self._refused(url, "redirects in circles: give the address it should end at")

    def _ask(self, url: str, params: Mapping[str, str] | None, etag: str, until: float) -> requests.Response:
        left = max(until - monotonic(), 0.001)
        headers = {"If-None-Match": etag} if etag else {}
        return self._session.get(url, params=params, headers=headers, timeout=left, allow_redirects=False, stream=True)

    def _stay_home(self, url: str) -> None:
        try:
            there = _origin(urlsplit(url))
        except ValueError as why:  # a port that is no number
            raise self._refused(self._source.url, "points to an address that is none") from why
        if there != self._home:
            raise self._refused(
                self._source.url,
                f"points to {there[0]}://{there[1]}:{there[2]}, and only the configured host is asked; "
                "if that is right, make it the url",
            )

    def _answer(self, url: str, response: requests.Response, until: float) -> Answer:
        if response.status_code == requests.codes.not_modified:
            return Answer(None, False, "", None)
        if response.status_code != requests.codes.ok:
            raise self._of_status(url, response)
        body = self._body(url, response, until)
        start = body[:200].lstrip()
        if start.startswith(b"<") or "html" in response.headers.get("content-type", ""):
            raise self._unavailable(url, "answered with a web page instead of JSON: is the url that of the interface?")
        try:
            value = json.loads(body, parse_constant=_no_constant)
        except (ValueError, RecursionError) as why:
            raise self._unavailable(url, "answered with broken JSON: ask its operator") from why
        return Answer(value, True, response.headers.get("etag", ""), _next_link(response))

    def _body(self, url: str, response: requests.Response, until: float) -> bytes:
        """All of the body, read as it comes: neither its size nor its pace is the sender's to decide."""
        most = int(self._source.largest_mb * MEGABYTE)
        body = bytearray()
        # read1 returns what has come; read would wait, byte by byte, for a whole piece.
        while piece := response.raw.read1(PIECE, decode_content=True):
            body += piece
            if len(body) > most:
                raise self._refused(
                    url, f"answered with more than {self._source.largest_mb:g} MB: ask for less, or raise largest_mb"
                )
            if monotonic() > until:
                raise self._too_slow(url)
        return bytes(body)

    def _of_status(self, url: str, response: requests.Response) -> SourceFailed:
        code = response.status_code
        credential = self._source.token.where if self._source.token else ""
        renew = f"renew what {credential} holds" if credential else "give it a token by token_env or token_file"
        grant = f"grant the owner of {credential} the right to read it" if credential else "it may need a token"
        passing = {
            requests.codes.gone: "has dropped what was asked for (410): it is asked again from the beginning",
            requests.codes.too_many_requests: "is asked too often (429): lengthen the interval if this stays",
        }
        lasting = {
            requests.codes.unauthorized: f"refused the credential (401): {renew}",
            requests.codes.forbidden: f"forbids this (403): {grant}",
            requests.codes.not_found: "has nothing at that address (404): correct the url",
        }
        if code in passing or code >= requests.codes.server_error:
            after = _retry_after(response.headers.get("retry-after", ""), self._now)
            own_fault = f"has a fault of its own ({code}): it is asked again by itself"
            return self._unavailable(url, passing.get(code, own_fault), after)
        return self._refused(url, lasting.get(code, f"answered {code}: correct the url or the options"))

    @contextmanager
    def _in_words(self, url: str) -> Iterator[None]:
        """Foreign errors become ours. Their own words may hold the address with all its parameters: never shown."""
        try:
            yield
        except (requests.Timeout, ReadTimeoutError) as why:
            raise self._too_slow(url) from why
        except (requests.RequestException, HTTPError, ssl.SSLError, OSError) as why:
            raise self._unreachable(url, why) from why

    def _unreachable(self, url: str, error: BaseException) -> SourceFailed:
        causes = list(_causes(error))
        for each in causes:
            if isinstance(each, ssl.SSLCertVerificationError):
                words = (
                    f"shows a certificate that is not trusted ({each.verify_message}): renew it, or name its ca_file"
                )
                return self._refused(url, words)
            if isinstance(each, ssl.SSLError):
                return self._unavailable(
                    url, "cannot be spoken to by TLS: is the url meant to be http, or the port wrong?"
                )
            if isinstance(each, NameResolutionError | gaierror):
                return self._unavailable(url, "has a name that cannot be resolved: check the url and the DNS")
            if isinstance(each, ConnectionRefusedError):
                return self._unavailable(url, "refuses the connection: is it up, and the port right?")
            if isinstance(each, requests.exceptions.ProxyError):
                return self._unavailable(url, "cannot be reached through the proxy: check the option proxy")
        return self._unavailable(url, "broke off in the middle of its answer: it is asked again by itself")

    def _too_slow(self, url: str) -> SourceFailed:
        return self._unavailable(
            url, f"did not answer within {self._source.timeout:g} s: it is asked again; raise timeout if this stays"
        )

    def _unavailable(self, url: str, what: str, retry_after: float | None = None) -> SourceUnavailable:
        return SourceUnavailable(self._sentence(url, what), retry_after)

    def _refused(self, url: str, what: str) -> SourceRefused:
        return SourceRefused(self._sentence(url, what))

    def _sentence(self, url: str, what: str) -> str:
        parts = urlsplit(url)
        words = f"{self._source.name}: {parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path} {what}"
        return words.replace(self._secret, "•••") if self._secret else words


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    return parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _next_link(response: requests.Response) -> str | None:
    for link in parse_header_links(response.headers.get("link", "")):
        if link.get("rel") == "next" and link.get("url"):
            return urljoin(response.url, link["url"])
    return None


def _retry_after(text: str, now: datetime) -> float | None:
    """Seconds, from a number of them or from a date; None for neither."""
    if text.strip().isdecimal():
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max((at - now).total_seconds(), 0.0) if at.tzinfo else None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error, what it wraps in its arguments, and what it came from."""
    seen: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        each = waiting.pop(0)
        if isinstance(each, BaseException) and each not in seen:
            seen.append(each)
            yield each
            waiting += [*each.args, getattr(each, "reason", None), each.__cause__, each.__context__]
