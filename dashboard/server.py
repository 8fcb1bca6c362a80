"""The door of the app: one ASGI application that answers pages and health checks, and keeps forecasts in step.

`streamlit run dashboard/server.py` finds `app` here; the address, the database and the clock come from settings.
"""

import gc
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import streamlit as st
from sqlalchemy import Engine
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from dashboard.answers import answers
from dashboard.errors import DashboardError
from dashboard.jobs.forecast import Forecaster
from dashboard.log.database import migrate
from dashboard.pages import house as _house  # noqa: F401  imported before the first viewer comes, and set aside

FORECAST_EVERY_SECONDS = 5.0
WHOLE_EVERY_SECONDS = 600.0
log = logging.getLogger(__name__)


@asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[None]:
    """Brings the schema up to date, forecasts beside the pages until the end."""
    stop = threading.Event()
    engine = answers().engine
    worker = threading.Thread(target=_keep_forecasting, args=(engine, stop), name="forecaster", daemon=True)
    worker.start()
    _set_aside(whole=True)
    yield
    stop.set()
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
    forecaster, whole_at = Forecaster(engine), 0.0
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


app = st.App(
    main_script(),
    lifespan=lifespan,
    routes=[Route("/healthz", healthz), Route("/readyz", readyz)],
)
