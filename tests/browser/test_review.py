"""A TPM compares two providers for a quarter, presents, exports, and opens the deck's figures again from its links."""

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser
from pptx import Presentation

from tests.browser.chromium import App, Visit, visiting

TITLE = "h1"


def titled(visit: Visit, words: str) -> None:
    """Waits until the page opens with these words."""
    visit.page.locator(TITLE, has_text=words).first.wait_for(timeout=60_000)


def sentence(visit: Visit) -> str:
    return " ".join(visit.page.locator(TITLE).first.inner_text().split())


def link_of(slide: Any) -> str:
    found = [
        run.hyperlink.address
        for shape in slide.shapes
        if shape.has_text_frame
        for paragraph in shape.text_frame.paragraphs
        for run in paragraph.runs
        if run.hyperlink.address
    ]
    return str(found[-1])


def test_a_quarter_is_compared_presented_exported_and_found_again(browser: Browser, demo: App, tmp_path: Path) -> None:
    address = f"{demo.url}/review?period=2026-Q3&compare=nimbus&with=kestrel&zone=UTC"
    with visiting(browser, address) as visit:
        page = visit.page
        titled(visit, "In Q3 2026,")
        page.get_by_role("heading", name="Nimbus Cloud and Kestrel Metal").wait_for()

        page.get_by_role("button", name="Export").click()
        with page.expect_download() as waited:
            page.get_by_role("button", name="PowerPoint").click()
        waited.value.save_as(tmp_path / "deck.pptx")
        page.keyboard.press("Escape")

        page.get_by_role("button", name="Present").click()
        page.wait_for_url(re.compile("present=1"))
        page.get_by_role("button", name="Leave").wait_for()
        visit.settle()
        page.keyboard.press("ArrowRight")
        page.wait_for_url(re.compile("present=2"))
        titled(visit, "back later than promised")
        visit.settle()  # the way back is open once the whole slide is there
        page.keyboard.press("ArrowLeft")
        page.wait_for_url(re.compile("present=1"))
        bar = page.locator(".st-key-chrome").count()
        page.keyboard.press("Escape")
        page.locator(".st-key-chrome").wait_for()
        left = page.url

    slides = list(Presentation(str(tmp_path / "deck.pptx")).slides)
    wanted = slides[2].shapes.title.text_frame.text
    assert bar == 0
    assert "present" not in left
    assert visit.complaints == []
    assert sum(shape.has_table for each in slides for shape in each.shapes) >= 6
    with visiting(browser, link_of(slides[2])) as visit:
        titled(visit, "back later than promised")
        shown = sentence(visit)
    assert shown == wanted
