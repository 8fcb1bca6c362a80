"""The door of what runs beside the app: collects from the sources, keeps forecasts in step, and says what is wrong."""

import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any
from uuid import uuid4
from zlib import crc32

import click

from dashboard.errors import DashboardError, UsageError
from dashboard.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from dashboard.jobs.collect import Collected, Collector
    from dashboard.sources.seam import Source

DONE, PARTLY, WRONG = 0, 1, 2
FORECAST_EVERY_SECONDS = 1.0  # a look at the log's position, as long as nothing has changed
JUDGE_AFTER_SECONDS, JUDGE_EVERY_SECONDS = 5.0, 60.0
REST = 1.0  # judging rests as many times as long as it took: collecting and forecasts come first
GIVE_WAY = 10
LOG_RETRY_SECONDS = 5.0
STOP_SECONDS = 20.0  # as long as an orchestrator usually waits, and a little less
AT_ONCE = 8  # sources that --once asks at the same time

log = logging.getLogger(__name__)


def config_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """The option --config of a command."""

    def choose(_context: click.Context, _param: click.Parameter, value: Path | None) -> Path | None:
        return value or Settings().config

    path = click.Path(path_type=Path)
    words = "the configuration file [default: DASHBOARD_CONFIG]"
    return click.option("--config", metavar="FILE", type=path, callback=choose, help=words)(command)


@click.command()
@click.option("--once", is_flag=True, help="poll each source once, due or not, and end")
@click.option("--source", "only", metavar="NAME", help="this source and no other")
@click.option("--again", is_flag=True, help="read from the beginning; nothing is brought twice")
@config_option
def collect(once: bool, only: str | None, again: bool, config: Path | None, database: str) -> None:
    """Poll the configured sources."""
    from dashboard.jobs.join import Joiner

    sources = _sources(config, only)
    with _collecting(database, sources, again=again) as (engine, collectors):
        if once:
            status = _poll_once(collectors)
            Joiner(engine).step(datetime.now(UTC))
            sys.exit(status)
        run([partial(_keep_collecting, each) for each in collectors])


@click.command()
@click.option(
    "--attached", is_flag=True, hidden=True, help="beside an app: gives way to it, and ends as its input does"
)
@config_option
def worker(attached: bool, config: Path | None, database: str) -> None:
    """Collect from each source at its own pace, forecast what changed, and notify, until told to stop."""
    from dashboard.notifier import keeping

    sources = _sources(config) if config or not attached else ()
    if attached and hasattr(os, "nice"):
        os.nice(GIVE_WAY)
    with _collecting(database, sources) as (engine, collectors):
        log.info("collecting from %d sources", len(collectors))
        keep: list[Callable[[threading.Event], None]] = [partial(_keep_collecting, each) for each in collectors]
        keep += [partial(_keep_forecasting, engine), partial(_keep_judging, engine)]
        keep += keeping(engine, config)
        run([*keep, _until_left] if attached else keep)


@click.command()
@config_option
def doctor(config: Path | None, database: str) -> None:
    """Check configuration, database, every source and every channel for real, and say what to change."""
    from concurrent.futures import ThreadPoolExecutor

    from dashboard.configuration import read_slas
    from dashboard.jobs.examine import Finding, examine
    from dashboard.notifier import examined

    findings, usable = [], True
    try:
        findings.append(Finding(True, _examined_log(database)))
    except DashboardError as why:
        findings, usable = [Finding(False, str(why))], False
    try:
        sources = _sources(config)
        findings.append(Finding(True, f"{config}: {len(sources)} sources, {len(read_slas(config).all)} SLAs"))
        with ThreadPoolExecutor(AT_ONCE) as pool:
            findings += pool.map(lambda each: examine(each, datetime.now(UTC)), sources)
        findings += examined(config, database)
    except UsageError as why:
        findings, usable = [*findings, Finding(False, str(why))], False
    for each in findings:
        click.echo(f"{'well ' if each.sound else 'wrong'}  {each.words}")
    sys.exit(WRONG if not usable else DONE if all(each.sound for each in findings) else PARTLY)


def _examined_log(database: str) -> str:
    from dashboard.log.append import newest_recorded
    from dashboard.log.database import opened, reading, where

    with opened(database) as engine:
        with reading(engine) as connection:
            position, newest = newest_recorded(connection)
        return f"{where(engine)}: answers, position {position:,}, newest fact {newest or 'none'}"


def _sources(config: Path | None, only: str | None = None) -> "tuple[Source, ...]":
    from dashboard.configuration import read_sources

    found = read_sources(config, os.environ)
    if only is not None and only not in (each.name for each in found):
        known = ", ".join(each.name for each in found) or "none at all"
        raise UsageError(f"{config}: no source is named {only!r}; there is {known}")
    return tuple(each for each in found if only in (None, each.name))


