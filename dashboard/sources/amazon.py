"""How AWS is asked: boto3 makes, signs and reads what our one HTTP client sends, which words every fault."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar

import boto3
import botocore.session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES
from botocore.credentials import SharedCredentialProvider
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import model_validator

from dashboard.errors import SourceFailed, SourceRefused, SourceUnavailable
from dashboard.sources.address import Reached
from dashboard.sources.http import Client
from dashboard.sources.seam import Secret

EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"})
UNKNOWN = frozenset({"AuthFailure", "InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId"})
UNSIGNED = frozenset({"SignatureDoesNotMatch", "InvalidSignatureException", "RequestExpired", "RequestTimeTooSkewed"})
DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "OptInRequired"})
BUSY = frozenset({"Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException"})
PLAN = frozenset({"SubscriptionRequiredException"})
SUCCESS, FAILURE = 200, 500

_making = Lock()


class Amazon(Reached):
    """What every source at AWS takes. Exactly one of keys, a profile in a file, or what the machine itself is given."""

    service: ClassVar[str]
    home: ClassVar[str] = ""  # the region of a service that has only one

    region: str
    access_key: Secret | None = None
    secret_key: Secret | None = None
    session_token: Secret | None = None
    credentials_file: Path | None = None  # as the aws command writes them; read at every poll
    profile: str = "default"
    ambient: bool = False  # whatever the environment or the machine's role lends

    @model_validator(mode="before")
    @classmethod
    def _at_home(cls, told: Any) -> Any:
        """The service's own address, where none is given."""
        if not isinstance(told, dict):
            return told
        region = told.get("region") or cls.home
        filled = {"region": region} if region else {}
        return {"url": f"https://{cls.service}.{region}.amazonaws.com", **told, **filled}

    @model_validator(mode="after")
    def _asks_as_somebody(self) -> "Amazon":
        if (self.access_key is None) != (self.secret_key is None):
            raise ValueError("access_key and secret_key go together; name both, by _env or _file")
        if self.session_token and not self.access_key:
            raise ValueError("a session_token goes with an access_key and a secret_key")
        ways = [self.access_key is not None, self.credentials_file is not None, self.ambient]
        if ways.count(True) != 1:
            raise ValueError(
                "say whose credentials it asks with: access_key_env and secret_key_env, or credentials_file, "
                "or ambient = true for those of the machine"
            )
        if self.credentials_file is not None and not self.credentials_file.is_file():
            raise ValueError(f"there is no file {self.credentials_file}; credentials_file names it")
        return self

    def credential(self) -> Secret | None:
        """The secret key, which signs and is never sent."""
        return self.secret_key

    def whose(self) -> str:
        """Where the credentials are kept, as it may be shown."""
        if self.access_key:
            return self.access_key.where
        return f"profile {self.profile} of {self.credentials_file}" if self.credentials_file else "this machine's role"


