"""The command `dashboard`: parses, wires, calls, exits. Results to standard output, progress and warnings to error."""

import json
import sys
from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dashboard.errors import DashboardError, UnreadableRecord
from dashboard.notifier import notify
from dashboard.parameters import Instant
from dashboard.serving import demo, serve
from dashboard.settings import Settings
from dashboard.telling import status
from dashboard.worker import collect, doctor, worker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy import Engine

    from dashboard.jobs.transfer import Imported

DONE, PARTLY, WRONG = 0, 1, 2
TOLD_ROWS = 10  # set-aside rows named on the screen; all are kept


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--database", metavar="URL", help="SQLAlchemy URL of the log [default: a SQLite file of the user's]")
@click.pass_context
def dashboard(context: click.Context, database: str | None) -> None:
    """When are my GPUs back: maintenance of rented fleets, from facts to a forecast that says how sure it is."""
    context.obj = database


def _database(command: Any) -> Any:
    """Every command takes --database too, so that it may stand anywhere on the line."""

    def choose(context: click.Context, _param: click.Parameter, value: str | None) -> str:
        return value or context.find_root().obj or Settings().database_url

    option = click.option("--database", metavar="URL", callback=choose, help="SQLAlchemy URL of the log", hidden=True)
    return option(command)


def _log(url: str) -> "AbstractContextManager[Engine]":
    from dashboard.log.database import opened

    return opened(url)


@dashboard.command("import")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--strict", is_flag=True, help="take nothing where any row cannot be read")
@_database
def import_command(folder: Path, strict: bool, database: str) -> None:
    """Import a dataset directory; doing so twice changes nothing."""
    from dashboard.jobs.transfer import import_dataset

    with _log(database) as engine, _progress() as progress:
        done = import_dataset(engine, folder, datetime.now(UTC), strict=strict, progress=progress)
    sys.exit(_told(done))


@contextmanager
def _progress() -> "Iterator[Callable[[str, int], None]]":
    """Bytes read on a terminal; nothing in a log."""
    from tqdm import tqdm

    with tqdm(unit="B", unit_scale=True, disable=not sys.stderr.isatty(), leave=False) as bar:

        def tell(name: str, size: int) -> None:
            bar.set_description(name, refresh=False)
            bar.update(size)

        yield tell


def _told(done: "Imported") -> int:
    for name, rows in done.read.items():
        click.echo(f"{name}: {done.new[name]:,} new of {rows:,} rows")
    for warning in done.warnings:
        click.echo(f"note: {warning}", err=True)
    if not done.set_aside:
        return DONE
    for each in done.set_aside[:TOLD_ROWS]:
        click.echo(f"set aside: {each.file}, line {each.line}: {each.reason}", err=True)
    if len(done.set_aside) > TOLD_ROWS:
        click.echo(f"set aside: and {len(done.set_aside) - TOLD_ROWS:,} more", err=True)
    click.echo(f"{len(done.set_aside):,} rows set aside; they are kept in the table set_aside", err=True)
    return PARTLY


@dashboard.command("export")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--as-of", type=Instant(), help="only what was known at T")
@_database
def export_command(folder: Path, as_of: datetime | None, database: str) -> None:
    """Write the log as a dataset directory."""
    from dashboard.jobs.transfer import export_dataset

    with _log(database) as engine:
        for name, rows in export_dataset(engine, folder, as_of).items():
            click.echo(f"{name}: {rows:,} rows")


@dashboard.command()
@click.argument("maintenances", nargs=-1, metavar="[MAINTENANCE]...")
@click.option("--as-of", type=Instant(), help="as known at T, with nothing recorded later")
@click.option("--format", "shape", type=click.Choice(["table", "json"]), default="table")
@_database
def eta(maintenances: tuple[str, ...], as_of: datetime | None, shape: str, database: str) -> None:
    """When is it back: the forecasts of the open maintenances, or of those named."""
    from dashboard.jobs.forecast import Forecaster
    from dashboard.log.database import reading
    from dashboard.views.eta import as_json, as_table, etas

    with _log(database) as engine:
        if as_of is None:
            Forecaster(engine).step(datetime.now(UTC))
        with reading(engine) as connection:
            found = etas(connection, maintenances, as_of, datetime.now(UTC))
    click.echo(json.dumps(as_json(found), indent=1) if shape == "json" else as_table(found))


@dashboard.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--instants", required=True, metavar="FILE", type=click.Path(path_type=Path), help="maintenance_id,as_of")
@click.option("--out", required=True, metavar="FILE", type=click.Path(path_type=Path), help="where the answers go")
def backtest(folder: Path, instants: Path, out: Path) -> None:
    """Forecast a dataset at past instants, each with nothing that was recorded later."""
    import csv

    from tqdm import tqdm

    from dashboard.jobs.backtest import ANSWER, read_questions
    from dashboard.jobs.backtest import backtest as answer

    questions = read_questions(instants)
    with (
        out.open("w", newline="", encoding="utf-8") as file,
        tqdm(total=len(questions), unit="forecast", disable=not sys.stderr.isatty(), leave=False) as bar,
    ):
        writer = csv.writer(file)
        writer.writerow(ANSWER)
        writer.writerows(answer(folder, questions, datetime.now(UTC), bar.update))
    click.echo(f"{out}: {len(questions):,} forecasts")


@dashboard.command("trust")
@click.option("--as-of", type=Instant(), help="the year up to T, as known at T")
@click.option("--format", "shape", type=click.Choice(["table", "markdown", "json"]), default="table")
@_database
def trust_command(as_of: datetime | None, shape: str, database: str) -> None:
    """Hold forecasts of all that is finished against what came true, and against what anyone could say."""
    from tqdm import tqdm

    from dashboard.jobs.judge import judge
    from dashboard.log.database import reading
    from dashboard.model.scope import Scope
    from dashboard.views.trust import trust
    from dashboard.views.written import written

    now = as_of or datetime.now(UTC)
    with _log(database) as engine:
        with tqdm(unit="forecast", disable=not sys.stderr.isatty(), leave=False) as bar:
            for done, total in judge(engine, now):
                bar.total = total
                bar.update(done - bar.n)
        with reading(engine) as connection:
            found = trust(connection, Scope(), now)
    click.echo(written(found, shape))


@dashboard.command()
@_database
def rebuild(database: str) -> None:
    """Drop the derived tables and make them again from the log."""
    from dashboard.log.database import appending
    from dashboard.log.derive import rebuild as again

    with _log(database) as engine, appending(engine) as connection:
        again(connection)
    click.echo("rebuilt")


def main() -> None:
    """Runs the command; what goes wrong on purpose ends in one line and a status."""
    for each in (collect, doctor, notify, serve, status, worker):
        dashboard.add_command(_database(each))
    dashboard.add_command(demo)
    try:
        dashboard(standalone_mode=False)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.Abort:
        sys.exit(WRONG)
    except click.ClickException as why:
        click.echo(f"dashboard: {why.format_message()} (dashboard --help lists what there is)", err=True)
        sys.exit(WRONG)
    except UnreadableRecord as why:
        click.echo(f"dashboard: {why}", err=True)
        sys.exit(PARTLY)
    except DashboardError as why:
        click.echo(f"dashboard: {why}", err=True)
        sys.exit(WRONG)


if __name__ == "__main__":
    main()
