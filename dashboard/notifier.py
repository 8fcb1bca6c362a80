"""The door of notices: writes what is due and sends it, once or for as long as it runs, and says what is wrong."""

import logging
import os
import socket
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4
from zlib import crc32

import click

from dashboard.errors import DashboardError, UsageError
from dashboard.worker import config_option, run

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from dashboard.jobs.deliver import Courier
    from dashboard.jobs.examine import Finding
    from dashboard.jobs.notify import Notifier
    from dashboard.jobs.post import Updates
    from dashboard.notices.plan import Notices

DONE, PARTLY = 0, 1
SEND_EVERY_SECONDS = 2.0
TIDY_EVERY_SECONDS = 300.0

log = logging.getLogger(__name__)


@click.command()
@click.option("--once", is_flag=True, help="write and send what is due now, and end")
@click.option("--dry-run", is_flag=True, help="say what is due; write and send nothing")
@config_option
def notify(once: bool, dry_run: bool, config: Path | None, database: str) -> None:
    """Tell whoever loses capacity: before, when it moves, when it begins, and when it is back."""
    from dashboard.log.database import opened

    logging.basicConfig(format="%(asctime)s %(message)s", stream=sys.stderr)
    logging.getLogger("dashboard").setLevel(logging.INFO)
    plan = configured(config)
    if not plan.anyone:
        raise UsageError(f"{config}: nobody is to be told; write [[notices.channels]] and [[notices.audiences]]")
    with opened(database) as engine:
        if dry_run:
            _tell_dry(engine, plan)
        elif once:
            sys.exit(_once(engine, plan))
        else:
            run(keeping(engine, config))


def configured(config: Path | None) -> "Notices":
    """The section [notices]; an empty one where no file is named. Raises UsageError."""
    from dashboard.configuration import read_notices
    from dashboard.notices.plan import Notices

    return Notices() if config is None else read_notices(config, os.environ)


def keeping(engine: "Engine", config: Path | None) -> list[Callable[[threading.Event], None]]:
    """What a process runs side by side to keep everyone told; nothing where nobody is to be told."""
    from dashboard.jobs.deliver import Courier, couriers

    plan = configured(config)
    if not plan.anyone:
        return []
    me, chance = _me()
    senders = couriers(engine, plan, me, _now, chance)

    def made(name: str) -> Courier:
        return Courier(engine, name, None, plan, me, _now, chance)

    return [
        partial(_keep_writing, engine, plan),
        partial(_keep_tidy, engine, plan, made),
        *(partial(_keep_sending, each) for each in senders.values()),
    ]


def _now() -> datetime:
    return datetime.now(UTC)


def _me() -> tuple[str, Callable[[], float]]:
    import numpy as np

    # Unlike a process id, not the same in the next container.
    me = f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}"
    return me, np.random.default_rng(crc32(me.encode())).random


def _tell_dry(engine: "Engine", plan: "Notices") -> None:
    from dashboard.jobs.notify import Notifier

    due = Notifier(engine, plan).step(_now(), keep=False).written
    for mail in due:
        click.echo(f"to {mail.audience.name} over {', '.join(mail.audience.channels)}:")
        for row in mail.rows:
            click.echo(f"  {row['label']}: {row['words']}")
    posts = _updates(engine, plan)
    for update, told in posts.step(_now(), keep=False):
        click.echo(f"update {update.name} over {', '.join(update.channels)}:\n{told.subject}\n\n{told.text}\n")
    for fault in posts.faults:
        click.echo(fault, err=True)
    click.echo(f"{sum(len(mail.rows) for mail in due):,} notices are due; nothing was written or sent")


def _updates(engine: "Engine", plan: "Notices") -> "Updates":
    from dashboard.jobs.post import Updates
    from dashboard.telling import writer

    return Updates(engine, plan, writer(plan))


