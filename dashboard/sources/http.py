"""The one way to ask over HTTP: only the configured host, in bounded time and size, and every fault in one sentence."""

import json
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from socket import gaierror
from time import monotonic
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError, NameResolutionError, ReadTimeoutError

from dashboard.errors import SourceFailed, SourceGone, SourceRefused, SourceUnavailable
from dashboard.sources.address import Address, HttpSource, Reached
from dashboard.sources.headers import ahead, next_link, pause, pause_seconds
from dashboard.sources.timed import Deadline, Timed

__all__ = ["Address", "Answer", "Client", "HttpSource", "Reply"]

Params = Mapping[str, str | Sequence[str]]

REDIRECTS = 5
REDIRECTED = (301, 302, 303, 307, 308)
PIECE = 1 << 16
MEGABYTE = 1_000_000
AGENT = "dashboard (maintenance of GPU fleets)"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it came, whatever its status; its headers go by any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer's JSON; `value` is None, `changed` False, where the source said that nothing has changed."""

    value: Any
    changed: bool
    etag: str
    next_link: str | None  # RFC 8288, made absolute
    headers: Mapping[str, str] = field(default_factory=dict)


class Client:
    """Asks for one poll of one source; `now` is the clock that a Retry-After date is held against.

    `auth` signs each request, where a header that is always the same is not enough.
    """

    def __init__(self, source: Reached, now: datetime, auth: AuthBase | None = None) -> None:
        self._source, self._now, self._began = source, now, monotonic()
        self._home = _origin(urlsplit(source.url))
        self._session, self._deadline = requests.Session(), Deadline()
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, Timed(self._deadline))
        # No .netrc, proxies or certificates from the environment: a source reaches what its configuration names.
        self._session.trust_env = False
        self._session.headers.update({"User-Agent": AGENT, "Accept": "application/json"})
        self._session.auth = auth
        if source.proxy:
            self._session.proxies = {"http": source.proxy, "https": source.proxy}
        self._session.verify = str(source.ca_file) if source.ca_file else True
        self._secret = ""

    def __enter__(self) -> "Client":
        try:
            credential = self._source.credential()
            if credential:
                self._secret = credential.reveal()
            headers = self._source.headers_of(self._secret)
            if not all(each.isascii() and each.isprintable() for each in headers.values()):
                where = credential.where if credential else "one of its headers"
                raise SourceRefused(f"{where} holds characters that no token has: copy it again")
            self._session.headers.update(headers)
        except SourceRefused as why:
            raise SourceRefused(f"{self._source.name}: {why}") from why
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def get(self, url: str, params: Params | None = None, etag: str = "") -> Answer:
        """The JSON at `url`. Raises SourceUnavailable and SourceRefused, in words."""
        self._begin()
        asked: Params | None = params
        for _ in range(REDIRECTS + 1):
            self._stay_home(url)
            with self._in_words(url), closing(self._ask(url, asked, etag)) as response:
                if not response.is_redirect:
                    return self._answer(url, response)
                url, asked = urljoin(response.url, response.headers["location"]), None
        raise self._refused(url, "redirects in circles: give the address it should end at")

    def lines(self, url: str, params: Params, seconds: float) -> Iterator[list[bytes]]:
        """The lines of an answer that goes on for so many seconds, as they come. Raises like `get`."""
        self._begin()
        self._stay_home(url)
        with self._in_words(url), closing(self._ask(url, params, "")) as response:
            if response.status_code != requests.codes.ok:
                raise self._of_status(url, response.status_code, pause(response.headers))
            self._begin(seconds)
            begun = b""
            for piece in self._pieces(response):
                *whole, begun = (begun + piece).split(b"\n")
                if len(begun) > self._source.largest_mb * MEGABYTE:
                    raise self._too_large(url)
                if whole:
                    yield whole
            if begun:
                yield [begun]

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """The answer to a request that somebody else has made and signed; a redirect is an answer like any other.

        Raises SourceUnavailable and SourceRefused where there is none, in words.
        """
        self._begin()
        self._stay_home(url)
        request = requests.Request(method, url, dict(headers), data=body)
        with self._in_words(url), closing(self._sent(request)) as response:
            return Reply(response.status_code, response.headers, self._body(url, response))

    def post(self, url: str, value: Any) -> Answer:
        """The JSON that a question, JSON itself, is answered with. Raises SourceUnavailable and SourceRefused."""
        reply = self.send("POST", url, {"Content-Type": "application/json"}, json.dumps(value).encode())
        if reply.status != requests.codes.ok:
            raise self.fault(url, reply.status, pause(reply.headers))
        return Answer(self.read(url, reply), True, "", None, reply.headers)

    def read(self, url: str, reply: Reply) -> Any:
        """The JSON that an answer from `url` holds. Raises SourceUnavailable for anything else, in words."""
        if reply.body[:200].lstrip().startswith(b"<") or "html" in reply.headers.get("content-type", ""):
            raise self._unavailable(url, "answered with a web page instead of JSON: is the url that of the interface?")
        try:
            return json.loads(reply.body, parse_constant=_no_constant)
        except (ValueError, RecursionError) as why:
            raise self._unavailable(url, "answered with broken JSON: ask its operator") from why

    def _begin(self, seconds: float = 0.0) -> None:
        """From now on the time runs that an answer may take."""
        self._deadline.until = monotonic() + seconds + self._source.timeout

    def _sent(self, request: requests.Request) -> requests.Response:
        prepared = self._session.prepare_request(request)
        settings = self._session.merge_environment_settings(prepared.url, {}, True, None, None)
        send = partial(self._session.send, timeout=self._deadline.left(), allow_redirects=False)
        return self._heard(send(prepared, **settings))

    def fault(self, url: str, status: int, retry_after: str = "") -> SourceFailed:
        """What a status that is no success comes to, in words, for whoever asked by `send`."""
        return self._of_status(url, status, retry_after)

    def _ask(self, url: str, params: Params | None, etag: str) -> requests.Response:
        headers = {"If-None-Match": etag} if etag else {}
        ask = partial(self._session.get, allow_redirects=False, stream=True)
        return self._heard(ask(url, params=params, headers=headers, timeout=self._deadline.left()))

    def _heard(self, response: requests.Response) -> requests.Response:
        """Holds the sender's clock against ours."""
        self._source.hear_clock(ahead(response.headers, self._now + timedelta(seconds=monotonic() - self._began)))
        return response

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

    def _answer(self, url: str, response: requests.Response) -> Answer:
        if response.status_code == requests.codes.not_modified:
            return Answer(None, False, "", None)
        if response.status_code != requests.codes.ok:
            raise self._of_status(url, response.status_code, pause(response.headers))
        value = self.read(url, Reply(response.status_code, response.headers, self._body(url, response)))
        return Answer(value, True, response.headers.get("etag", ""), next_link(response), response.headers)

    def _body(self, url: str, response: requests.Response) -> bytes:
        """All of the body, read as it comes: neither its size nor its pace is the sender's to decide."""
        body = bytearray()
        for piece in self._pieces(response):
            body += piece
            if len(body) > self._source.largest_mb * MEGABYTE:
                raise self._too_large(url)
        return bytes(body)

    def _pieces(self, response: requests.Response) -> Iterator[bytes]:
        # read1 returns what has come; read would wait, byte by byte, for a whole piece.
        while piece := response.raw.read1(PIECE, decode_content=True):
            self._deadline.left()
            yield piece

    def _of_status(self, url: str, code: int, retry_after: str) -> SourceFailed:
        held = self._source.credential()
        credential = held.where if held else ""
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
            after = pause_seconds(retry_after, self._now)
            own_fault = f"has a fault of its own ({code}): it is asked again by itself"
            kind = SourceGone if code == requests.codes.gone else SourceUnavailable
            return kind(self._sentence(url, passing.get(code, own_fault)), after)
        elsewhere = f"redirects ({code}), and only the configured host is asked: give the address it should end at"
        other = elsewhere if code in REDIRECTED else f"answered {code}: correct the url or the options"
        return self._refused(url, lasting.get(code, other))

    @contextmanager
    def _in_words(self, url: str) -> Iterator[None]:
        """Foreign errors become ours. Their own words may hold the address with all its parameters: never shown."""
        try:
            yield
        except (requests.Timeout, ReadTimeoutError, TimeoutError) as why:
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

    def _too_large(self, url: str) -> SourceFailed:
        most = f"{self._source.largest_mb:g} MB"
        return self._refused(url, f"answered with more than {most}: ask for less, or raise largest_mb")

    def _unavailable(self, url: str, what: str) -> SourceUnavailable:
        return SourceUnavailable(self._sentence(url, what))

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
