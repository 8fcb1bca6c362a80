"""What is taken along holds native tables and charts, says where it is from, and opens where people open it."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pptx import Presentation
from pptx.enum.chart import XL_CHART_TYPE
from reportlab.graphics.shapes import Rect

from dashboard.decks.layout import span, widths
from dashboard.decks.paper import drawing, paper
from dashboard.decks.powerpoint import powerpoint
from dashboard.decks.sheet import sheet
from dashboard.model.deck import Bars, Deck, Series, Slide, Table, pages_of
from dashboard.model.scope import Scope
from dashboard.views.slides import deck
from tests.pages.fakes import HOSTILE, NOW
from tests.pages.told_review import review

BASE = "https://dashboard.example.com"
CONTROL = "a\x00b\x0bc\ud800d\ufffee"


@pytest.fixture(scope="module")
def told() -> Deck:
    chosen = {"compare": "nimbus", "with": "boreal"}
    return deck(review("full", NOW, "90d", HOSTILE), Scope(team="t-fm", zone="Europe/Berlin"), BASE, chosen)


@pytest.fixture(scope="module")
def file(told: Deck) -> bytes:
    return powerpoint(told)


@pytest.fixture
def slides(file: bytes) -> list[Any]:
    return list(Presentation(BytesIO(file)).slides)


def links(slide: Any) -> Iterator[str]:
    for shape in slide.shapes:
        frames = [shape.text_frame] if shape.has_text_frame else []
        if shape.has_table:
            frames += [cell.text_frame for row in shape.table.rows for cell in row.cells]
        for frame in frames:
            for run in (run for paragraph in frame.paragraphs for run in paragraph.runs):
                if run.hyperlink.address:
                    yield run.hyperlink.address


def test_every_slide_has_its_sentence_and_leads_to_its_facts(told: Deck, slides: list[Any]) -> None:
    """The link opens the same slide, of the same scope, days and instant."""
    assert [each.shapes.title.text_frame.text for each in slides[1:]] == [each.title for each in told.slides]
    for number, each in enumerate(slides[1:], 1):
        assert (
            f"{BASE}/review?team=t-fm&as_of=2026-11-17T13%3A00%3A00.000000Z&period=2026-08-19..2026-11-17"
            f"&compare=nimbus&with=boreal&present={number}"
        ) in set(links(each))


def test_tables_and_charts_are_native(told: Deck, slides: list[Any]) -> None:
    """As many as there are to show, with the numbers in them: whoever gets the deck can change them."""
    tables = [shape.table for each in slides for shape in each.shapes if shape.has_table]
    charts = [shape.chart for each in slides for shape in each.shapes if shape.has_chart]

    assert len(tables) == sum(each.table is not None for each in told.slides)
    assert [each.chart_type for each in charts] == [XL_CHART_TYPE.XY_SCATTER, *[XL_CHART_TYPE.BAR_STACKED] * 3]
    first = [[cell.text_frame.text for cell in row.cells] for row in tables[0].rows]
    assert first[1] == ["Nimbus Cloud", "2", "50 %", "12 h late", "26 h late", "19,000", "1,000"]
    whom = charts[2].plots[0]
    assert list(whom.categories) == ["Boreal Compute", "Nimbus Cloud"]
    assert [list(each.values) for each in whom.series if each.name == "the provider"] == [[16000.0, 16000.0]]
    assert sorted(y for each in charts[0].plots[0].series for y in each.values) == [-3.0, 0.2, 5.0, 26.0]


def test_a_row_leads_to_its_maintenance(slides: list[Any]) -> None:
    found = {link for each in slides for link in links(each) if "/maintenance?" in link}

    assert f"{BASE}/maintenance?maintenance=M-1001&as_of=2026-11-17T13%3A00%3A00.000000Z" in found
    assert len(found) == 5  # four that went, and one that was put off


def test_nothing_stands_on_anything_else_or_beyond_the_slide(file: bytes) -> None:
    made = Presentation(BytesIO(file))
    width, height = made.slide_width, made.slide_height
    assert width is not None
    assert height is not None

    for each in made.slides:
        for shape in each.shapes:
            assert 0 <= shape.left <= shape.left + shape.width <= width
            assert 0 <= shape.top <= shape.top + shape.height <= height


def test_words_that_xml_cannot_hold_are_left_out() -> None:
    hostile = Deck(CONTROL, "", "", (Slide(CONTROL, table=Table(("a",), ((CONTROL,),), links=("",))),))

    made = Presentation(BytesIO(powerpoint(hostile)))

    assert made.slides[1].shapes.title.text_frame.text == "ab cde"
    assert paper(hostile).startswith(b"%PDF")


def test_an_empty_review_is_a_deck_too() -> None:
    told = deck(review("empty", NOW, "90d", HOSTILE), Scope(), BASE, {})

    made = Presentation(BytesIO(powerpoint(told)))

    assert len(made.slides) == len(told.slides) + 1
    assert paper(told).startswith(b"%PDF")


def test_the_deck_opens_in_libreoffice_and_the_paper_in_a_reader(told: Deck, file: bytes, tmp_path: Path) -> None:
    """A page a slide in both, with every sentence in letters that are found again."""
    for program, package in (("soffice", "libreoffice-impress"), ("pdftotext", "poppler-utils")):
        assert shutil.which(program), f"No {program} on the PATH: install it (Debian: apt-get install {package})"
    (tmp_path / "deck.pptx").write_bytes(file)
    (tmp_path / "paper.pdf").write_bytes(paper(told))
    convert = ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "pdf",
               "--outdir", str(tmp_path), str(tmp_path / "deck.pptx")]  # fmt: skip

    subprocess.run(convert, check=True, capture_output=True, timeout=120)

    for name in ("deck.pdf", "paper.pdf"):
        shown = subprocess.run(["pdftotext", "-layout", str(tmp_path / name), "-"], check=True, capture_output=True)
        lines = [" ".join(page.split()) for page in shown.stdout.decode().split("\f")[:-1]]
        pages = [re.sub(r"(?<=\w)- (?=\w)", "-", page) for page in lines]  # a line may end at a hyphen
        assert len(pages) == len(told.slides) + 1
        for each, page in zip(told.slides, pages[1:], strict=True):
            assert each.title in page
        assert "Nimbus Cloud 2 50 % 12 h late 26 h late 19,000 1,000" in pages[1]


def test_no_cell_of_a_sheet_is_a_formula() -> None:
    """Words stay words; numbers, also those below zero, stay numbers."""
    rows = [("=1+1", -3.5, None), ("  @SUM(A1)", float("nan"), NOW), ("\tx", 2, "plain"), ("-x", 1234567.0, 'a"b')]

    text = sheet(["+head", "number", "more"], rows).decode("utf-8-sig")

    assert text.split("\r\n") == [
        "'+head,number,more",
        "'=1+1,-3.5,",
        "'  @SUM(A1),,2026-11-17T13:00:00Z",
        "'\tx,2,plain",
        '\'-x,1234567,"a""b"',
        "",
    ]


def test_a_table_goes_over_as_many_slides_as_it_needs() -> None:
    table = Table(("n",), tuple((str(each),) for each in range(25)), links=tuple(map(str, range(25))))

    parts = pages_of(table, 10)

    assert [len(each.rows) for each in parts] == [10, 10, 5]
    assert parts[2].links == ("20", "21", "22", "23", "24")
    assert len(pages_of(Table(("n",), ()), 10)) == 1


def test_columns_share_the_whole_and_axes_hold_everything() -> None:
    assert sum(widths(Table(("a", "long words"), (("x" * 200, "y"),)))) == pytest.approx(1)
    assert span([-3.0, 26.0]) == (-5.0, 30.0, 5.0)
    assert span([0.0]) == (0.0, 0.2, 0.2)
    assert span([145.0]) == (0.0, 160.0, 20.0)


def test_bars_of_the_paper_have_the_length_of_their_numbers() -> None:
    """Twice the GPU-hours, twice the bar."""
    chart = Bars(("a", "b"), (Series("x", (10.0, 20.0), "ours"),), "GPU-hours")

    bars = [each.width for each in drawing(chart).contents if isinstance(each, Rect)]

    assert bars[1] == pytest.approx(2 * bars[0])