def _once(engine: "Engine", plan: "Notices") -> int:
    from concurrent.futures import ThreadPoolExecutor

    from dashboard.jobs.deliver import couriers
    from dashboard.jobs.notify import Notifier

    me, chance = _me()
    written, posts = Notifier(engine, plan).step(_now()).notices, _updates(engine, plan)
    updates = len(posts.step(_now()))
    for fault in posts.faults:
        log.warning("%s", fault)
    arrived = failed = 0
    for _ in range(len(plan.channels)):  # what one failed to send, the next one of its chain may
        with ThreadPoolExecutor(len(plan.channels)) as pool:
            done = list(pool.map(lambda each: each.deliver(), couriers(engine, plan, me, _now, chance).values()))
        arrived, failed = arrived + sum(a for a, _ in done), failed + sum(f for _, f in done)
        if not any(f for _, f in done):
            break
    posted = f"{updates:,} update{'' if updates == 1 else 's'} posted, " if plan.updates else ""
    click.echo(f"{written:,} notices written, {posted}{arrived:,} messages sent, {failed:,} attempts failed")
    return PARTLY if failed or posts.faults else DONE


def _keep_writing(engine: "Engine", plan: "Notices", stop: threading.Event) -> None:
    from dashboard.jobs.notify import Notifier

    notifier, posts = Notifier(engine, plan), _updates(engine, plan)
    while not stop.is_set():
        try:
            done = notifier.step(_now())
            if done.notices:
                log.info("%d notices written", done.notices)
            _post(posts, notifier)
        except DashboardError as why:
            log.warning("notices wait: %s", why)
        except Exception as why:  # whatever it is, somebody has to hear of it, and the next look may work
            log.exception("notices could not be written")
            notifier = Notifier(engine, plan)
            try:
                notifier.trouble(_now(), f"the last look failed ({type(why).__name__}): its log says more")
            except DashboardError as also:
                log.warning("nor could that be written down: %s", also)
        stop.wait(plan.every)


def _post(posts: "Updates", notifier: "Notifier") -> None:
    for update, _ in posts.step(_now()):
        log.info("update %s posted", update.name)
    for fault in posts.faults:
        log.warning("%s", fault)
        notifier.trouble(_now(), fault)


def _keep_sending(courier: "Courier", stop: threading.Event) -> None:
    while not stop.is_set():
        _send(courier)
        stop.wait(SEND_EVERY_SECONDS)


def _send(courier: "Courier") -> None:
    try:
        arrived, failed = courier.deliver()
        if arrived or failed:
            log.info("%s: %d messages sent, %d attempts failed", courier.name, arrived, failed)
    except DashboardError as why:
        log.warning("%s waits: %s", courier.name, why)
    except Exception:  # another try is due anyway
        log.exception("%s could not be served", courier.name)


def _keep_tidy(engine: "Engine", plan: "Notices", made: "Callable[[str], Courier]", stop: threading.Event) -> None:
    """Sees to messages for channels that are gone, and to those that never arrived."""
    from dashboard.jobs.deliver import forget_old, orphans

    while not stop.is_set():
        try:
            for name in orphans(engine, plan):
                _send(made(name))
            forget_old(engine, _now())
        except DashboardError as why:
            log.warning("tidying waits: %s", why)
        except Exception:  # the next round may work
            log.exception("the outbox could not be tidied")
        stop.wait(TIDY_EVERY_SECONDS)


def examined(config: Path | None, database: str) -> "list[Finding]":
    """What `doctor` finds of notices: each channel asked for real, each contact held against its channels."""
    from dashboard.jobs.examine import examine_notices, examine_updates
    from dashboard.log.database import opened

    plan = configured(config)
    if not plan.anyone and not plan.channels:
        return []
    try:
        with opened(database) as engine:
            posts = _updates(engine, plan)
            return [*examine_notices(engine, plan, _now()), *examine_updates(posts, _now())]
    except DashboardError:
        return []  # the database has its own finding
