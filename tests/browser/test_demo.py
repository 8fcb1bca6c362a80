"""What a new user sees: the demo in a real browser, on a desk and on a phone, by day and by night."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser
from sqlalchemy import text

from dashboard.log.append import append
from dashboard.log.database import appending, open_log, reading
from dashboard.model.instants import micros
from tests.browser.chromium import App, serving, visiting
from tests.browser.keyboard import walk

SHOTS = Path(__file__).resolve().parents[2] / "shots"
SIZES = {"desk": (1440, 900), "phone": (390, 844)}
PAGES = {
    "capacity": "/",
    "maintenances": "/maintenances",
    "whos_up": "/whos_up",
    "partner": "/partner?provider=nimbus",
    "watch": "/watch",
    "wall": "/watch?wall=1",
    "notices": "/notices",
    "trust": "/trust",
    "review": "/review?compare=nimbus&with=kestrel",
    "presented": "/review?period=365d&present=2",
    "sources": "/sources",
    "lifecycle": "/lifecycle",
    "plan": "/plan",
    "maintenance": "/maintenance?maintenance=M-1129",
    "node": "/node?node=iad1-b01-1",
    "cluster": "/cluster?cluster=nimbus-iad-1",
    "search": "/search?q=a01",
}
DRAWN = {
    "watch": ".st-key-footer",
    "wall": ".st-key-footer",
    "notices": ".st-key-footer",
    "sources": ".st-key-footer",
    "whos_up": ".st-key-footer",
    "partner": "[data-testid=stTable]",
    "search": ".st-key-hits",
}
"""What is there once a page is drawn, where it has no figure."""

OUT = """
    SELECT COALESCE(SUM(gpus), 0) FROM (
      SELECT DISTINCT nodes.node_id, nodes.gpus FROM nodes
      JOIN current_stages AS stages ON stages.node_id = nodes.node_id
      JOIN current_maintenances AS maintenances ON maintenances.maintenance_id = stages.maintenance_id
      WHERE stages.is_out OR (
        NOT maintenances.by_node AND maintenances.status = 'in_progress' AND NOT stages.withdrawn
      )
    ) AS out_nodes
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_every_page_stands_on_every_screen(browser: Browser, demo: App, name: str, scheme: str) -> None:
    """No complaint in the console, no sideways scrolling, no serious barrier, nothing that the keyboard does not reach
    or shows no focus; the pictures are kept to be looked at. By day it is opened on a desk, by night on a phone."""
    SHOTS.mkdir(exist_ok=True)
    sizes = list(SIZES) if scheme == "light" else list(reversed(SIZES))
    wide, serious = {}, set()

    with visiting(browser, demo.url + PAGES[name], *SIZES[sizes[0]], scheme) as visit:
        visit.page.wait_for_selector(DRAWN.get(name, ".js-plotly-plot .main-svg"), timeout=90_000)
        for size in sizes:
            visit.resize(*SIZES[size])
            visit.page.screenshot(path=SHOTS / f"{name}-{size}-{scheme}.png")
            wide[size] = visit.page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            findings = Axe().run(visit.page).response["violations"]
            serious |= {f"{each['id']} ({size})" for each in findings if each["impact"] in ("serious", "critical")}
        unreached, unseen = walk(visit.page)

    assert visit.complaints == []
    assert {size: more for size, more in wide.items() if more > 0} == {}
    assert serious == set()
    assert unreached == []
    assert unseen == []


SERVING = """
    SELECT node_id, gpus FROM current_nodes
    WHERE node_id NOT IN (SELECT node_id FROM current_stages) ORDER BY node_id LIMIT 1
"""


