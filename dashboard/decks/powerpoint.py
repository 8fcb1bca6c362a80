"""Slides as PowerPoint: native tables and charts, so that whoever gets them can change them."""

from io import BytesIO
from typing import Any

from pptx import Presentation
from pptx.chart.data import CategoryChartData, XyChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_LEGEND_POSITION, XL_MARKER_STYLE, XL_TICK_LABEL_POSITION
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.util import Emu, Inches, Length, Pt

from dashboard.decks import colours
from dashboard.decks.layout import span, widths
from dashboard.decks.ooxml import days, plain_table, rule_below, written
from dashboard.model.deck import LATE, OURS, Bars, Chart, Deck, Dots, Slide, Table

WIDTH, HEIGHT = Inches(13.333), Inches(7.5)
LEFT, BROAD = Inches(0.7), Inches(11.93)
TOP, TALL = Inches(1.95), Inches(4.75)
FONT = "Arial"  # everybody has it, or what is as wide
BLANK = 6  # of the default template: nothing on it


def powerpoint(deck: Deck) -> bytes:
    """The file: a title, then each slide with its sentence, what shows it, and a link to the same on the page."""
    made = Presentation()
    made.slide_width, made.slide_height = WIDTH, HEIGHT
    made.core_properties.title = written(deck.title)
    _cover(made, deck)
    for number, each in enumerate(deck.slides, 1):
        _slide(made, each, f"{deck.foot} · {number} of {len(deck.slides)}")
    out = BytesIO()
    made.save(out)
    return out.getvalue()


def _cover(made: Any, deck: Deck) -> None:
    slide = made.slides.add_slide(made.slide_layouts[5])  # a title only
    _place(slide.shapes.title, LEFT, Inches(2.6), BROAD, Inches(1.2))
    _write(slide.shapes.title.text_frame, deck.title, 40, colours.TEXT, bold=True)
    _text(slide, LEFT, Inches(3.9), deck.subtitle, 22, colours.TEXT)
    _text(slide, LEFT, Inches(4.4), deck.foot, 16, colours.MUTED)


def _slide(made: Any, each: Slide, foot: str) -> None:
    slide = made.slides.add_slide(made.slide_layouts[5])
    title = slide.shapes.title
    _place(title, LEFT, Inches(0.45), BROAD, Inches(1.0))
    _write(title.text_frame, each.title, 26 if len(each.title) < 110 else 22, colours.TEXT, bold=True)
    title.text_frame.vertical_anchor = MSO_ANCHOR.TOP
    if each.aside:
        _text(slide, LEFT, Inches(1.45), each.aside, 14, colours.MUTED)
    if each.chart is not None:
        _chart(slide, each.chart)
    if each.table is not None:
        _table(slide, each.table)
    _text(slide, LEFT, Inches(6.95), foot, 11, colours.MUTED)
    if each.link:
        _text(slide, Inches(9.6), Inches(6.95), "The facts behind this", 11, colours.ACCENT, link=each.link, right=True)


def _place(shape: Any, left: Length, top: Length, width: Length, height: Length) -> None:
    shape.left, shape.top, shape.width, shape.height = left, top, width, height


def _text(
    slide: Any, left: Length, top: Length, words: str, size: int, colour: str, *, link: str = "", right: bool = False
) -> None:
    width = Inches(3.03) if right else Inches(8.8)
    frame = slide.shapes.add_textbox(left, top, width, Inches(0.35)).text_frame
    _write(frame, words, size, colour, link=link)
    if right:
        frame.paragraphs[0].alignment = PP_ALIGN.RIGHT


def _write(frame: Any, words: str, size: float, colour: str, *, bold: bool = False, link: str = "") -> None:
    frame.word_wrap = True
    frame.margin_left = frame.margin_right = 0
    paragraph = frame.paragraphs[0]
    paragraph.alignment = PP_ALIGN.LEFT
    run = paragraph.add_run()
    run.text = written(words)
    run.font.size, run.font.bold, run.font.name = Pt(size), bold, FONT
    run.font.color.rgb = _rgb(colour)
    if link:
        run.hyperlink.address = link


def _rgb(colour: str) -> RGBColor:
    made: RGBColor = RGBColor.from_string(colour.removeprefix("#"))
    return made


def _table(slide: Any, table: Table) -> None:
    size = 14.0 if len(table.head) <= 7 else 12.0 if len(table.head) <= 9 else 10.5
    tall = Inches(0.4) * (len(table.rows) + 1)
    shape = slide.shapes.add_table(len(table.rows) + 1, len(table.head), LEFT, TOP, BROAD, tall)
    plain_table(shape)
    made = shape.table
    for column, width in enumerate(widths(table)):
        made.columns[column].width = Emu(round(BROAD * width))
    for i, row in enumerate((table.head, *table.rows)):
        made.rows[i].height = Inches(0.4)
        for column, words in enumerate(row):
            link = table.links[i - 1] if i and column == 0 and table.links else ""
            _cell(made.cell(i, column), words, column in table.numbers, head=i == 0, size=size, link=link)