class Aws:
    """One service, asked for one poll of one source."""

    def __init__(self, source: Amazon, client: Client) -> None:
        self._source, self._client = source, client
        self._made: Any = None

    def pages(self, operation: str, list_name: str, **asked: Any) -> Iterator[dict[str, Any]]:
        """An operation's pages, to the last. Raises SourceUnavailable and SourceRefused, in words.

        A page without its list is no answer at all: nothing may be concluded from what it does not name.
        """
        with self._in_words():
            for page in self._boto().get_paginator(operation).paginate(**asked):
                if not isinstance(page.get(list_name), list):
                    raise self._foreign()
                yield page

    def ask(self, operation: str, **asked: Any) -> dict[str, Any]:
        """One answer. Raises as `pages`."""
        with self._in_words():
            found: dict[str, Any] = getattr(self._boto(), operation)(**asked)
            return found

    def _boto(self) -> Any:
        if self._made is None:
            source = self._source
            # One try, which the collector repeats at its own pace; no address is guessed, no file of the user's read.
            config = Config(
                region_name=source.region,
                retries={"total_max_attempts": 1, "mode": "standard"},
                ignore_configured_endpoint_urls=True,
            )
            with _making:  # loading a service's description is not safe among threads
                session = boto3.Session(botocore_session=botocore.session.Session() if source.ambient else _own())
                self._made = session.client(
                    source.service, endpoint_url=source.url, config=config, **self._credentials()
                )
            self._made.meta.events.register("before-send", self._send)
        return self._made

    def _credentials(self) -> dict[str, str]:
        source = self._source
        if source.ambient:
            return {}
        said: tuple[str | None, ...]
        if source.credentials_file:
            found = SharedCredentialProvider(str(source.credentials_file), source.profile).load()
            if found is None:
                raise SourceRefused(
                    f"{source.name}: {source.credentials_file} has no keys for the profile {source.profile}: add them"
                )
            keys = found.get_frozen_credentials()
            said = (keys.access_key, keys.secret_key, keys.token)
        else:
            said = tuple(
                each.reveal() if each else None for each in (source.access_key, source.secret_key, source.session_token)
            )
        names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
        return {name: value for name, value in zip(names, said, strict=True) if value}

    def _send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        """Sends what boto3 has made by our own client: its host, time and size are bounded there."""
        headers = {
            name: value.decode() if isinstance(value, bytes) else str(value) for name, value in request.headers.items()
        }
        body = request.body.encode() if isinstance(request.body, str) else bytes(request.body or b"")
        reply = self._client.send(request.method, request.url, headers, body)
        broken = _unreadable(reply.body, headers)
        if reply.status != SUCCESS and (broken or reply.status >= FAILURE):
            after = next((each for name, each in reply.headers.items() if name.lower() == "retry-after"), "")
            raise self._client.fault(self._source.url, reply.status, after)
        if broken:
            raise SourceUnavailable(f"{self._source.name}: {self._source.url} answered with {broken}")
        return AWSResponse(request.url, reply.status, reply.headers, _Raw(reply.body))

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        """Foreign errors become ours. Their own words may hold keys and names: only their code is shown."""
        try:
            yield
        except SourceFailed as why:
            raise type(why)(self._named(str(why)), why.retry_after) from why
        except ClientError as why:
            raise self._of_code(why) from why
        except BotoCoreError as why:
            name = type(why).__name__
            if "Credentials" in name:
                words = "finds no credentials in the environment or the machine's role: give it a role, or name keys"
                raise SourceRefused(f"{self._source.name}: {words}") from why
            if name in ("ResponseParserError", "PaginationError"):
                raise self._foreign() from why
            raise SourceRefused(f"{self._source.name}: cannot ask AWS ({name}): check region and options") from why

    def _named(self, words: str) -> str:
        return words if words.startswith(f"{self._source.name}: ") else f"{self._source.name}: {words}"

    def _foreign(self) -> SourceFailed:
        words = "answered with something that is no answer of AWS: is the url that of the service?"
        return SourceUnavailable(f"{self._source.name}: {self._source.url} {words}")

    def _of_code(self, error: ClientError) -> SourceFailed:
        code = str(error.response.get("Error", {}).get("Code", ""))[:60]
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400))
        headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        whose = self._source.whose()
        lasting = {
            EXPIRED: f"says that the session has expired ({code}): renew what {whose} holds",
            UNKNOWN: f"refused the credential ({code}): renew what {whose} holds",
            UNSIGNED: f"refused the signature ({code}): check the secret key of {whose}, the region, and our clock",
            DENIED: f"forbids this ({code}): grant the owner of {whose} the right to read it",
            PLAN: f"needs a support plan of AWS ({code}): Business or better",
        }
        said = next((words for codes, words in lasting.items() if code in codes), "")
        where = f"{self._source.name}: {self._source.url}"
        if code in BUSY:
            return self._client.fault(self._source.url, 429, str(headers.get("retry-after", "")))
        if said:
            return SourceRefused(f"{where} {said}")
        if status in (401, 403, 404, 429) or status >= FAILURE:
            return self._client.fault(self._source.url, status, str(headers.get("retry-after", "")))
        return SourceRefused(f"{where} answered {status} ({code}): correct the options")


class _Raw(BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        """The body as botocore takes it."""
        yield self.read()


@cache
def _own() -> botocore.session.Session:
    """A session that reads neither the environment nor the user's files."""
    variables = {
        name: (None, None, default, cast) for name, (_, _, default, cast) in BOTOCORE_DEFAUT_SESSION_VARIABLES.items()
    }
    blind = dict.fromkeys(("config_file", "credentials_file"), (None, None, os.devnull, None))
    return botocore.session.Session(session_vars=variables | blind)


def _unreadable(body: bytes, headers: dict[str, str]) -> str:
    """Why a body is no answer of AWS, in words; '' where it is one, for all that can be seen."""
    start = body[:200].lstrip().lower()
    if start.startswith((b"<!doctype", b"<html")):
        return "a web page instead of JSON or XML: is the url that of the service?"
    if "X-Amz-Target" in headers:
        try:
            json.loads(body)
        except (ValueError, RecursionError):
            return "broken JSON: ask its operator"
    elif not start.startswith(b"<"):
        return "broken XML: ask its operator"
    return ""
