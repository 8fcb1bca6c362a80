"""The door of the app's own process: serves it, on a log of one's own, or on sample data that is played on."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_urlsafe

import click

from dashboard.settings import Settings, sample_data

DONE, PARTLY = 0, 1
SPEED = 30.0


def _port(command: "click.decorators.FC") -> "click.decorators.FC":
    return click.option("--port", default=8501, metavar="N", show_default=True, type=click.IntRange(1, 65535))(command)


@click.command()
@click.option("--address", default="127.0.0.1", metavar="A", show_default=True)
@_port
def serve(address: str, port: int, database: str) -> None:
    """Serve the app."""
    from dashboard.configuration import read_slas
    from dashboard.log.database import opened

    settings = {"DASHBOARD_DATABASE_URL": database}
    # What is wrong with the database or the contracts is said here, in one line, not on every page.
    with opened(database):
        config = Settings().config
        read_slas(config)
    if config is not None:
        settings["DASHBOARD_CONFIG"] = str(config.resolve())  # the server runs in a folder of its own
    sys.exit(_serve(address, port, settings))


@click.command()
@_port
@click.option(
    "--speed",
    default=SPEED,
    metavar="X",
    show_default=True,
    help="hours of life that pass in one",
    type=click.FloatRange(0, 10_000, min_open=True),
)
@click.option("--still", is_flag=True, help="nothing moves: no provider is played")
def demo(port: int, speed: float, still: bool) -> None:
    """Serve the app on sample data whose clock is moved to now, and play it on from there."""
    from dashboard.jobs.forecast import Forecaster, look_back
    from dashboard.jobs.transfer import import_dataset, newest_instant
    from dashboard.log.database import opened

    with tempfile.TemporaryDirectory(prefix="dashboard-demo-") as scratch:
        url = f"sqlite:///{scratch}/demo.db"
        now = datetime.now(UTC)
        newest = newest_instant(sample_data()) or now
        click.echo("loading sample data …", err=True)
        with opened(url) as engine:
            shift = timedelta(minutes=(now - newest) // timedelta(minutes=1))
            import_dataset(engine, sample_data(), now, shift=shift)
            click.echo("forecasting …", err=True)
            look_back(engine, now, timedelta(hours=12), timedelta(days=4))
            Forecaster(engine).step(now)  # whoever comes first sees what is said now, not half a day ago
        settings = {"DASHBOARD_DATABASE_URL": url}
        if still:
            sys.exit(_serve("127.0.0.1", port, settings | {"DASHBOARD_CONFIG": str(_contracts())}))
        with _played(url, Path(scratch), speed, f"http://127.0.0.1:{port}") as played:
            sys.exit(_serve("127.0.0.1", port, settings | played))


@contextmanager
def _played(database: str, scratch: Path, speed: float, app: str) -> Iterator[dict[str, str]]:
    """Providers, the fleet and a chat, played on loopback; gives the settings that collect from and tell them."""
    from dashboard.log.database import opened, reading
    from dashboard.standins.cast import cast
    from dashboard.standins.house import configuration, notices, standing_in

    with opened(database) as engine, reading(engine) as connection:
        now = datetime.now(UTC)
        play = cast(connection, now, speed, seed=int(now.timestamp()))
    with standing_in(play, lambda: datetime.now(UTC)) as url:
        path = scratch / "sources.toml"
        agreed = _contracts().read_text(encoding="utf-8")
        told = notices(app, "DEMO_SECRET", "DEMO_CHAT")
        path.write_text("\n".join([configuration(play, url), agreed, told]), encoding="utf-8")
        click.echo(f"playing on, {speed:g} times as fast as life: see {path}", err=True)
        yield {"DASHBOARD_CONFIG": str(path), "DEMO_SECRET": token_urlsafe(), "DEMO_CHAT": f"{url}/chat"}


def _contracts() -> Path:
    return sample_data() / "contracts.toml"


def _serve(address: str, port: int, settings: dict[str, str]) -> int:
    """Runs Streamlit on our ASGI application, in a process of its own, until it ends or is interrupted."""
    here = Path(__file__).resolve().parent
    command = [sys.executable, "-m", "streamlit", "run", str(here / "server.py")]
    options = ["--server.address", address, "--server.port", str(port)]
    click.echo(f"http://{'127.0.0.1' if address == '0.0.0.0' else address}:{port}", err=True)
    with subprocess.Popen([*command, *options], env=os.environ | settings, cwd=here.parent) as process:
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())  # or the server would outlive who started it
        try:
            return DONE if process.wait() == 0 else PARTLY
        except KeyboardInterrupt:
            process.terminate()
            return DONE
