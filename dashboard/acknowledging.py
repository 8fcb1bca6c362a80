"""The door by which a message is acknowledged from its link.

Looking at the link changes nothing, since mail scanners look at every link; the button on what it shows does.
"""

import os
from datetime import UTC, datetime
from html import escape
from urllib.parse import parse_qs

from sqlalchemy import RowMapping
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from dashboard.answers import answers
from dashboard.configuration import read_notices
from dashboard.errors import DashboardError
from dashboard.log.append import take_position
from dashboard.log.database import appending, reading
from dashboard.log.outbox import acknowledge, read_message
from dashboard.notices.links import read_token
from dashboard.settings import Settings

LONGEST = 10_000  # bytes of a form

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex"><title>{title}</title>
<style>:root{{color-scheme:light dark}}body{{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:4rem auto;
padding:0 1.5rem}}pre{{white-space:pre-wrap;font:inherit}}button,input{{font:inherit;padding:.5rem 1rem}}
input{{width:100%;box-sizing:border-box;margin:.25rem 0 1rem}}</style><h1>{title}</h1>{body}</html>"""
FORM = """<pre>{text}</pre><form method="post"><label>Your name, so that others see who knows
<input name="who" maxlength="100" autocomplete="name"></label><button>Acknowledge</button></form>"""
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
}


async def acknowledging(request: Request) -> Response:
    """GET shows the message and a button; POST acknowledges it."""
    who = ""
    if request.method == "POST":
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > LONGEST:
                return _page("That is too much", "<p>The form was larger than it can be.</p>", 413)
        who = parse_qs(body.decode("utf-8", "replace")).get("who", [""])[0]
    return await run_in_threadpool(_answer, request.path_params["token"], request.method == "POST", who)


def _answer(told: str, does: bool, who: str) -> Response:
    now = datetime.now(UTC)
    try:
        plan = read_notices(Settings().config, os.environ)
        key, good = read_token(plan.secret.reveal(), told, now) if plan.secret else ("", False)
        engine = answers().engine
        with reading(engine) as connection:
            message = read_message(connection, key) if key else None
        if message is None:
            return _page("This link is none of ours", "<p>Open the page Notices and acknowledge it there.</p>", 404)
        if not good:
            return _page("This link has expired", "<p>Open the page Notices and acknowledge it there.</p>", 410)
        if does and message["acknowledged_at"] is None:
            with appending(engine) as connection:
                acknowledge(connection, key, now, who.strip() or message["name"], "link")
                take_position(connection, now, "notices", 1)
                message = read_message(connection, key) or message
    except DashboardError:
        return _page("It could not be acknowledged", "<p>The database does not answer; try again in a while.</p>", 503)
    return _told(message)


def _told(message: RowMapping) -> Response:
    if message["acknowledged_at"] is not None:
        who, text = escape(message["who"]), escape(message["text"])
        return _page("Acknowledged", f"<p>By {who}. It is not repeated.</p><pre>{text}</pre>")
    return _page(escape(message["subject"]), FORM.format(text=escape(message["text"])))


def _page(title: str, body: str, status: int = 200) -> Response:
    return HTMLResponse(PAGE.format(title=title, body=body), status, HEADERS)
