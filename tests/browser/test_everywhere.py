"""What is on every page, and needs a real browser: the past that plays on, what is remembered, Watch that stays put."""

from datetime import UTC, datetime, timedelta

from playwright.sync_api import Browser, Page
from sqlalchemy import text

from dashboard.log.append import append
from dashboard.log.database import appending, open_log, reading
from dashboard.model.instants import iso, micros
from tests.browser.chromium import App, Visit, visiting

SENTENCE = "document.querySelector('h1').innerText"
OPEN = """
    SELECT maintenances.maintenance_id, nodes.node_id
    FROM current_maintenances AS maintenances JOIN current_nodes AS nodes ON nodes.cluster_id = maintenances.cluster_id
    WHERE maintenances.status = 'in_progress' AND maintenances.by_node AND nodes.node_id NOT IN (
      SELECT node_id FROM current_stages
    ) ORDER BY maintenances.maintenance_id DESC, nodes.node_id DESC LIMIT 1
"""


SETTLED = """
    () => {
        const now = location.href + document.querySelector('h1')?.innerText;
        if (window.was !== now) [window.was, window.since] = [now, Date.now()];
        return Date.now() - window.since > 2000;
    }
"""
"""Neither the address nor the sentence has changed for two seconds: a step under way as it was paused is through."""


BROKEN = """
    () => [...document.querySelectorAll('[data-testid=stTable] td[style*=right] p')].filter(each => {
        const range = document.createRange();
        range.selectNodeContents(each);
        return new Set([...range.getClientRects()].map(line => Math.round(line.top))).size > 1;
    }).map(each => each.innerText)
"""
"""The numbers in tables that take more than one line."""


def by_key(page: Page, name: str) -> None:
    """Presses a button without a mouse."""
    page.get_by_role("button", name=name).focus()
    page.keyboard.press("Enter")


def test_a_replay_plays_on_without_flooding_the_history(browser: Browser, demo: App) -> None:
    """The page follows, the address carries each instant, the browser's history none of them; by keyboard alone."""
    begun = iso(datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=3))
    with visiting(browser, f"{demo.url}/maintenances?as_of={begun}") as visit:
        page, entries = visit.page, visit.page.evaluate("history.length")
        by_key(page, "Play")
        seen = [page.url]
        for _ in range(3):
            page.wait_for_function("before => location.href !== before", arg=seen[-1], timeout=60_000)
            seen.append(page.url)
        by_key(page, "Pause")
        page.get_by_role("button", name="Play").wait_for()
        visit.settle()
        page.wait_for_function(SETTLED, timeout=60_000)
        address, said = page.url, page.evaluate(SENTENCE)
        assert page.evaluate("history.length") == entries
        page.reload()
        visit.settle()
        page.wait_for_function(f"said => document.querySelector('h1') && {SENTENCE} === said", arg=said)

    assert len(set(seen)) == 4
    assert address >= seen[-1]
    assert visit.complaints == []


def test_the_slider_goes_back_by_keyboard(browser: Browser, demo: App) -> None:
    with visiting(browser, f"{demo.url}/notices") as visit:
        by_key(visit.page, "Live")
        visit.page.get_by_role("slider").focus()
        visit.page.keyboard.press("ArrowLeft")
        visit.page.get_by_text("What was known then").wait_for()

        by_key(visit.page, "Back to live")
        visit.page.get_by_text("What was known then").wait_for(state="detached")

    assert visit.complaints == []


def test_a_browser_remembers_how_to_begin_and_that_it_has_shown_the_hints(browser: Browser, demo: App) -> None:
    """Across visits, without an account; a link comes first, and it is forgotten when asked to."""
    with visiting(browser, f"{demo.url}/notices?team=vision&zone=Asia/Tokyo") as visit:
        visit.page.get_by_role("button", name="Got it").wait_for()
        by_key(visit.page, "Mine")
        by_key(visit.page, "Always begin with")
        visit.page.wait_for_function("document.cookie.includes('dashboard_begin=team')")

        another = Visit(visit.page.context.new_page())
        another.page.goto(f"{demo.url}/notices")
        another.settle().page.get_by_text("times in Asia/Tokyo (JST)").wait_for()
        assert another.page.url == f"{demo.url}/notices?team=vision"
        assert another.page.get_by_role("button", name="Got it").count() == 0

        another.page.goto(f"{demo.url}/notices?provider=nimbus")
        another.settle().page.get_by_text("times in Asia/Tokyo (JST)").wait_for()
        assert another.page.url == f"{demo.url}/notices?provider=nimbus"

        by_key(another.page, "Mine")
        by_key(another.page, "Forget it")
        another.page.wait_for_function("!document.cookie.includes('dashboard_begin')")
        another.page.goto(f"{demo.url}/notices")
        another.settle().page.get_by_text("times in Europe/Berlin (CET)").wait_for()
        assert another.page.url == f"{demo.url}/notices"


