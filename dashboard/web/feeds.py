"""The door of calendars and feed readers: `/calendar.ics` and `/feed.atom`, always live."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from dashboard.model.calendar import subscription
from dashboard.model.scope import Scope
from dashboard.web.asking import Filtered, answering, asked, base_of, conditional, edition, make
from dashboard.web.atom import feed
from dashboard.web.whom import answers

CALENDAR = "text/calendar; charset=utf-8"
HOUR = timedelta(hours=1)  # what is 30 days old leaves without any news
ATOM = "application/atom+xml; charset=utf-8"


@answering("calendar")
def calendar(request: Request) -> Response:
    """What is planned and when it is back, as a subscription."""

    def made(scope: Scope, base: str, own: str) -> bytes:
        found = answers().agenda(scope)
        return subscription(found.events, found.name, base, own)

    return _fed(request, CALENDAR, made)


@answering("feed")
def atom(request: Request) -> Response:
    """What became known, newest first."""

    def made(scope: Scope, base: str, own: str) -> bytes:
        return feed(answers().newsfeed(scope), base, own)

    return _fed(request, ATOM, made)


def _fed(request: Request, media: str, made: Callable[[Scope, str, str], bytes]) -> Response:
    told = asked(request, Filtered)
    scope, base = told.scope(), base_of(request)
    chosen = urlencode(told.model_dump(exclude_none=True))
    own = f"{base}{request.url.path}{'?' if chosen else ''}{chosen}"
    of = edition(own, HOUR)
    return conditional(request, of, media, lambda: make(scope, of.key, lambda: made(scope, base, own)))
