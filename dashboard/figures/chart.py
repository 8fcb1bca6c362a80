"""The charts of a review: bars that are stacked, and a mark for each maintenance beside its promise."""

import plotly.graph_objects as go

from dashboard.figures import theme
from dashboard.figures.theme import Look
from dashboard.model.deck import LATE, OURS, QUIET, Bars, Chart, Dots
from dashboard.model.stages import Stage
from dashboard.model.words import percent

BAR, BESIDES = 44, 72
HEIGHT = 300
MOST_LETTERS = 22  # of a label, on a phone's width
DAYS = 4  # along the time axis, beside the words in the margin
LEAST, TALL = 560, 1.55  # what is presented is read from the back of a room


def chart(shape: Chart, look: Look, zone: str, *, large: bool = False) -> go.Figure:
    """Draws either; `large` for a whole screen."""
    made = _dots(shape, look, zone) if isinstance(shape, Dots) else _bars(shape, look)
    # A picture that is taken along has the page's own ground: light words on nothing are lost on a slide.
    made.update_layout(paper_bgcolor=look.background)
    if large:
        made.update_layout(height=max(round(made.layout.height * TALL), LEAST), font_size=19)
        made.update_layout(margin_r=made.layout.margin.r * TALL)
        made.update_annotations(font_size=18)
    return made


def colour(tone: str, look: Look) -> str:
    """The colour of a tone, or of a stage."""
    plain = {LATE: look.red, OURS: look.accent, QUIET: look.gone}
    return plain[tone] if tone in plain else look.stages[Stage(tone)]


def _bars(shape: Bars, look: Look) -> go.Figure:
    if not shape.labels:
        return theme.empty("Nothing to compare yet", look, HEIGHT)
    made = theme.figure(look, BESIDES + BAR * len(shape.labels))
    several = len(shape.series) > 1
    made.update_layout(barmode="stack", bargap=0.42, margin_t=30 if several else 12, margin_r=72, showlegend=several)
    made.update_layout(legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "traceorder": "normal"})
    most = max((sum(each.values[i] for each in shape.series) for i in range(len(shape.labels))), default=0) or 1
    ticks = theme.percents() if shape.percent else {"tickformat": ",.0f", "nticks": 5}
    made.update_xaxes(range=[0, 1 if shape.percent else most * 1.02], **ticks, showline=False)
    made.update_xaxes(showgrid=True, gridcolor=look.grid, title={"text": shape.unit, "font": {"size": 12}})
    made.update_yaxes(autorange="reversed", showgrid=False)
    rows = [theme.letters(theme.shortened(each, MOST_LETTERS)) for each in shape.labels]
    for each in shape.series:
        made.add_bar(
            y=rows,
            x=list(each.values),
            name=each.name,
            orientation="h",
            marker={"color": colour(each.tone, look), "line": {"color": look.background, "width": 1}},
            customdata=[percent(value) if shape.percent else f"{value:,.0f}" for value in each.values],
            hovertemplate=f"{each.name}: %{{customdata}}<extra></extra>",
        )
    for row, words, i in zip(rows, shape.notes, range(len(rows)), strict=False):
        end = sum(each.values[i] for each in shape.series)
        theme.note(made, end, row, words, look.text, xanchor="left", xshift=6)
    return made


def _dots(shape: Dots, look: Look, zone: str) -> go.Figure:
    """Across, when it was back; up, how long after the promise, which is the thin line."""
    if not shape.at:
        return theme.empty("Nothing that ended had a promise", look, HEIGHT)
    made = theme.figure(look, HEIGHT)
    made.update_layout(margin_t=26, margin_r=68)
    theme.time_axis(made, shape.at, zone, DAYS, hoverformat="%a %-d %b %H:%M")
    low, high = min(0.0, *shape.hours), max(0.0, *shape.hours)
    room = 0.08 * (high - low or 1)
    made.update_yaxes(range=[low - room, high + room], tickformat="+,d", ticksuffix=" h", nticks=6)
    made.add_shape(type="line", x0=0, x1=1, xref="paper", y0=0, y1=0, line={"color": look.text, "width": 1})
    colours = [look.red if late else look.accent for late in shape.late]
    made.add_scatter(
        x=theme.locals_(shape.at, zone),
        y=list(shape.hours),
        mode="markers",
        marker={"size": 11, "symbol": "diamond", "color": colours, "line": {"color": look.background, "width": 1}},
        text=[theme.letters(each) for each in shape.names],
        hovertemplate="%{text}<br>%{y:+.0f} h beside the promise<extra></extra>",
        cliponaxis=False,
    )
    above = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom", "yshift": 4}
    theme.note(made, 0, 1, shape.unit, look.muted, **above)
    theme.note(made, 1, 0, "promised", look.text, xref="paper", xanchor="left", xshift=6)
    return made