@contextmanager
def _collecting(
    database: str, sources: "Sequence[Source]", *, again: bool = False
) -> "Iterator[tuple[Engine, list[Collector]]]":
    import numpy as np

    from dashboard.jobs.collect import Collector, register
    from dashboard.log.database import opened

    logging.basicConfig(format="%(asctime)s %(message)s", stream=sys.stderr)
    logging.getLogger("dashboard").setLevel(logging.INFO)
    me = _me()
    chance = np.random.default_rng(crc32(me.encode())).random
    with opened(database) as engine:
        register(engine, sources, again=again)
        asked = [each for each in sources if not each.pushed]
        yield engine, [Collector(engine, each, me, lambda: datetime.now(UTC), chance) for each in asked]


def _me() -> str:
    """A name for this worker; unlike a process id, not the same in the next container."""
    return f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}"


def _poll_once(collectors: "Sequence[Collector]") -> int:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(AT_ONCE) as pool:
        done = list(pool.map(_poll_and_let_go, collectors))
    for collector, each in zip(collectors, done, strict=True):
        _tell(collector.source.name, each)
    return PARTLY if any(each.error or each.set_aside for each in done) else DONE


def _poll_and_let_go(collector: "Collector") -> "Collected":
    try:
        return collector.poll()
    finally:
        collector.let_go()


def _tell(name: str, done: "Collected") -> None:
    if done.error:
        click.echo(f"{'failed' if done.how == 'failed' else 'in part, or in doubt'}: {done.error}", err=True)
    if done.how == "held":
        click.echo(f"{name}: another worker is collecting it")
    else:
        click.echo(f"{name}: {done.new:,} new facts, {done.set_aside:,} rows set aside")


def run(work: Sequence[Callable[[threading.Event], None]]) -> None:
    """Each in its own thread until the process is told to stop; what is under way may end, but not for long."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    threads = [threading.Thread(target=each, args=(stop,), daemon=True) for each in work]
    for each in threads:
        each.start()
    stop.wait()
    until = monotonic() + STOP_SECONDS
    for each in threads:
        each.join(timeout=max(until - monotonic(), 0))


def _keep_collecting(collector: "Collector", stop: threading.Event) -> None:
    """Polls one source whenever it is due. What is wrong with it, or with the log, holds up no other."""
    name, error = collector.source.name, ""
    wait = 0.0
    with suppress(DashboardError):
        wait = _seconds_to(collector.due_at())
    while not stop.wait(wait):
        try:
            done = collector.poll()
            wait = _seconds_to(done.due_at)
            if done.new or done.set_aside:
                log.info("%s: %d new facts, %d rows set aside", name, done.new, done.set_aside)
            if done.error and done.error != error:
                log.warning("%s", done.error)
            elif error and not done.error:
                log.info("%s: is well again", name)
            error = done.error
        except DashboardError as why:
            log.warning("%s waits: %s", name, why)
            wait = LOG_RETRY_SECONDS
        except Exception:  # whatever it is, a source that is never asked again would be worse
            log.exception("%s could not be collected", name)
            wait = LOG_RETRY_SECONDS
    with suppress(DashboardError):
        collector.let_go()


def _seconds_to(at: datetime) -> float:
    return max((at - datetime.now(UTC)).total_seconds(), 0.0)


def _keep_forecasting(engine: "Engine", stop: threading.Event) -> None:
    from dashboard.jobs.forecast import Forecaster
    from dashboard.jobs.join import Joiner

    joiner, forecaster = Joiner(engine), Forecaster(engine, _me())
    while not stop.is_set():
        began = monotonic()
        try:
            joined = joiner.step(datetime.now(UTC))
            if joined:
                log.info("found %d maintenances to be told twice", joined)
            made = forecaster.step(datetime.now(UTC))
            if made:
                log.info("forecast %d maintenances", made)
        except DashboardError as why:
            log.warning("forecasting waits: %s", why)
        except Exception:  # collecting goes on, and the next fact is the next try
            log.exception("a forecast failed")
        stop.wait(max(FORECAST_EVERY_SECONDS, monotonic() - began))  # half of a core is left to others


def _keep_judging(engine: "Engine", stop: threading.Event) -> None:
    from dashboard.jobs.judge import judge

    wait = JUDGE_AFTER_SECONDS
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


def _until_left(stop: threading.Event) -> None:
    """Nothing comes in: its end is that of whoever started this process, however that ended."""
    sys.stdin.read()
    stop.set()
