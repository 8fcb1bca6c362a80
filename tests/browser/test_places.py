"""From any page to any thing: by its name, by a table, by a cell of a figure; by mouse and by keyboard."""

import csv
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.browser.chromium import App, visiting

TABLE = "[data-testid=stDataFrame]"
ACROSS, DOWN = 60, 52  # pixels into a table: the first row's first words


def headed(page: Page, begins: str) -> None:
    """Waits for the sentence of a page."""
    page.locator("h1").filter(has_text=begins).wait_for(timeout=30_000)


def searched(page: Page, name: str) -> None:
    """Opens the search over the page, and types."""
    page.keyboard.press("Control+k")
    page.wait_for_function("document.activeElement.matches('[role=dialog] input')")
    page.keyboard.type(name)


def test_a_node_is_found_by_keyboard_from_any_page(browser: Browser, demo: App) -> None:
    """Ctrl+K, a part of its name, arrows, Enter: the node's page, with nothing left open over it."""
    with visiting(browser, f"{demo.url}/trust?zone=Asia/Tokyo") as visit:
        page = visit.page
        searched(page, "iad1 b01")
        hit = page.locator("[role=dialog] a").filter(has_text="iad1-b01-1")
        hit.wait_for()
        while not hit.evaluate("each => each === document.activeElement"):
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        headed(page, "iad1-b01-1 of nimbus-iad-1 is repairing")

        assert "zone=Asia" in page.url
        assert page.locator("[role=dialog]").count() == 0
        assert visit.complaints == []


def test_enter_opens_the_first_of_what_was_found(browser: Browser, demo: App) -> None:
    """Typed to its end and entered at once, as one does who knows the name."""
    with visiting(browser, f"{demo.url}/trust") as visit:
        page = visit.page
        searched(page, "M-1129")
        page.keyboard.press("Enter")
        page.wait_for_url("**/maintenance?*maintenance=M-1129*")

        assert visit.complaints == []


def test_a_row_opens_what_it_names_by_mouse_and_by_keyboard(browser: Browser, demo: App) -> None:
    """A title that is pressed, and a row that is chosen; the way back leads back."""
    with visiting(browser, f"{demo.url}/cluster?cluster=nimbus-iad-1") as visit:
        page = visit.page
        table = page.locator(".st-key-coming").locator(TABLE)
        table.scroll_into_view_if_needed()
        box = table.bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + ACROSS, box["y"] + DOWN)
        page.wait_for_url("**/maintenance?*maintenance=M-1131*")

        page.go_back()
        headed(page, "nimbus-iad-1: ")
        page.locator(".st-key-worst").locator(TABLE).locator("canvas").first.focus()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowUp")
        page.keyboard.press("Shift+Space")
        page.wait_for_url("**/node?*node=iad1-*")
        headed(page, "iad1-")

        assert visit.complaints == []


def test_a_cell_of_the_rack_grid_opens_its_node(browser: Browser, demo: App) -> None:
    with visiting(browser, f"{demo.url}/maintenance?maintenance=M-1129") as visit:
        page = visit.page
        grid = page.locator(".st-key-racks .js-plotly-plot")
        grid.scroll_into_view_if_needed()
        box = grid.locator(".nsewdrag").first.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 12, box["y"] + 12)
        page.locator(".hoverlayer .hovertext").wait_for()
        said = page.locator(".hoverlayer .hovertext").text_content() or ""
        page.mouse.click(box["x"] + 12, box["y"] + 12)
        headed(page, said.split(",")[0])

        assert "in service for" in said
        assert visit.complaints == []


def test_a_table_is_saved_by_us_and_not_by_its_toolbar(browser: Browser, demo: App, tmp_path: Path) -> None:
    """Streamlit's own way would keep formulas: it is not offered."""
    with visiting(browser, f"{demo.url}/maintenances") as visit:
        page = visit.page
        page.locator(TABLE).hover()
        own = page.locator("[data-testid=stElementToolbar]").get_by_label("Download as CSV")
        shown = own.evaluate_all("all => all.map(each => each.checkVisibility())")
        with page.expect_download() as saving:
            page.get_by_role("button", name="Save as CSV").click()
        saving.value.save_as(tmp_path / "saved.csv")

    rows = list(csv.DictReader((tmp_path / "saved.csv").read_text("utf-8-sig").splitlines()))
    assert shown == [False]
    assert rows[0]["Maintenance"] == "Firmware 2.14 on H100 trays, wave 2 of 3"
    assert rows[0]["Likely back"].endswith("+00:00")
