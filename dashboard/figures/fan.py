"""GPUs out over time: as they were, now, and as they may be."""

from datetime import timedelta

import numpy as np
import plotly.graph_objects as go

from dashboard.figures import theme
from dashboard.figures.theme import Look
from dashboard.model.outlook import Fan, Mark

HEIGHT = 340
ROW = 17  # pixels
TOP, AXIS = 24, 48  # pixels above and below the plot
LONG, WHOLE = 26, 52  # letters in a label; more would not fit a phone, or half of the narrowest desk
LETTER = 0.021  # the width of one, as a share of a phone's plot
TURN = 0.5  # a flag left of here flies to the right, else to the left


def fan(shape: Fan, look: Look, zone: str, noun: str = "GPUs out") -> go.Figure:
    """The past as a solid step, the median ahead as a line in two nested bands: the middle half, the middle 80 %."""
    if not shape.past_at and not shape.curve.at:
        return theme.empty("Nothing has been out, and nothing is planned", look)
    labels = _labels(shape)
    used = max((row + 1 for row, _ in labels), default=0)
    made = theme.figure(look, HEIGHT)
    made.update_layout(hovermode="x unified", height=HEIGHT + ROW * used, margin_t=TOP + ROW * used)
    theme.time_axis(made, [*shape.past_at, *shape.curve.at], zone, hoverformat="%a %-d %b %H:%M")
    few = {"dtick": 1} if _top(shape) <= 6 else {"nticks": 6}  # no half GPUs
    made.update_yaxes(rangemode="tozero", range=[0, _top(shape)], tickformat=",d", **few)
    _ahead(made, shape, look, zone)
    _past(made, shape, look, zone)
    _spare(made, shape, look)
    theme.now_rule(made, shape.now, look, zone, side="right" if shape.marks else "center")
    plot = HEIGHT - TOP - AXIS
    for mark, (row, side) in zip(shape.marks, labels, strict=True):
        _mark(made, mark, look, zone, side=side, rise=2 + ROW * (row + 1), plot=plot)
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


def _mark(made: go.Figure, mark: Mark, look: Look, zone: str, *, side: str, rise: int, plot: float) -> None:
    """Ours is filled, a promise is hollow, a promise that has passed stays and greys. Its name is a flag on its line,
    `rise` pixels above a plot of `plot` pixels."""
    ours = mark.whose == "ours"
    colour = look.gone if mark.passed else look.accent if ours else look.text
    x = theme.local(mark.at, zone)
    made.add_shape(
        type="line",
        x0=x,
        x1=x,
        y0=0,
        y1=1 + (rise + ROW - 4) / plot,
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
    theme.name(made, x, 1, mark.words, colour, room=(LONG, WHOLE), yref="paper", yanchor="bottom", yshift=rise,
               xanchor=side, xshift=3 if side == "left" else -3)  # fmt: skip


def _labels(shape: Fan) -> list[tuple[int, str]]:
    """A row and a side for each flag, so that none overlaps another, stands in another's line, or is cut off, even on a
    phone: of those that overlap, the one nearer to the middle hangs lowest."""
    instants = [*shape.past_at, *shape.curve.at]
    start, span = min(instants), max(max(instants) - min(instants), timedelta(hours=1))
    shares = [(mark.at - start) / span for mark in shape.marks]
    placed: list[tuple[int, float, float]] = []
    found: dict[int, tuple[int, str]] = {}
    for index in sorted(range(len(shares)), key=lambda each: abs(shares[each] - TURN)):
        width = min(len(shape.marks[index].words), LONG) * LETTER
        side = "left" if shares[index] <= TURN else "right"
        left = shares[index] - (0.0 if side == "left" else width)
        taken = {row for row, begin, end in placed if begin < left + width and left < end}
        row = next(each for each in range(len(shares)) if each not in taken)
        placed.append((row, left, left + width))
        found[index] = (row, side)
    return [found[index] for index in range(len(shares))]