def _cell(cell: Any, words: str, right: bool, *, head: bool, size: float, link: str) -> None:
    cell.margin_left, cell.margin_right = Inches(0.05), Inches(0.05)
    cell.margin_top = cell.margin_bottom = Inches(0.02)
    cell.vertical_anchor = MSO_ANCHOR.BOTTOM if head else MSO_ANCHOR.MIDDLE
    colour = colours.ACCENT if link else colours.MUTED if head else colours.TEXT
    _write(cell.text_frame, words, size, colour, bold=head, link=link)
    cell.text_frame.paragraphs[0].alignment = PP_ALIGN.RIGHT if right else PP_ALIGN.LEFT
    rule_below(cell, colours.MUTED if head else colours.GRID)


def _chart(slide: Any, chart: Chart) -> None:
    made = _dots(slide, chart) if isinstance(chart, Dots) else _bars(slide, chart)
    made.font.size, made.font.name = Pt(14), FONT
    made.font.color.rgb = _rgb(colours.MUTED)
    made.has_title = False


def _bars(slide: Any, chart: Bars) -> Any:
    data = CategoryChartData(number_format="0 %" if chart.percent else "#,##0")
    pairs = zip(chart.labels, chart.notes or [""] * len(chart.labels), strict=True)
    data.categories = [written(f"{label} ({note})" if note and chart.percent else label) for label, note in pairs]
    for each in chart.series:
        data.add_series(written(each.name), each.values)
    tall = min(TALL, Inches(0.75) * len(chart.labels) + Inches(1.2))
    made = slide.shapes.add_chart(XL_CHART_TYPE.BAR_STACKED, LEFT, TOP, BROAD, tall, data).chart
    made.has_legend = len(chart.series) > 1
    if made.has_legend:
        made.legend.position, made.legend.include_in_layout = XL_LEGEND_POSITION.TOP, False
    made.plots[0].gap_width, made.plots[0].overlap = 60, 100
    for each, series in zip(chart.series, made.plots[0].series, strict=True):
        series.format.fill.solid()
        series.format.fill.fore_color.rgb = _rgb(colours.of(each.tone))
    made.category_axis.reverse_order = True  # the first on top
    made.category_axis.format.line.color.rgb = _rgb(colours.GRID)
    _value_axis(made.value_axis, chart.unit)
    made.value_axis.minimum_scale = 0
    if chart.percent:
        made.value_axis.maximum_scale = 1
    made.value_axis.tick_labels.number_format = "0 %" if chart.percent else "#,##0"
    made.value_axis.tick_labels.number_format_is_linked = False
    made.value_axis.tick_label_position = XL_TICK_LABEL_POSITION.HIGH  # below, since the order is reversed
    return made


def _dots(slide: Any, chart: Dots) -> Any:
    data = XyChartData()
    # LibreOffice draws nothing of a first series that has fewer marks than the next.
    tones = [(name, tone, wanted) for name, tone, wanted in (("late", LATE, True), ("on time", OURS, False))
             if wanted in chart.late]  # fmt: skip
    tones.sort(key=lambda each: -chart.late.count(each[2]))
    for name, _, wanted in tones:
        series = data.add_series(name)
        for at, hours, late in zip(chart.at, chart.hours, chart.late, strict=True):
            if late is wanted:
                series.add_data_point(days(at), round(hours, 1))
    made = slide.shapes.add_chart(XL_CHART_TYPE.XY_SCATTER, LEFT, TOP, BROAD, TALL, data).chart
    made.has_legend = True
    made.legend.position, made.legend.include_in_layout = XL_LEGEND_POSITION.TOP, False
    for (_, tone, _), series in zip(tones, made.plots[0].series, strict=True):
        series.format.line.fill.background()
        series.marker.style, series.marker.size = XL_MARKER_STYLE.DIAMOND, 9
        series.marker.format.fill.solid()
        series.marker.format.fill.fore_color.rgb = _rgb(colours.of(tone))
        series.marker.format.line.fill.background()
    across = made.category_axis
    across.has_major_gridlines = False
    across.tick_labels.number_format, across.tick_labels.number_format_is_linked = "d mmm", False
    across.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    across.minimum_scale, across.maximum_scale = int(days(min(chart.at))) - 1, int(days(max(chart.at))) + 2
    _value_axis(made.value_axis, chart.unit)
    made.value_axis.minimum_scale, made.value_axis.maximum_scale, made.value_axis.major_unit = span(chart.hours)
    made.value_axis.tick_labels.number_format = "+#,##0;-#,##0;0"
    made.value_axis.tick_labels.number_format_is_linked = False
    return made


def _value_axis(axis: Any, unit: str) -> None:
    axis.has_major_gridlines = True
    axis.major_gridlines.format.line.color.rgb = _rgb(colours.GRID)
    axis.format.line.fill.background()
    axis.has_title = True
    axis.axis_title.text_frame.text = written(unit)
    run = axis.axis_title.text_frame.paragraphs[0].runs[0]
    run.font.size, run.font.bold, run.font.name = Pt(12), False, FONT
    run.font.color.rgb = _rgb(colours.MUTED)
