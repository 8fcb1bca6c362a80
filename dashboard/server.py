"""The door of the app: one ASGI application that answers pages and health checks, and keeps a worker beside it.

`streamlit run dashboard/server.py` finds `app` here; the address, the database and the clock come from settings.
"""

import gc
import logging
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib import import_module
from pathlib import Path
from time import monotonic

import streamlit as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from streamlit.runtime.pages_manager import PagesManager

from dashboard import ingest
from dashboard.acknowledging import acknowledging
from dashboard.answers import answers
from dashboard.errors import DashboardError
from dashboard.log.database import migrate
from dashboard.settings import Settings
from dashboard.web.routes import ROUTES

TIDY_EVERY_SECONDS = 5.0
WORKER_LOOK_SECONDS = 0.5
WHOLE_EVERY_SECONDS = 600.0
STOP_SECONDS = 20.0
log = logging.getLogger(__name__)


@asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[None]:
    """Brings the schema up to date, keeps a worker beside the pages until the end."""
    stop = threading.Event()
    engine = answers().engine
    keepers = [threading.Thread(target=_keep_tidy, args=(stop,), daemon=True)]
    if Settings().alone:
        keepers.append(threading.Thread(target=_keep_a_worker, args=(stop,), daemon=True))
    with suppress(DashboardError):  # /readyz and every page say it
        migrate(engine)
    for keeper in keepers:
        keeper.start()
    import_module("dashboard.pages.house")  # before the first viewer comes; Streamlit's caches need its runtime
    _set_aside(whole=True)
    yield
    stop.set()
    for keeper in keepers:
        keeper.join(timeout=STOP_SECONDS)
    engine.dispose()


def _keep_a_worker(stop: threading.Event) -> None:
    """A process of its own, since forecasts would hold the interpreter that pages wait for. Another if it dies.

    It reads the same settings from the environment, and its standard input ends with this process, however that ends.
    """
    command = [sys.executable, "-m", "dashboard.cli", "worker", "--attached"]
    while not stop.is_set():
        with subprocess.Popen(command, stdin=subprocess.PIPE, cwd=Path(__file__).parents[1]) as worker:
            while worker.poll() is None and not stop.wait(WORKER_LOOK_SECONDS):
                pass
            worker.terminate()
        if not stop.is_set():
            log.warning("the worker ended with status %d; starting another", worker.returncode)
            stop.wait(TIDY_EVERY_SECONDS)


def _keep_tidy(stop: threading.Event) -> None:
    whole_at = 0.0
    while not stop.wait(TIDY_EVERY_SECONDS):
        whole = monotonic() >= whole_at
        _set_aside(whole=whole)
        if whole:
            whole_at = monotonic() + WHOLE_EVERY_SECONDS


def _set_aside(*, whole: bool) -> None:
    """Takes what is alive out of the collector's sight.

    After every script run Streamlit has it walk all that is alive, which costs more than the page. So start-up's
    imports are set aside, and again and again what pages and caches bring; what of it has died is found when the
    `whole` is looked at.
    """
    if whole:
        gc.unfreeze()
    gc.collect()
    gc.freeze()


def healthz(_request: Request) -> Response:
    """200 while serving."""
    return PlainTextResponse("ok\n")


def readyz(_request: Request) -> Response:
    """503 with the reason while the database is out of reach; and how the notifier is, which pages do not need."""
    try:
        answers().head()
        health = answers().notifier_health()
    except DashboardError as why:
        return PlainTextResponse(f"{why}\n", status_code=503)
    told = "" if not health.configured else f"notices: {health.warning or f'looked {health.age_seconds:.0f} s ago'}\n"
    return PlainTextResponse(f"ready\n{told}")


def home(request: Request) -> Response:
    """The home page has no name of its own to Streamlit, but to people."""
    return RedirectResponse(request.url.replace(scheme="", netloc="", path="/"))


def main_script() -> str:
    """The Streamlit script that draws the pages."""
    return str(Path(__file__).with_name("app.py"))


# Streamlit would take our folder of pages for pages of its own until the first one has said what there is, and show
# whoever comes first, by a link, a module that draws nothing.
PagesManager.uses_pages_directory = False

app = st.App(
    main_script(),
    lifespan=lifespan,
    routes=[
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/capacity", home),
        Route("/acknowledge/{token}", acknowledging, methods=["GET", "POST"]),
        ingest.ROUTE,
        *ROUTES,
    ],
)