def test_a_phone_gets_the_sentence_and_the_numbers_first(browser: Browser, demo: App) -> None:
    """Also in a first visit, whose hints are one line that unfolds, and above numbers that can be chosen."""
    hint = "is as often early as late"
    with visiting(browser, f"{demo.url}/review", 390, 844) as visit:
        fourth = visit.page.get_by_test_id("stMetric").nth(3).bounding_box()
        assert fourth is not None
        assert fourth["y"] + fourth["height"] <= 844

        assert not visit.page.get_by_text(hint).filter(visible=True).count()
        visit.page.get_by_text("Three things to know").click()
        visit.page.get_by_text(hint).filter(visible=True).wait_for()

    with visiting(browser, f"{demo.url}/sources") as visit:
        visit.page.get_by_text(hint).filter(visible=True).wait_for()

    assert visit.complaints == []


def test_the_way_to_the_page_that_is_open_is_in_sight_on_a_phone(browser: Browser, demo: App) -> None:
    with visiting(browser, f"{demo.url}/lifecycle", 390, 844) as visit:
        ways, here = (visit.page.locator(each).bounding_box() for each in (".st-key-ways", ".st-key-here"))

    assert ways
    assert here
    assert ways["x"] <= here["x"]
    assert here["x"] + here["width"] <= ways["x"] + ways["width"]


def test_no_number_is_broken_on_a_phone(browser: Browser, demo: App) -> None:
    """1,184 in two lines would be read as two numbers."""
    with visiting(browser, f"{demo.url}/maintenance?maintenance=M-1129", 390, 844) as visit:
        visit.page.get_by_role("heading", name="Whom we wait for").wait_for()
        assert visit.page.evaluate(BROKEN) == []


def test_a_figure_names_its_promises_as_far_as_there_is_room(browser: Browser, demo: App) -> None:
    """Whole on a desk, in both their ends on a phone."""
    with visiting(browser, demo.url) as visit:
        page = visit.page
        page.wait_for_selector(".annotation-text")
        cut = page.locator(".annotation-text tspan", has_text=" … ").filter(visible=True)
        assert not cut.count()
        visit.resize(390, 844)
        cut.first.wait_for()


def test_watch_tells_what_is_new_and_nobody_loses_their_place(browser: Browser, demo: App) -> None:
    """A node that has hung comes onto the page; who had scrolled and opened something still has."""
    engine, now = open_log(demo.database), datetime.now(UTC)
    with visiting(browser, f"{demo.url}/watch", 1440, 500) as visit:
        page = visit.page
        page.get_by_text("Age of each source").click()
        page.get_by_text("last heard").wait_for()
        top = page.evaluate("() => { const main = document.querySelector('[data-testid=stMain]');"
                            " main.scrollTop = 150; window.same = true; return main.scrollTop; }")  # fmt: skip
        with reading(engine) as connection:
            maintenance, node = connection.execute(text(OPEN)).one()
        hung = micros(now - timedelta(days=30))
        with appending(engine) as connection:
            moves = [(maintenance, node, "in_maintenance", hung, micros(now), "test", "")]
            append(connection, {"node_transitions": moves}, now, "test")
        page.locator("[data-told]").wait_for(state="attached", timeout=60_000)
        page.get_by_role("heading", name="stuck").first.wait_for()

        assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == top == 150
        assert page.evaluate("window.same")
        page.get_by_text("last heard").wait_for(timeout=20_000)  # open still, once all of it is drawn
    engine.dispose()
    assert visit.complaints == []


def test_watch_hangs_on_a_wall(browser: Browser, demo: App) -> None:
    """Larger, without controls, in the scope of its address; and there is a way back."""
    with visiting(browser, f"{demo.url}/watch?wall=1&provider=nimbus", 1920, 1080, "dark") as visit:
        visit.page.locator(".st-key-footer").wait_for()
        large = visit.page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)")
        assert visit.page.get_by_role("combobox").count() == 0
        assert visit.page.get_by_role("link", name="Capacity").count() == 0

        by_key(visit.page, "Leave the wall")
        visit.page.wait_for_url("**/watch?provider=nimbus")
        visit.page.get_by_role("combobox").first.wait_for()
        small = visit.page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)")

    assert large > 1.2 * small
    assert visit.complaints == []


def test_figures_follow_the_colours_without_a_reload(browser: Browser, demo: App) -> None:
    """Who works into the night sees them change, in the past as well."""
    with visiting(browser, f"{demo.url}/trust") as visit:
        ink = "document.querySelector('.js-plotly-plot').layout.font.color"
        visit.page.locator(".js-plotly-plot .main-svg").first.wait_for()
        by_day = visit.page.evaluate(ink)
        visit.page.emulate_media(color_scheme="dark")
        visit.page.wait_for_function(f"by_day => {ink} !== by_day", arg=by_day, timeout=60_000)

    assert visit.complaints == []
