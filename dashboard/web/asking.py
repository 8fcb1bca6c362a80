"""What every door for programs has in common: how it is asked, what it keeps, and how it says no."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from functools import wraps
from hashlib import blake2b
from threading import BoundedSemaphore
from typing import Any, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from dashboard.errors import DashboardError, LogUnavailable, UsageError
from dashboard.model.instants import EPOCH
from dashboard.model.outlook import PLAN_ON
from dashboard.model.scope import Scope
from dashboard.views.freshness import unknown
from dashboard.web.kept import Kept
from dashboard.web.metrics import count_request
from dashboard.web.whom import answers

PAST_AT_ONCE = 1  # a past instant is forecast anew, which takes a core for seconds
PAST_PATIENCE_SECONDS = 30
SAFE = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}

log = logging.getLogger(__name__)
kept = Kept()
_past = BoundedSemaphore(PAST_AT_ONCE)
Handler = Callable[[Request], Response]
A = TypeVar("A", bound="Asked")


class Asked(BaseModel):
    """No parameter."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def scope(self) -> Scope:
        """What is looked at."""
        return Scope()


class Filtered(Asked):
    """Whose GPUs."""

    team: str | None = Field(None, description="only its GPUs: an id that /api/v1/teams lists")
    provider: str | None = Field(None, description="only its GPUs: an id that /api/v1/providers lists")
    cluster: str | None = Field(None, description="only its GPUs: an id that /api/v1/clusters lists")
    sku: str | None = Field(None, description="only GPUs of this kind")

    def scope(self) -> Scope:
        """What is looked at."""
        return Scope(self.team, self.provider, self.cluster, self.sku)


class Instant(Asked):
    """As of when, at which certainty; of one thing, whoever's it is."""

    as_of: AwareDatetime | None = Field(
        None, description="as known at that instant, forecast from what was known then; live without it"
    )
    certainty: float = Field(PLAN_ON, ge=0.05, le=0.95, description="at which plan_on is told")

    def scope(self) -> Scope:
        """What is looked at."""
        return Scope(as_of=self.as_of, certainty=self.certainty)


class Dated(Filtered):
    """Whose GPUs, as of when, at which certainty."""

    as_of: AwareDatetime | None = Field(
        None, description="as known at that instant, forecast from what was known then; live without it"
    )
    certainty: float = Field(PLAN_ON, ge=0.05, le=0.95, description="at which plan_on is told")

    def scope(self) -> Scope:
        """What is looked at."""
        return Scope(self.team, self.provider, self.cluster, self.sku, self.as_of, self.certainty)


def asked(request: Request, what: type[A]) -> A:
    """The parameters of a request. Raises UsageError with what is wrong, in one sentence."""
    told = request.query_params.multi_items()
    names = [name for name, _ in told]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(f"{twice[0]} is given twice; give it once")
    try:
        found = what.model_validate(dict(told))
    except ValidationError as why:
        raise UsageError(_sentence(why, what)) from why
    scope = found.scope()
    if scope.as_of is not None and scope.as_of > answers().now():
        raise UsageError("as_of lies in the future; leave it out for live")
    if wrong := unknown(answers().choices(), scope):
        raise UsageError(wrong)
    return found


def _sentence(why: ValidationError, what: type[Asked]) -> str:
    first = why.errors(include_url=False, include_context=False)[0]
    name = str(first["loc"][0])[:40] if first["loc"] else ""
    if first["type"] == "extra_forbidden":
        names = ", ".join(what.model_fields)
        return f"there is no parameter {name!r}; there {'is ' + names if names else 'are none'}"
    hint = "; write it like 2026-01-14T12:00:00Z" if name == "as_of" else ""
    return f"{name}: {first['msg'][:1].lower()}{first['msg'][1:]}{hint}"


def make(scope: Scope, key: str, body: Callable[[], bytes]) -> bytes:
    """The body of an answer, kept under its key; of a past instant only one is made at a time."""
    if scope.as_of is None:
        return kept.get(key, body)

    def in_turn() -> bytes:
        if not _past.acquire(timeout=PAST_PATIENCE_SECONDS):
            raise HTTPException(503, "others ask for past instants too; ask again in a minute")
        try:
            return body()
        finally:
            _past.release()

    return kept.get(key, in_turn)


@dataclass(frozen=True, slots=True)
class Edition:
    """What an answer is made from: `key` is all it depends on, `at` when that last changed; None for an empty log."""

    key: str
    at: datetime | None


def edition(what: str, beat: timedelta | None) -> Edition:
    """The present edition of an answer. What it says changes as the log moves, and by the clock with every `beat`."""
    position, at = answers().head().position, answers().moved_at()
    if beat is None:
        return Edition(f"{position} {what}", at)
    begun = EPOCH + (answers().now() - EPOCH) // beat * beat
    return Edition(f"{position} {begun:%Y%m%d%H%M} {what}", max(at, begun) if at else begun)


def conditional(request: Request, of: Edition, media: str, body: Callable[[], bytes]) -> Response:
    """An answer with its ETag and Last-Modified; 304, and nothing is made, where the asker has it already."""
    tag = f'W/"{blake2b(of.key.encode(), digest_size=12).hexdigest()}"'
    headers = SAFE | {"ETag": tag}
    if of.at is not None:
        headers["Last-Modified"] = format_datetime(of.at.replace(microsecond=0), usegmt=True)
    if _has_it(request, tag, of.at):
        return Response(status_code=304, headers=headers)
    return Response(body(), media_type=media, headers=headers)


def _has_it(request: Request, tag: str, at: datetime | None) -> bool:
    """By the tag where one is sent, else by the date (RFC 9110, 13.1.3)."""
    if (tags := request.headers.get("if-none-match")) is not None:
        opaque = tag.removeprefix("W/")
        return tags.strip() == "*" or opaque in [each.strip().removeprefix("W/") for each in tags.split(",")]
    since = request.headers.get("if-modified-since")
    if since is None or at is None:
        return False
    try:
        # To the second: what changed within that very second would be missed, so that one counts as changed.
        return at < parsedate_to_datetime(since)
    except (ValueError, TypeError):
        return False


def base_of(request: Request) -> str:
    """The app's address as the asker has it."""
    return str(request.base_url).rstrip("/")


def answering(name: str) -> Callable[[Handler], Handler]:
    """Counts the requests of a door, and says whatever goes wrong as JSON with one sentence."""

    def wrap(handler: Handler) -> Handler:
        @wraps(handler)
        def answered(request: Request) -> Response:
            response = _answered(handler, request)
            count_request(name, response.status_code)
            return response

        return answered

    return wrap


def _answered(handler: Handler, request: Request) -> Response:
    try:
        return handler(request)
    except HTTPException as why:
        return refused(why.status_code, why.detail)
    except UsageError as why:
        return refused(400, str(why))
    except LogUnavailable as why:
        return refused(503, str(why))
    except DashboardError as why:
        return refused(500, str(why))
    except Exception:  # a door: whatever is wrong is for the server's log, the asker gets a sentence
        log.exception("%s could not be answered", request.url.path)
        return refused(500, "something is wrong on our side; it has been logged")


def refused(status: int, why: str, **headers: str) -> JSONResponse:
    """No, and why in one sentence."""
    again: dict[str, Any] = {"Retry-After": "60"} if status == 503 else {}
    return JSONResponse({"error": why}, status, headers=SAFE | again | headers)
