"""Takes the pictures of the README's tour: one a page, of sample data that stands still. `make tour` runs it.

The data is the same each time and moved to the hour in which it is run, so a picture changes where a page does.
"""

import io
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from tests.browser.chromium import App, browsing, serving, visiting

HERE = Path(__file__).parent / "tour"
SIZE = (1440, 900)
WIDTH = 1100  # as wide as a README is shown
MOST_BYTES = 120_000
FIGURE = ".js-plotly-plot .main-svg"
FOOT = ".st-key-footer"


@dataclass(frozen=True, slots=True)
class Stop:
    """A page of the tour, and what is on it once it is drawn."""

    name: str
    address: str
    drawn: str
    scheme: str = "light"


STOPS = (
    Stop("capacity", "/", FIGURE),
    Stop("maintenances", "/maintenances", FIGURE),
    Stop("maintenance", "/maintenance?maintenance=M-1129", FIGURE),
    Stop("plan", "/plan?later=72", FIGURE),
    Stop("whos_up", "/whos_up", FOOT),
    Stop("watch", "/watch?wall=1", FOOT, "dark"),
    Stop("notices", "/notices", FOOT),
    Stop("trust", "/trust", FIGURE),
    Stop("review", "/review?compare=nimbus&with=kestrel", FIGURE),
    Stop("node", "/node?node=iad1-b01-1", FIGURE),
    Stop("cluster", "/cluster?cluster=nimbus-iad-1", FIGURE),
    Stop("sources", "/sources", FOOT),
    Stop("lifecycle", "/lifecycle", FIGURE),
    Stop("partner", "/partner?provider=nimbus", "[data-testid=stTable]"),
)


def main() -> None:
    """Takes them all, or those that are named."""
    HERE.mkdir(exist_ok=True)
    wanted = set(sys.argv[1:]) or {each.name for each in STOPS}
    with tempfile.TemporaryDirectory() as scratch, serving(Path(scratch), "demo", "--still") as app:
        take(app, [each for each in STOPS if each.name in wanted])


def take(app: App, stops: list[Stop]) -> None:
    """Takes the pictures of these pages, without the hints of a first visit."""
    with browsing() as browser:
        for stop in stops:
            with visiting(browser, f"{app.url}/healthz", *SIZE, stop.scheme, settle=False) as visit:
                visit.page.context.add_cookies([{"name": "dashboard_hints", "value": "seen", "url": app.url}])
                visit.page.goto(app.url + stop.address)
                visit.settle().page.wait_for_selector(stop.drawn, timeout=120_000)
                size = save(visit.page, HERE / f"{stop.name}.webp")
            print(f"{stop.name}: {size:,} bytes")


def save(page: Page, path: Path) -> int:
    """Writes what is seen as a picture no larger than a README may ask for; returns its size."""
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    shot = shot.resize((WIDTH, shot.height * WIDTH // shot.width), Image.Resampling.LANCZOS)
    for quality in (88, 80, 70, 60):
        shot.save(path, quality=quality, method=6)
        if path.stat().st_size <= MOST_BYTES:
            break
    return path.stat().st_size


if __name__ == "__main__":
    main()