def test_the_numbers_on_capacity_are_those_of_the_log(browser: Browser, demo: App) -> None:
    """The sentence and the first number say what SQL on the log says."""
    engine = open_log(demo.database)
    with reading(engine) as connection:
        out = int(connection.scalar(text(OUT)) or 0)
        whole = int(connection.scalar(text("SELECT SUM(gpus) FROM nodes")) or 0)
    engine.dispose()

    with visiting(browser, demo.url) as visit:
        sentence = visit.page.locator("h1").first.inner_text()
        first = visit.page.get_by_test_id("stMetricValue").first.inner_text()

    said = [int(each.replace(",", "")) for each in re.findall(r"\d[\d,]*\d", sentence)[:2]]
    assert said == [out, whole]
    assert int(first.replace(",", "")) == out
    assert out > 0


def test_the_fan_chart_is_on_the_first_page(browser: Browser, demo: App) -> None:
    """Seven days of fact, a median and two bands, drawn."""
    with visiting(browser, demo.url) as visit:
        visit.page.locator(".js-plotly-plot").nth(1).wait_for()
        traces = visit.page.evaluate("[...document.querySelectorAll('.js-plotly-plot')].map(each => each.data.length)")

    assert max(traces) >= 4


def test_a_link_shows_the_same_to_whoever_opens_it(browser: Browser, demo: App) -> None:
    """Scope and instant are in the URL: a team, a cluster and a past instant come back as they were."""
    with visiting(browser, f"{demo.url}/?team=vision&as_of=2026-01-05T12:00Z") as visit:
        sentence = visit.page.locator("h1").first.inner_text()
        banner = visit.page.get_by_text("As of").first.inner_text()

    assert "Vision" in sentence
    assert "5\u00a0Jan\u00a013:00" in banner


def test_what_is_appended_shows_by_itself(browser: Browser, demo: App) -> None:
    """A node that goes out while somebody looks is counted without a reload."""
    engine = open_log(demo.database)
    with reading(engine) as connection:
        out = int(connection.scalar(text(OUT)) or 0)
        node, gpus = connection.execute(text(SERVING)).one()
    now = datetime.now(UTC)

    with visiting(browser, demo.url) as visit:
        with appending(engine) as connection:
            row = ("X-1", node, "cordoned", micros(now), micros(now), "test", "")
            append(connection, {"node_transitions": [row]}, now, "test")
        visit.page.get_by_role("heading", name=f"{out + gpus:,} of").wait_for(timeout=30_000)
    engine.dispose()

    assert gpus == 8


def test_the_demo_is_alive(browser: Browser, tmp_path: Path) -> None:
    """Providers are played, sources bring what they tell, and the page moves by itself."""
    with serving(tmp_path, "demo", "--speed", "600") as app, visiting(browser, f"{app.url}/capacity?team=") as visit:
        before = visit.page.get_by_role("heading", level=1).inner_text()
        visit.page.wait_for_function(
            "before => document.querySelector('h1') && document.querySelector('h1').innerText !== before",
            arg=before,
            timeout=60_000,
        )
        engine = open_log(app.database)
        with reading(engine) as connection:
            states = connection.execute(text("SELECT source, rows, error FROM source_states")).all()
        engine.dispose()

    assert before.endswith(".")
    assert len(states) >= 4
    assert sum(rows for _, rows, _ in states) > 0
    assert [error for *_, error in states if error] == []


def test_whoever_comes_first_may_come_by_a_link(browser: Browser, tmp_path: Path) -> None:
    """A server that nobody has asked for its first page shows the one that is asked for; an empty log says so."""
    with (
        serving(tmp_path, "serve", database=f"sqlite:///{tmp_path}/new.db") as app,
        visiting(browser, f"{app.url}/maintenances") as visit,
    ):
        visit.page.get_by_role("heading", level=1).wait_for()
        shown = visit.page.locator("body").inner_text()

    assert "No maintenance touches these GPUs." in shown
    assert visit.complaints == []


def test_the_servers_log_is_clean(demo: App) -> None:
    """Last of all: none of these visits made the server warn or fail."""
    written = demo.log.read_text()

    assert not re.search(r"warning|error|traceback|exception", written, re.IGNORECASE), written
