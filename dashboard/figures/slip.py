"""How the ETA moved, against what the provider claimed."""

import plotly.graph_objects as go

from dashboard.figures import theme
from dashboard.figures.theme import Look
from dashboard.model.outlook import Slip

HEIGHT = 280
LABELS = 3  # along the time axis: on a phone, words on both sides leave it half the width
EDGE = 0.03  # of that width, for half a mark
INNER, LINE = 190, 15  # pixels: between the lowest and the highest of what is drawn, and of one word


def slip(shape: Slip, look: Look, zone: str) -> go.Figure:
    """Across, when it was said; up, what was said. A line that climbs is an ETA that slips."""
    if not shape.made_at and not shape.claimed_at:
        return theme.empty("No forecast and no promise yet", look)
    made = theme.figure(look, HEIGHT)
    made.update_layout(margin_t=24, margin_r=76)
    told = [*shape.made_at, *shape.claimed_at, shape.now]
    theme.time_axis(made, told, zone, LABELS, hoverformat="said %a %-d %b %H:%M")
    # Left to itself, the axis would make room for the words at its end, which have the margin.
    edge = (max(told) - min(told)) * EDGE
    made.update_xaxes(range=[theme.local(min(told) - edge, zone), theme.local(max(told) + edge, zone)])
    made.update_yaxes(type="date", tickformat="%a %-d %b\n%H:%M", nticks=5)
    _ours(made, shape, look, zone)
    _theirs(made, shape, look, zone)
    _at_the_end(made, shape, look, zone)
    theme.now_rule(made, shape.now, look, zone)
    if shape.actual_end is not None:
        y = theme.local(shape.actual_end, zone)
        made.add_shape(type="line", x0=0, x1=1, xref="paper", y0=y, y1=y, line={"color": look.text, "width": 2})
        theme.note(made, 1, y, "it was", look.text, xref="paper", xanchor="left", xshift=6)
    theme.note(
        made, 0, 1, "95 % back by", look.muted, xref="paper", yref="paper", xanchor="left", yanchor="bottom", yshift=2
    )
    return made


def _ours(made: go.Figure, shape: Slip, look: Look, zone: str) -> None:
    keep = theme.fewer(len(shape.made_at))
    if not keep.size:
        return
    x = theme.locals_(shape.made_at, zone)[keep]
    likely, plan_on = (theme.locals_(each, zone)[keep] for each in (shape.likely, shape.plan_on))
    made.add_scatter(x=x, y=plan_on, name="plan on", mode="lines",
                     line={"color": look.accent, "width": 1, "dash": "dot"},
                     hovertemplate="plan on %{y|%a %-d %b %H:%M}<extra></extra>")  # fmt: skip
    made.add_scatter(x=x, y=likely, name="likely", mode="lines+markers", fill="tonexty", fillcolor=look.band,
                     line={"color": look.accent, "width": 2}, marker={"symbol": "diamond", "size": 7},
                     hovertemplate="likely %{y|%a %-d %b %H:%M}<extra></extra>")  # fmt: skip


def _theirs(made: go.Figure, shape: Slip, look: Look, zone: str) -> None:
    if not shape.claimed_at:
        return
    passed = shape.claimed_end[-1] < shape.now and shape.actual_end is None
    latest = len(shape.claimed_end) - 1
    colours = [look.text if each == latest and not passed else look.gone for each in range(latest + 1)]
    made.add_scatter(
        x=theme.locals_([*shape.claimed_at, shape.now], zone),
        y=theme.locals_([*shape.claimed_end, shape.claimed_end[-1]], zone),
        name="promise in force",
        mode="lines",
        line={"color": look.gone, "width": 1, "shape": "hv"},
        hoverinfo="skip",
    )
    made.add_scatter(
        x=theme.locals_(shape.claimed_at, zone),
        y=theme.locals_(shape.claimed_end, zone),
        name="promised",
        mode="markers",
        marker={**theme.diamond(look.text, look, hollow=True), "line": {"width": 2, "color": colours}},
        hovertemplate="promised %{y|%a %-d %b %H:%M}<extra></extra>",
    )


def _at_the_end(made: go.Figure, shape: Slip, look: Look, zone: str) -> None:
    """The last word of each, named beside it; where two end close together, their names are moved apart."""
    ends = (
        [(shape.plan_on[-1], "plan on", look.accent), (shape.likely[-1], "likely", look.accent)] if shape.likely else []
    )
    if shape.claimed_at:
        passed = shape.claimed_end[-1] < shape.now and shape.actual_end is None
        ends.append((shape.claimed_end[-1], "promised", look.gone if passed else look.text))
    drawn = [*shape.likely, *shape.plan_on, *shape.claimed_end]
    tall = max((max(drawn) - min(drawn)).total_seconds(), 1.0) if drawn else 1.0
    above = -float(LINE)
    for at, words, colour in sorted(ends, key=lambda each: each[0]):
        height = (at - min(drawn)).total_seconds() / tall * INNER
        above = max(height, above + LINE)
        x, y = theme.local(shape.now, zone), theme.local(at, zone)
        theme.note(made, x, y, words, colour, xanchor="left", xshift=8, yshift=above - height)
