"""The stages of a node as a diagram: where nodes stand now, who has the ball, and how long each way usually takes."""

from datetime import timedelta

import plotly.graph_objects as go

from dashboard.figures import theme
from dashboard.figures.theme import Look
from dashboard.model.lifecycle import States, Step, Way
from dashboard.model.stages import HAS_THE_BALL, Stage
from dashboard.model.words import role

HEIGHT = 760
MAIN, ASIDE = 0.23, 0.768  # the middle of the columns
HALF_WIDTH, HALF_HEIGHT = 0.228, 0.32  # of a box
STRIPE = 0.014
PLACES = {
    Stage.SCHEDULED: (MAIN, 0),
    Stage.CORDONED: (MAIN, 1),
    Stage.DRAINED: (MAIN, 2),
    Stage.IN_MAINTENANCE: (MAIN, 3),
    Stage.RETURNED: (MAIN, 4),
    Stage.VALIDATING: (MAIN, 5),
    Stage.IN_SERVICE: (MAIN, 6),
    Stage.REPAIRING: (ASIDE, 5),
    Stage.REMOVED: (ASIDE, 6),
}
APART = 0.11  # of two ways between the same stages
LOST = ASIDE - 0.17  # where the way to removed goes down, with room for words beside it


def states(shape: States, look: Look) -> go.Figure:
    """Down the page as a rollout goes; what fails stands aside. Narrow enough for a phone."""
    made = theme.figure(look, HEIGHT, margin={"l": 0, "r": 0, "t": 4, "b": 4, "autoexpand": False})
    made.update_xaxes(visible=False, range=[0, 1.002])
    made.update_yaxes(visible=False, range=[6.4, -0.4])
    for way in shape.ways:
        _way(made, way, look)
    for step in shape.steps:
        _box(made, step, look)
    return made


def _box(made: go.Figure, step: Step, look: Look) -> None:
    x, y = PLACES[step.stage]
    left, right, top, bottom = x - HALF_WIDTH, x + HALF_WIDTH, y - HALF_HEIGHT, y + HALF_HEIGHT
    edge = look.muted if step.nodes else look.grid
    made.add_shape(type="rect", x0=left, x1=right, y0=top, y1=bottom, fillcolor=look.background,
                   line={"color": edge, "width": 1})  # fmt: skip
    made.add_shape(type="rect", x0=left, x1=left + STRIPE, y0=top, y1=bottom, fillcolor=look.stages[step.stage],
                   line={"width": 0})  # fmt: skip
    name = step.stage.replace("_", " ").capitalize()
    many = f"{step.nodes:,} node{'' if step.nodes == 1 else 's'} · {step.gpus:,} GPUs" if step.nodes else "none now"
    plain = {"xanchor": "left", "x": left + STRIPE, "xshift": 8}
    whose = HAS_THE_BALL[step.stage]
    theme.note(made, y=y, words=name, colour=look.text, yshift=18 if whose else 9, **plain,
               font={"color": look.text, "size": 14})  # fmt: skip
    theme.note(made, y=y, words=many, colour=look.muted, yshift=0 if whose else -9, **plain)
    if whose:
        theme.note(made, y=y, words=role(whose), colour=look.muted, yshift=-17, **plain)


def _way(made: go.Figure, way: Way, look: Look) -> None:
    (x0, y0), (x1, y1) = PLACES[way.before], PLACES[way.after]
    said = _said(way)
    if x0 == x1 == MAIN:
        _arrow(made, (x0, y0 + HALF_HEIGHT), (x1, y1 - HALF_HEIGHT), look)
        theme.note(made, x0, (y0 + y1) / 2, said, look.muted, xanchor="left", xshift=8)
    elif way.after is Stage.REMOVED:
        _arrow(made, (LOST, y0 + HALF_HEIGHT), (LOST, y1 - HALF_HEIGHT), look)
        _aside(made, (y0 + y1) / 2, "lost after", said, look, yshift=-8)
    elif way.after is Stage.REPAIRING:
        _arrow(made, (x0 + HALF_WIDTH, y0 - APART), (x1 - HALF_WIDTH, y1 - APART), look)
        _aside(made, y1 - HALF_HEIGHT, "fails after", said, look, yshift=10)
    else:
        _arrow(made, (x0 - HALF_WIDTH, y0 + APART), (x1 + HALF_WIDTH, y1 + APART), look)
        _aside(made, y0 + 0.5, "back in", said, look, yshift=8)


def _aside(made: go.Figure, y: float, how: str, said: str, look: Look, **more: float) -> None:
    if said:
        theme.note(made, LOST, y, f"{how} {said}", look.muted, xanchor="left", xshift=8, **more)


def _said(way: Way) -> str:
    """Likely and plan on: 6 h – 14 h."""
    if way.likely is None or way.plan_on is None:
        return ""
    return f"{_span(way.likely)} – {_span(way.plan_on)}"


def _span(hours: float) -> str:
    minutes = timedelta(hours=hours) / timedelta(minutes=1)
    if minutes < 60:
        return f"{max(round(minutes), 1)} min"
    return f"{round(hours)} h" if hours < 48 else f"{round(hours / 24)} d"


def _arrow(made: go.Figure, start: tuple[float, float], end: tuple[float, float], look: Look) -> None:
    made.add_annotation(
        x=end[0], y=end[1], ax=start[0], ay=start[1], xref="x", yref="y", axref="x", ayref="y", text="",
        showarrow=True, arrowhead=2, arrowsize=1.1, arrowwidth=1.2, arrowcolor=look.muted,
    )  # fmt: skip
