"""The door for what is pushed: POST /ingest/NAME, answered only once what came is durable, or why it was not taken."""

import asyncio
import logging
import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from time import monotonic

import requests
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dashboard.answers import answers
from dashboard.configuration import read_sources
from dashboard.errors import DashboardError, LogUnavailable, UnreadableRecord
from dashboard.jobs.receive import deliver, refuse
from dashboard.settings import Settings
from dashboard.sources.deliveries import Delivery, read_delivery
from dashboard.sources.webhook import Webhook

BODY_SECONDS = 30.0
CONFIRM_SECONDS = 10.0
RETRY_SECONDS = 30
NOTE_EVERY_SECONDS = 60.0  # whoever knocks without being let in costs no more writes than that
GRID = "eventgrid.azure.net"
TYPES = ("application/json", "text/json")
JSON_LIKE = "+json"

log = logging.getLogger(__name__)


class Refused(Exception):
    """A request that is not taken: with which status, and why in a sentence."""

    def __init__(self, status: int, why: str, **headers: str) -> None:
        super().__init__(why)
        self.status, self.headers = status, {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass
class _Noted:
    """When each webhook's last refusal was written down."""

    at: dict[str, float] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def may(self, name: str) -> bool:
        """Whether it is time to write down another one."""
        with self.lock:
            if monotonic() - self.at.get(name, -NOTE_EVERY_SECONDS) < NOTE_EVERY_SECONDS:
                return False
            self.at[name] = monotonic()
            return True


_noted = _Noted()


@cache
def webhooks() -> Mapping[str, Webhook]:
    """The configured webhooks by name. Raises UsageError where the configuration cannot be read."""
    path = Settings().config
    found = read_sources(path, os.environ) if path else ()
    return {each.name: each for each in found if isinstance(each, Webhook)}


async def ingest(request: Request) -> Response:
    """Takes in what is posted: 202, or why not in one sentence."""
    try:
        hook = await run_in_threadpool(_named, request.path_params["source"])
        headers = {name.lower(): value for name, value in request.headers.items()}
        if request.method == "OPTIONS":
            return _greeting(hook, headers)
        try:
            return await _taken(hook, headers, request)
        except Refused as why:
            await run_in_threadpool(_note, hook, str(why), why.status)
            raise
    except Refused as why:
        return JSONResponse({"error": str(why)}, why.status, why.headers)
    except ClientDisconnect:
        return Response(status_code=400)  # nobody hears it


async def _taken(hook: Webhook, headers: Mapping[str, str], request: Request) -> Response:
    _check_before_body(hook, headers)
    body = await _body(hook, headers, request)
    return await run_in_threadpool(_take, hook, headers, body)


def _named(name: str) -> Webhook:
    try:
        found = webhooks().get(name)
    except DashboardError as why:
        log.warning("%s", why)
        raise Refused(503, "The configuration cannot be read; the server's log says why.", **_later()) from why
    if found is None:
        raise Refused(404, "No webhook has this name.")
    return found


def _check_before_body(hook: Webhook, headers: Mapping[str, str]) -> None:
    """What can be refused before a byte of the body is read."""
    missing = hook.missing(headers)
    if missing:
        # SNS sends what stands in its address only once it is asked for.
        raise Refused(401, missing, **({"WWW_Authenticate": 'Basic realm="ingest"'} if hook.token else {}))
    wrong = _asked(hook.wrong_token, headers)
    if wrong:
        raise Refused(403, wrong)
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in TYPES and not kind.endswith(JSON_LIKE) and not (hook.kind == "sns" and kind == "text/plain"):
        raise Refused(415, "The body has to be application/json.")
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise Refused(415, "The body may not be compressed.")


def _asked(question: Callable[..., str], *args: object) -> str:
    """What the secret says; 503 where it cannot be read."""
    try:
        return question(*args)
    except DashboardError as why:
        log.warning("%s", why)
        raise Refused(503, "The secret of this webhook cannot be read; the server's log says why.", **_later()) from why


async def _body(hook: Webhook, headers: Mapping[str, str], request: Request) -> bytes:
    """The body, of which no more is held than may come."""
    too_large = Refused(413, f"The body is larger than {hook.largest_mb:g} MB.")
    declared = headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > hook.largest:
        raise too_large
    parts, size = [], 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.stream():
                size += len(part)
                if size > hook.largest:
                    raise too_large
                parts.append(part)
    except TimeoutError as why:
        raise Refused(408, f"The body did not come within {BODY_SECONDS:g} s.") from why
    return b"".join(parts)


def _take(hook: Webhook, headers: Mapping[str, str], body: bytes) -> Response:
    """Checks, reads and keeps; in a thread of its own, for the database may have it wait."""
    now = datetime.now(UTC)
    wrong = _asked(hook.wrong_signature, headers, body, now)
    if wrong:
        raise Refused(403, wrong)
    try:
        delivery = read_delivery(hook, body, now)
        word = delivery.word or _confirmed(hook, delivery)
        new, aside = deliver(answers().engine, hook, delivery.batch, now, word)
    except UnreadableRecord as why:
        _keep_aside(hook, str(why), now, body)
        raise Refused(422, str(why)) from why
    except LogUnavailable as why:
        log.warning("%s waits: %s", hook.name, why)
        raise Refused(503, "The database is out of reach: send it again later.", **_later()) from why
    except Exception as why:  # whatever it is, the sender has to send it again, and the log says more
        log.exception("%s could not be taken in", hook.name)
        raise Refused(503, "Something is wrong on our side: send it again later.", **_later()) from why
    if delivery.answer is not None:
        return JSONResponse(dict(delivery.answer))
    return JSONResponse({"new": new, "set_aside": aside}, 202)


def _confirmed(hook: Webhook, delivery: Delivery) -> str:
    """Confirms a subscription at an address that was found to be SNS's own; what went wrong, in a sentence."""
    if not delivery.confirm:
        return ""
    try:
        answer = requests.get(delivery.confirm, timeout=CONFIRM_SECONDS, allow_redirects=False, stream=True)
        answer.close()
    except requests.RequestException as why:
        return f"{hook.name}: its subscription could not be confirmed ({type(why).__name__}): request it again."
    return "" if answer.ok else f"{hook.name}: its subscription could not be confirmed ({answer.status_code})."


def _keep_aside(hook: Webhook, why: str, now: datetime, body: bytes) -> None:
    """A body of a sender that we trust, and cannot read, is looked at by somebody."""
    try:
        refuse(answers().engine, hook, why, now, body)
    except LogUnavailable as gone:
        raise Refused(503, "The database is out of reach: send it again later.", **_later()) from gone


def _note(hook: Webhook, why: str, status: int) -> None:
    """Has the page Sources say what is refused; not what could not be taken for our own sake, or was kept already."""
    if status not in (422, 503) and _noted.may(hook.name):
        with suppress(DashboardError):
            refuse(answers().engine, hook, why, datetime.now(UTC))


def _greeting(hook: Webhook, headers: Mapping[str, str]) -> Response:
    """Event Grid asks first whether it may send, where events are CloudEvents."""
    origin = headers.get("webhook-request-origin", "")
    if hook.kind != "eventgrid" or origin != GRID:
        raise Refused(405, "Only Event Grid need ask before it sends.")
    return Response(headers={"WebHook-Allowed-Origin": GRID, "WebHook-Allowed-Rate": "*", "Allow": "OPTIONS, POST"})


def _later() -> dict[str, str]:
    return {"Retry_After": str(RETRY_SECONDS)}


ROUTE = Route("/ingest/{source}", ingest, methods=["POST", "OPTIONS"])
