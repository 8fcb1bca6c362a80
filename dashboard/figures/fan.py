"""GPUs out over time: as they were, now, and as they may be."""

from datetime import timedelta

import numpy as np
import plotly.graph_objects as go

from dashboard.figures import theme
from dashboard.figures.theme import Look
from dashboard.model.outlook import Fan, Mark

HEIGHT = 340
ROW = 17  # pixels
LONG = 34  # letters in a label; more would not fit a phone
LETTER = 0.021  # the width of one, as a share of a phone's plot


def fan(shape: Fan, look: Look, zone: str, noun: str = "GPUs out") -> go.Figure:
    """The past as a solid step, the median ahead as a line in two nested bands: the middle half, the middle 80 %."""
    if not shape.past_at and not shape.curve.at:
        return theme.empty("Nothing has been out, and nothing is planned", look)
    labels = _labels(shape)
    used = max((row + 1 for row, _ in labels), default=0)
    made = theme.figure(look, HEIGHT)
    made.update_layout(hovermode="x unified", margin_t=24 + ROW * used)
    theme.time_axis(made, [*shape.past_at, *shape.curve.at], zone, hoverformat="%a %-d %b %H:%M")
    few = {"dtick": 1} if _top(shape) <= 6 else {"nticks": 6}  # no half GPUs
    made.update_yaxes(rangemode="tozero", range=[0, _top(shape)], tickformat=",d", **few)
    _ahead(made, shape, look, zone)
    _past(made, shape, look, zone)
    _spare(made, shape, look)
    theme.now_rule(made, shape.now, look, zone)
    for mark, (row, side) in zip(shape.marks, labels, strict=True):
        _mark(made, mark, look, zone, yshift=2 + ROW * (row + 1), xanchor=side)
    # Inside the plot, below the line where "now" and the marks are named.
    theme.note(made, 1, 1, noun, look.muted, xref="paper", yref="paper", xanchor="right", yanchor="top", yshift=2)
    return made


def _past(made: go.Figure, shape: Fan, look: Look, zone: str) -> None:
    keep = theme.fewer(len(shape.past_at))
    made.add_scatter(
        x=theme.locals_(shape.past_at, zone)[keep],
        y=np.array(shape.past_out, dtype=np.int32)[keep],
        name="was out",
        mode="lines",
        line={"color": look.text, "width": 2, "shape": "hv"},
        hovertemplate="%{y:,} out",
    )


def _ahead(made: go.Figure, shape: Fan, look: Look, zone: str) -> None:
    keep = theme.fewer(len(shape.curve.at))
    x = theme.locals_(shape.curve.at, zone)[keep]
    at = {level: np.array(gpus, dtype=np.int32)[keep] for level, gpus in shape.curve.gpus_out.items()}
    for low, high, colour, name in ((0.1, 0.9, look.band, "8 in 10"), (0.25, 0.75, look.core, "half")):
        if low not in at or high not in at:
            continue
        edge = {"x": x, "mode": "lines", "line": {"width": 0, "color": look.accent}, "hoverinfo": "skip"}
        made.add_scatter(y=at[high], name=f"{name}, most", **edge)
        made.add_scatter(y=at[low], name=f"{name}, least", fill="tonexty", fillcolor=colour, **edge)
    if 0.5 in at:
        spread = np.column_stack([at.get(0.1, at[0.5]), at.get(0.9, at[0.5])])
        made.add_scatter(
            x=x,
            y=at[0.5],
            name="likely",
            mode="lines",
            line={"color": look.accent, "width": 2},
            customdata=spread,
            hovertemplate="%{y:,} likely out, 8 in 10: %{customdata[0]:,} to %{customdata[1]:,}",
        )


def _top(shape: Fan) -> float:
    seen = [*shape.past_out, *shape.curve.gpus_out.get(0.9, ())]
    return max(1.0, max(seen, default=0) * 1.08)


def _spare(made: go.Figure, shape: Fan, look: Look) -> None:
    """Where teams start to lose what they were given; left out where it would flatten everything below it."""
    spare = None if shape.allocated is None else shape.total - shape.allocated
    if spare is None or not 0 < spare <= 2 * _top(shape):
        return
    made.update_yaxes(range=[0, max(_top(shape), spare * 1.1)])
    made.add_shape(
        type="line", x0=0, x1=1, xref="paper", y0=spare, y1=spare, line={"color": look.muted, "width": 1, "dash": "dot"}
    )
    theme.note(made, 1, spare, f"{spare:,} GPUs to spare", look.muted, xref="paper", xanchor="right", yanchor="bottom")


def _mark(made: go.Figure, mark: Mark, look: Look, zone: str, **where: object) -> None:
    """Ours is filled, a promise is hollow, a promise that has passed stays and greys."""
    ours = mark.whose == "ours"
    colour = look.gone if mark.passed else look.accent if ours else look.text
    x = theme.local(mark.at, zone)
    made.add_shape(
        type="line",
        x0=x,
        x1=x,
        y0=0,
        y1=1,
        yref="paper",
        layer="below",
        line={"color": colour, "width": 1, "dash": "dot"},
    )
    made.add_scatter(
        x=[x],
        y=[0],
        name=mark.whose,
        mode="markers",
        marker=theme.diamond(colour, look, hollow=not ours),
        cliponaxis=False,
        hoverinfo="skip",
    )
    words = mark.words if len(mark.words) <= LONG else mark.words[: LONG - 1].rstrip() + "…"
    theme.note(made, x, 1, words, colour, yref="paper", yanchor="bottom", **where)


def _labels(shape: Fan) -> list[tuple[int, str]]:
    """A row and a side for each label, so that none overlaps another or is cut off, even on a phone."""
    instants = [*shape.past_at, *shape.curve.at]
    start, span = min(instants), max(max(instants) - min(instants), timedelta(hours=1))
    placed: list[tuple[int, float, float]] = []
    found: dict[int, tuple[int, str]] = {}
    for index in sorted(range(len(shape.marks)), key=lambda each: shape.marks[each].at):
        mark = shape.marks[index]
        share, width = (mark.at - start) / span, min(len(mark.words), LONG) * LETTER
        side = "left" if share < 0.3 else "right" if share > 0.6 else "center"
        left = share - {"left": 0.0, "center": width / 2, "right": width}[side]
        taken = {row for row, begin, end in placed if begin < left + width and left < end}
        row = next(each for each in range(len(shape.marks)) if each not in taken)
        placed.append((row, left, left + width))
        found[index] = (row, side)
    return [found[index] for index in range(len(shape.marks))]
