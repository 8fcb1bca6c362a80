"""Every maintenance on one bar: planned, actual and forecast."""

from collections.abc import Sequence
from datetime import datetime

import plotly.graph_objects as go

from dashboard.figures import theme
from dashboard.figures.theme import Look
from dashboard.model.outlook import Bar

ROW = 44
ROOM = 32, 64  # letters of a title, on a phone and on a desk
MOST = 40  # bars; a longer list is read in the table


def timeline(bars: Sequence[Bar], now: datetime, look: Look, zone: str) -> go.Figure:
    """A row a maintenance, its name above its bar: the plan an outline, what happened solid, what may a band."""
    shown = bars[:MOST]
    if not shown:
        return theme.empty("No maintenance is running, announced, or over for less than 14 days", look)
    made = theme.figure(look, 56 + ROW * len(shown))
    made.update_layout(margin_t=24)
    theme.time_axis(made, _instants(shown, now), zone, hoverformat="%a %-d %b %H:%M")
    made.update_yaxes(visible=False, range=[len(shown) - 0.4, -0.62])
    for row, bar in enumerate(shown):
        _bar(made, row, bar, now, look, zone)
    theme.now_rule(made, now, look, zone)
    if len(shown) < len(bars):
        words = f"the first {len(shown)} of {len(bars)}"
        theme.note(made, 1, 0, words, look.muted, xref="paper", yref="paper", xanchor="right", yanchor="bottom")
    return made


def _bar(made: go.Figure, row: int, bar: Bar, now: datetime, look: Look, zone: str) -> None:
    colour = {"late": look.red, "at risk": look.amber}.get(bar.risk, look.accent)
    _plan(made, row, bar, look, zone)
    if bar.actual_start is not None:
        _span(made, row, bar.actual_start, bar.actual_end or now, zone, 7, look.text, "so far")
    begins = bar.likely_start if bar.actual_start is None else now
    if bar.actual_end is None:
        _span(made, row, begins, bar.likely_end, zone, 7, look.core, "likely")
        _span(made, row, bar.likely_end, bar.plan_on_end, zone, 7, look.band, "plan on")
        tick = {"symbol": "line-ns", "size": 11, "line": {"width": 2, "color": look.accent}}
        _mark(made, row, bar.plan_on_end, zone, tick, "plan on")
        _mark(made, row, bar.likely_end, zone, theme.diamond(colour, look, hollow=False, size=10), "likely back")
    if bar.first_planned_end != bar.planned_end:
        gone = theme.diamond(look.gone, look, hollow=True, size=10)
        _mark(made, row, bar.first_planned_end, zone, gone, "first promised")
    passed = bar.planned_end is not None and bar.planned_end < now
    promise = theme.diamond(look.gone if passed else look.text, look, hollow=True, size=10)
    _mark(made, row, bar.planned_end, zone, promise, "promised")
    _title(made, row, bar, colour if bar.risk else look.text)


def _title(made: go.Figure, row: int, bar: Bar, colour: str) -> None:
    """Above its row, at the left edge: one column to read down, and none is cut off, even on a phone."""
    rest = f" · {bar.group}" + (f" · {bar.risk}" if bar.risk else "")
    theme.name(made, 0, row, bar.title, colour, room=ROOM, rest=rest, xref="paper", xanchor="left", yshift=17)


def _instants(bars: Sequence[Bar], now: datetime) -> list[datetime]:
    told = (
        at
        for bar in bars
        for at in (bar.planned_start, bar.planned_end, bar.actual_start, bar.actual_end, bar.plan_on_end)
    )
    return [now, *(at for at in told if at is not None)]


def _plan(made: go.Figure, row: int, bar: Bar, look: Look, zone: str) -> None:
    """The plan as an outline that what happens fills or overruns."""
    if bar.planned_start is None or bar.planned_end is None:
        return
    made.add_shape(
        type="rect",
        x0=theme.local(bar.planned_start, zone),
        x1=theme.local(bar.planned_end, zone),
        y0=row - 0.17,
        y1=row + 0.17,
        line={"color": look.gone, "width": 1},
        layer="below",
    )


def _span(
    made: go.Figure,
    row: int,
    start: datetime | None,
    end: datetime | None,
    zone: str,
    width: int,
    colour: str,
    name: str,
) -> None:
    if start is None or end is None or end <= start:
        return
    made.add_scatter(
        x=[theme.local(start, zone), theme.local(end, zone)],
        y=[row, row],
        name=name,
        mode="lines",
        line={"color": colour, "width": width},
        hovertemplate=f"{name} %{{x}}<extra></extra>",
    )


def _mark(made: go.Figure, row: int, at: datetime | None, zone: str, marker: dict[str, object], name: str) -> None:
    if at is None:
        return
    made.add_scatter(
        x=[theme.local(at, zone)],
        y=[row],
        name=name,
        mode="markers",
        marker=marker,
        hovertemplate=f"{name} %{{x}}<extra></extra>",
    )
