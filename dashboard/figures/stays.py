"""One machine through every maintenance: how long it was in which stage, each time it went out."""

from collections import defaultdict

import plotly.graph_objects as go

from dashboard.figures import theme
from dashboard.figures.theme import LETTERS, Look
from dashboard.model.history import Lane, Lanes
from dashboard.model.stages import STAGES, Stage

ROW = 44
MOST = 12  # lanes; older ones are read in the table
ROOM = 34, 64  # letters of a title, on a phone and on a desk
STEPS = (1, 2, 4, 6, 12, 24, 48, 96, 168, 336, 672, 1344)  # hours between two ticks
LETTERED = 0.03  # of the width: a shorter stay has no room for a letter


def stays(shape: Lanes, look: Look, zone: str) -> go.Figure:
    """A row a maintenance, the newest first; across, hours since it went out: so one is held against another."""
    shown = shape.lanes[:MOST]
    if not shown:
        return theme.empty("No maintenance is known to have taken it out", look)
    longest = max(_reach(each, shape) for each in shown)
    most = max(longest, shape.usual_hours or 0.0, 0.5) * 1.02
    made = theme.figure(look, 60 + ROW * len(shown))
    made.update_layout(barmode="overlay", margin_t=28, bargap=0)
    made.update_yaxes(visible=False, range=[len(shown) - 0.4, -0.75])
    step = next((each for each in STEPS if most / each <= theme.LABELS), STEPS[-1])
    made.update_xaxes(range=[0, most], dtick=step, ticksuffix=" h", tickangle=0, showgrid=True, gridcolor=look.grid)
    _bars(made, shown, shape, most, look, zone)
    for row, lane in enumerate(shown):
        theme.name(made, 0, row, lane.title, look.text, room=ROOM, rest=_when(lane, zone),
                   xref="paper", xanchor="left", yshift=17)  # fmt: skip
    _usual(made, shape, most, look)
    if len(shown) < len(shape.lanes):
        words = f"the latest {len(shown)} of {len(shape.lanes)}"
        theme.note(made, 1, 0, words, look.muted, xref="paper", yref="paper", xanchor="right", yanchor="bottom")
    return made


def _reach(lane: Lane, shape: Lanes) -> float:
    """Hours from going out to being back."""
    begun = lane.out_at or shape.now
    return ((lane.out[-1].until or shape.now) - begun).total_seconds() / 3600


def _when(lane: Lane, zone: str) -> str:
    at = f" · {theme.local(lane.out_at, zone):%-d %b %Y}" if lane.out_at else ""
    return at + ("" if lane.back_at else " · not back")


def _bars(made: go.Figure, shown: tuple[Lane, ...], shape: Lanes, most: float, look: Look, zone: str) -> None:
    """One trace a stage, however many stays."""
    held: dict[Stage, list[tuple[int, float, float, str]]] = defaultdict(list)
    for row, lane in enumerate(shown):
        begun = lane.out_at or shape.now
        for each in lane.out:
            hours = each.lasted(shape.now).total_seconds() / 3600
            at = f"{theme.local(each.since, zone):%a %-d %b %H:%M}"
            held[each.stage].append((row, (each.since - begun).total_seconds() / 3600, hours, at))
    for stage in STAGES:
        if stage not in held:
            continue
        own = held[stage]
        lengths = [each[2] for each in own]
        made.add_bar(
            y=[each[0] for each in own],
            base=[each[1] for each in own],
            x=lengths,
            orientation="h",
            width=0.42,
            name=stage.replace("_", " "),
            marker={"color": look.stages[stage], "line": {"color": look.background, "width": 1}},
            text=[LETTERS[stage] if each / most > LETTERED else "" for each in lengths],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            textfont={"color": theme.ink(look.stages[stage]), "size": 12},
            customdata=[each[3] for each in own],
            hovertemplate=f"{stage.replace('_', ' ')} for %{{x:.1f}} h, from %{{customdata}}<extra></extra>",
        )


def _usual(made: go.Figure, shape: Lanes, most: float, look: Look) -> None:
    """How long its like take, as a thin rule."""
    if shape.usual_hours is None:
        return
    x = shape.usual_hours
    rule = {"color": look.muted, "width": 1, "dash": "dot"}
    made.add_shape(type="line", x0=x, x1=x, y0=0, y1=1, yref="paper", line=rule)
    side = {"xanchor": "left", "xshift": 4} if x < most / 2 else {"xanchor": "right", "xshift": -4}
    theme.note(made, x, 1, "half of its like were back", look.muted, yref="paper", yanchor="bottom", **side)
