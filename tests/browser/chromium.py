"""A real browser, and the app in it."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, Page, Response, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
IDLE = "[data-testid=stApp][data-test-script-state=notRunning][data-test-connection-state=CONNECTED]"
ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 120


def find_chromium() -> str:
    """Where Chromium is. Raises AssertionError saying what to install: a missing browser is a failure."""
    found = next(
        (path for name in (os.environ.get("CHROMIUM", ""), *NAMES) if name and (path := shutil.which(name))), ""
    )
    assert found, "No Chromium on the PATH: install it (Debian: apt-get install chromium), or set CHROMIUM to its path"
    return found


@contextmanager
def browsing() -> Iterator[Browser]:
    """A browser for as long as it is needed."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(FLAGS))
        yield browser
        browser.close()


@dataclass
class Visit:
    """A page that is open, and what the browser complained of."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def settle(self) -> "Visit":
        """Waits until the script has run and every chart on it is drawn."""
        self.page.wait_for_selector(IDLE, timeout=PATIENCE_SECONDS * 1000)
        self.page.wait_for_function(
            "() => !document.querySelector('[data-testid=stSkeleton]')"
            " && [...document.querySelectorAll('.js-plotly-plot')].every(each => each.querySelector('.main-svg'))",
            timeout=PATIENCE_SECONDS * 1000,
        )
        return self

    def resize(self, width: int, height: int) -> None:
        """Looks at it through a window of another size, once every chart has followed."""
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.wait_for_function(
            "() => [...document.querySelectorAll('.js-plotly-plot .main-svg')]"
            ".every(each => each.getBoundingClientRect().right <= innerWidth)",
            timeout=PATIENCE_SECONDS * 1000,
        )


@contextmanager
def visiting(
    browser: Browser, url: str, width: int = 1440, height: int = 900, scheme: str = "light", *, settle: bool = True
) -> Iterator[Visit]:
    """Opens a page as somebody in Berlin would; one that is none of ours is not waited for."""
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        timezone_id="Europe/Berlin",
        locale="en-GB",
    )
    visit = Visit(context.new_page())

    def console(message: ConsoleMessage) -> None:
        # Sparklines are Vega's, which warns of an infinite extent while it loads; a lost probe is told by its address.
        if message.type in ("error", "warning") and not any(
            known in message.text for known in ("Infinite extent", "Failed to load resource")
        ):
            visit.complaints.append(f"{message.type}: {message.text}")

    def answered(response: Response) -> None:
        # On a deep link Streamlit's script first looks for its server below the page's own path.
        probes = ("/_stcore/health", "/_stcore/host-config")
        if response.status >= 400 and not response.url.endswith(probes):
            visit.complaints.append(f"{response.status}: {response.url}")

    visit.page.on("console", console)
    visit.page.on("pageerror", lambda error: visit.complaints.append(f"error: {error}"))
    visit.page.on("response", answered)
    visit.page.goto(url)
    yield visit.settle() if settle else visit
    context.close()


@dataclass(frozen=True)
class App:
    """A served app: where it is, its database, and what its server wrote."""

    url: str
    database: str
    log: Path


def free_port() -> int:
    """A port on loopback that nobody listens on."""
    with socket.socket() as each:
        each.bind(("127.0.0.1", 0))
        return int(each.getsockname()[1])


@contextmanager
def serving(scratch: Path, *command: str, database: str = "") -> Iterator[App]:
    """Runs `dashboard COMMAND --port N` in a home of its own until it answers, and stops it in the end."""
    port, log = free_port(), scratch / "server.log"
    environment = os.environ | {"HOME": str(scratch), "TMPDIR": str(scratch), "PYTHONUNBUFFERED": "1"}
    environment.pop("DASHBOARD_DATABASE_URL", None)
    if database:
        environment["DASHBOARD_DATABASE_URL"] = database
    arguments = [sys.executable, "-m", "dashboard.cli", *command, "--port", str(port)]
    with log.open("w") as output:
        process = subprocess.Popen(
            arguments, stdout=output, stderr=subprocess.STDOUT, env=environment, cwd=ROOT, start_new_session=True
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url, process, log)
        found = database or f"sqlite:///{next(scratch.glob('dashboard-demo-*'))}/demo.db"
        yield App(url, found, log)
    finally:
        os.killpg(process.pid, 15)
        process.wait(timeout=30)


def _wait(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, f"the server stopped:\n{log.read_text()}"
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    raise AssertionError(f"the server did not answer within {PATIENCE_SECONDS} s:\n{log.read_text()}")
