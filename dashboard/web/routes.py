"""Which doors for programs there are."""

from starlette.routing import Route

from dashboard.web.api import api_routes
from dashboard.web.feeds import atom, calendar
from dashboard.web.metrics import metrics
from dashboard.web.openapi import described

ROUTES = [
    Route("/metrics", metrics, methods=["GET"]),
    Route("/calendar.ics", calendar, methods=["GET"]),
    Route("/feed.atom", atom, methods=["GET"]),
    *api_routes(described),
]
