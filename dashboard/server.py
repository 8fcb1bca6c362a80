"""The door of the app: one ASGI application that answers pages and health checks, and keeps forecasts in step.

`streamlit run dashboard/server.py` finds `app` here; the address, the database and the clock come from settings.
"""

import gc
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from time import monotonic

import streamlit as st
from sqlalchemy import Engine
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from streamlit.runtime.pages_manager import PagesManager

from dashboard.answers import answers
from dashboard.errors import DashboardError
from dashboard.jobs.forecast import Forecaster
from dashboard.jobs.judge import judge
from dashboard.log.database import migrate

FORECAST_EVERY_SECONDS = 5.0
WHOLE_EVERY_SECONDS = 600.0
JUDGE_EVERY_SECONDS = 60.0
REST = 2.0  # as many times as long as the work took
log = logging.getLogger(__name__)


@asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[None]:
    """Brings the schema up to date, forecasts beside the pages until the end."""
    stop = threading.Event()
    engine = answers().engine
    workers = [
        threading.Thread(target=work, args=(engine, stop), name=work.__name__, daemon=True)
        for work in (_keep_forecasting, _keep_judging)
    ]
    for worker in workers:
        worker.start()
    import_module("dashboard.pages.house")  # before the first viewer comes; Streamlit's caches need its runtime
    _set_aside(whole=True)
    yield
    stop.set()
    for worker in workers:
        worker.join(timeout=FORECAST_EVERY_SECONDS)
    engine.dispose()


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


def _keep_forecasting(engine: Engine, stop: threading.Event) -> None:
    # Another process would run the page's script, which Streamlit puts where a program's main module is.
    forecaster, whole_at = Forecaster(engine, most_cores=1), 0.0
    while not stop.is_set():
        try:
            migrate(engine)
            forecaster.step(datetime.now(UTC))
        except DashboardError as why:
            log.warning("forecasting waits: %s", why)
        except Exception:  # the pages go on with the forecasts there are
            log.exception("a forecast failed")
        whole = monotonic() >= whole_at
        _set_aside(whole=whole)
        if whole:
            whole_at = monotonic() + WHOLE_EVERY_SECONDS
        stop.wait(FORECAST_EVERY_SECONDS)


def _keep_judging(engine: Engine, stop: threading.Event) -> None:
    """Goes through what is finished when nothing else is due: pages and forecasts come first."""
    wait = FORECAST_EVERY_SECONDS
    while not stop.wait(wait):
        wait = JUDGE_EVERY_SECONDS
        try:
            began = monotonic()
            for _ in judge(engine, datetime.now(UTC)):
                if stop.wait(REST * (monotonic() - began)):
                    return
                began = monotonic()
        except DashboardError as why:
            log.warning("judging waits: %s", why)
        except Exception:  # pages show what was judged so far
            log.exception("judging failed")


def healthz(_request: Request) -> Response:
    """200 while serving."""
    return PlainTextResponse("ok\n")


def readyz(_request: Request) -> Response:
    """503 with the reason while the database is out of reach."""
    try:
        answers().head()
    except DashboardError as why:
        return PlainTextResponse(f"{why}\n", status_code=503)
    return PlainTextResponse("ready\n")


def main_script() -> str:
    """The Streamlit script that draws the pages."""
    return str(Path(__file__).with_name("app.py"))


# Streamlit would take our folder of pages for pages of its own until the first one has said what there is, and show
# whoever comes first, by a link, a module that draws nothing.
PagesManager.uses_pages_directory = False

app = st.App(
    main_script(),
    lifespan=lifespan,
    routes=[Route("/healthz", healthz), Route("/readyz", readyz)],
)
