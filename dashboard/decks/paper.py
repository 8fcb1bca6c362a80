"""Slides as PDF: vector charts and set tables, with links; made without a browser."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from io import BytesIO
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import reportlab
from reportlab.graphics.shapes import Circle, Drawing, Line, Rect, String
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, PageBreak, Paragraph, SimpleDocTemplate, Spacer, TableStyle
from reportlab.platypus import Table as Grid

from dashboard.decks import colours
from dashboard.decks.layout import span, widths
from dashboard.decks.ooxml import written
from dashboard.model.deck import LATE, OURS, Bars, Chart, Deck, Dots, Slide, Table
from dashboard.model.words import percent

PAGE = landscape(A4)
MARGIN = 18 * mm
BROAD = PAGE[0] - 2 * MARGIN
BAR, LABEL = 26.0, 128.0  # points
FONT, BOLD = "Vera", "VeraBd"
TICKS = 5


def paper(deck: Deck) -> bytes:
    """The file: a page a slide."""
    _typeface()
    out = BytesIO()
    made = SimpleDocTemplate(
        out, pagesize=PAGE, leftMargin=MARGIN, rightMargin=MARGIN, topMargin=MARGIN, bottomMargin=MARGIN,
        title=written(deck.title), author="", invariant=1,
    )  # fmt: skip

    def foot(canvas: Canvas, document: SimpleDocTemplate) -> None:
        canvas.setFont(FONT, 8)
        canvas.setFillColor(HexColor(colours.MUTED))
        canvas.drawString(MARGIN, 10 * mm, written(f"{deck.foot} · page {document.page}"))

    made.build(list(_story(deck)), onFirstPage=foot, onLaterPages=foot)
    return out.getvalue()


@cache
def _typeface() -> None:
    """Bitstream Vera, which comes with the library: the built-in ones of PDF know no letter beyond Latin-1."""
    folder = Path(reportlab.__file__).parent / "fonts"
    for name in (FONT, BOLD):
        pdfmetrics.registerFont(TTFont(name, str(folder / f"{name}.ttf")))


def _style(size: float, colour: str, *, bold: bool = False, right: bool = False) -> ParagraphStyle:
    return ParagraphStyle(
        f"{size}{colour}{bold}{right}", fontName=BOLD if bold else FONT, fontSize=size, leading=size * 1.25,
        textColor=HexColor(colour), **({"alignment": TA_RIGHT} if right else {}),
    )  # fmt: skip


def _said(words: str, style: ParagraphStyle, link: str = "") -> Paragraph:
    text = escape(written(words))
    return Paragraph(f"<link href={quoteattr(link)}>{text}</link>" if link else text, style)


def _story(deck: Deck) -> Iterator[Flowable]:
    yield Spacer(1, 60 * mm)
    yield _said(deck.title, _style(28, colours.TEXT, bold=True))
    yield Spacer(1, 6 * mm)
    yield _said(deck.subtitle, _style(15, colours.TEXT))
    for each in deck.slides:
        yield PageBreak()
        yield from _slide(each)


def _slide(each: Slide) -> Iterator[Flowable]:
    yield _said(each.title, _style(17, colours.TEXT, bold=True))
    if each.aside:
        yield Spacer(1, 2 * mm)
        yield _said(each.aside, _style(10, colours.MUTED))
    yield Spacer(1, 8 * mm)
    if each.chart is not None:
        yield drawing(each.chart)
    if each.table is not None:
        yield _table(each.table)
    if each.link:
        yield Spacer(1, 5 * mm)
        yield _said("The facts behind this", _style(9, colours.ACCENT), each.link)


def _table(table: Table) -> Grid:
    size = 10.0 if len(table.head) <= 7 else 8.0 if len(table.head) <= 9 else 7.0
    links = table.links or ("",) * len(table.rows)

    def row(words: tuple[str, ...], *, head: bool, link: str = "") -> list[Paragraph]:
        return [
            _said(
                each,
                _style(size, colours.ACCENT if link and not i else colours.MUTED if head else colours.TEXT,
                       bold=head, right=i in table.numbers),
                link if not i else "",
            )
            for i, each in enumerate(words)
        ]  # fmt: skip

    rows = [row(table.head, head=True), *(row(r, head=False, link=a) for r, a in zip(table.rows, links, strict=True))]
    rules = TableStyle([
        ("LINEBELOW", (0, 0), (-1, 0), 0.7, HexColor(colours.MUTED)),
        ("LINEBELOW", (0, 1), (-1, -1), 0.4, HexColor(colours.GRID)),
        ("VALIGN", (0, 0), (-1, 0), "BOTTOM"), ("VALIGN", (0, 1), (-1, -1), "MIDDLE"),
        ("LEFTPADDING", (0, 0), (-1, -1), 3), ("RIGHTPADDING", (0, 0), (-1, -1), 3),
    ])  # fmt: skip
    return Grid(rows, colWidths=[BROAD * each for each in widths(table)], style=rules, repeatRows=1, hAlign="LEFT")


def drawing(chart: Chart) -> Drawing:
    """A chart as vectors."""
    return _dots(chart) if isinstance(chart, Dots) else _bars(chart)


def _string(x: float, y: float, words: str, colour: str, anchor: str = "start", size: float = 9) -> String:
    return String(x, y, written(words), fontName=FONT, fontSize=size, fillColor=HexColor(colour), textAnchor=anchor)


def _bars(chart: Bars) -> Drawing:
    tall = BAR * len(chart.labels)
    made = Drawing(BROAD, tall + 54)
    room = BROAD - LABEL - 60
    most = 1.0 if chart.percent else max((sum(s.values[i] for s in chart.series) for i in range(len(chart.labels))),
                                         default=1.0) or 1.0  # fmt: skip
    top = span([most])[1] if not chart.percent else 1.0
    for i in range(TICKS + 1):
        x = LABEL + room * i / TICKS
        made.add(Line(x, 20, x, tall + 24, strokeColor=HexColor(colours.GRID), strokeWidth=0.5))
        value = top * i / TICKS
        made.add(_string(x, 8, percent(value) if chart.percent else f"{value:,.0f}", colours.MUTED, "middle", 8))
    for i, label in enumerate(chart.labels):
        y, x = 24 + tall - BAR * (i + 1) + 4, LABEL
        made.add(_string(LABEL - 6, y + 6, label, colours.TEXT, "end"))
        for each in chart.series:
            long = room * each.values[i] / top
            made.add(Rect(x, y, long, BAR - 9, fillColor=HexColor(colours.of(each.tone)), strokeColor=None))
            x += long
        if i < len(chart.notes):
            made.add(_string(x + 5, y + 6, chart.notes[i], colours.TEXT))
    x = LABEL
    for each in chart.series if len(chart.series) > 1 else ():
        made.add(Rect(x, tall + 36, 9, 9, fillColor=HexColor(colours.of(each.tone)), strokeColor=None))
        made.add(_string(x + 13, tall + 37, each.name, colours.MUTED))
        x += 28 + pdfmetrics.stringWidth(each.name, FONT, 9)
    return made


def _dots(chart: Dots) -> Drawing:
    tall = 270.0
    made = Drawing(BROAD, tall + 50)
    low, high, _ = span(chart.hours)
    first, last = min(chart.at), max(chart.at)
    long = max(last - first, timedelta(hours=1))

    def across(at: datetime) -> float:
        return float(50 + (BROAD - 70) * ((at - first) / long))

    def up(hours: float) -> float:
        return float(24 + tall * (hours - low) / (high - low))

    for i in range(TICKS + 1):
        value = low + (high - low) * i / TICKS
        made.add(Line(50, up(value), BROAD, up(value), strokeColor=HexColor(colours.GRID), strokeWidth=0.5))
        made.add(_string(44, up(value) - 3, f"{value:+,.0f} h", colours.MUTED, "end", 8))
        at = first + long * (i / TICKS)
        made.add(_string(across(at), 8, f"{at:%-d %b}", colours.MUTED, "middle", 8))
    made.add(Line(50, up(0), BROAD, up(0), strokeColor=HexColor(colours.TEXT), strokeWidth=0.9))
    made.add(_string(50, tall + 36, chart.unit, colours.MUTED))
    for at, hours, late in zip(chart.at, chart.hours, chart.late, strict=True):
        colour = HexColor(colours.of(LATE if late else OURS))
        made.add(Circle(across(at), up(hours), 3.4, fillColor=colour, strokeColor=None))
    return made
