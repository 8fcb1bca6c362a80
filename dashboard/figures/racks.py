"""Nodes by stage, rack by rack."""

import numpy as np
import plotly.graph_objects as go

from dashboard.figures import theme
from dashboard.figures.theme import LETTERS, Look
from dashboard.model.outlook import Racks
from dashboard.model.stages import CODE, STAGES, Stage

QUIET = {Stage.SCHEDULED, Stage.IN_SERVICE}  # nobody waits for these: no letter, so that the others are seen
ACROSS = 64  # racks side by side; more go below, in a further row of racks
LETTERED = 1024  # nodes; beyond that a letter is smaller than can be read, and colour and hovering must do


def racks(shape: Racks, look: Look) -> go.Figure:
    """A column a rack, a cell a node, in the colour and with the letter of its stage; racks fold into rows of racks."""
    nodes = len(shape.stage)
    if not nodes:
        return theme.empty("Nothing is reported node by node", look)
    rack, place = np.array(shape.rack), np.array(shape.place)
    across, tall = min(len(shape.racks), ACROSS), int(place.max()) + 1
    rows = -(-len(shape.racks) // across)
    high = rows * (tall + 1) - 1
    at = (rack // across * (tall + 1) + place, rack % across)
    stage = np.full((high, across), np.nan, dtype=np.float32)
    stage[at] = np.array(shape.stage, dtype=np.float32)
    cell = 18 if nodes <= LETTERED else 10
    made = theme.figure(look, 34 + cell * high)
    made.add_heatmap(
        z=stage,
        hoverinfo="skip",
        zmin=-0.5,
        zmax=len(STAGES) - 0.5,
        colorscale=_scale(look),
        showscale=False,
        xgap=1 if across > 40 else 2,
        ygap=1 if cell < 18 else 2,
    )
    if nodes <= LETTERED:
        _letter(made, stage, look)
    _to_touch(made, shape, at)
    _names(made, shape.racks, across, tall, rows)
    return made


def _to_touch(made: go.Figure, shape: Racks, at: tuple[np.ndarray, np.ndarray]) -> None:
    """What is hovered over and pressed: a heat map's cells cannot be. `customdata`: the node's place, and hours.

    Drawn as words without letters, so that the browser holds no element for any of them.
    """
    stages, hours = np.array(shape.stage), np.array(shape.hours or [None] * len(shape.stage), dtype=float)
    names = [theme.letters(each) for each in shape.node_id]
    for code in np.unique(stages):
        for known in (True, False):
            here = np.flatnonzero((stages == code) & (np.isfinite(hours) == known))
            if not here.size:
                continue
            words = STAGES[int(code)].replace("_", " ")
            lasted = " for %{customdata[1]:.1f} h" if known else ""
            made.add_scatter(
                x=at[1][here].astype(np.int16),
                y=at[0][here].astype(np.int16),
                mode="text",
                text="",
                hovertext=[names[each] for each in here],
                customdata=np.column_stack([here, np.nan_to_num(hours[here])]).astype(np.float32),
                hovertemplate=f"%{{hovertext}}, {words}{lasted}<extra></extra>",
            )


def _scale(look: Look) -> list[list[object]]:
    """One flat step of colour a stage."""
    count = len(STAGES)
    return [[edge / count, look.stages[stage]] for code, stage in enumerate(STAGES) for edge in (code, code + 1)]


def _letter(made: go.Figure, stage: np.ndarray, look: Look) -> None:
    """The letters as a trace of their own: the heat map's text is what hovering says."""
    y, x = np.nonzero(np.isin(stage, [CODE[each] for each in STAGES if each not in QUIET]))
    made.add_scatter(
        x=x.astype(np.int16),
        y=y.astype(np.int16),
        mode="text",
        text=[LETTERS[STAGES[int(code)]] for code in stage[y, x]],
        textfont={"size": 10, "color": [theme.ink(look.stages[STAGES[int(code)]]) for code in stage[y, x]]},
        hoverinfo="skip",
    )


def _names(made: go.Figure, names: tuple[str, ...], across: int, tall: int, rows: int) -> None:
    """Racks are named below where there is one row of them, else by the first of each row."""
    made.update_yaxes(range=[rows * (tall + 1) - 1.5, -0.5], showgrid=False, showticklabels=rows > 1)
    made.update_xaxes(range=[-0.5, across - 0.5], showline=False, showticklabels=rows == 1, tickangle=0)
    if rows == 1:
        every = -(-across // 10)
        made.update_xaxes(tickvals=list(range(0, across, every)), ticktext=[theme.letters(n) for n in names[::every]])
    else:
        middle = [row * (tall + 1) + (tall - 1) / 2 for row in range(rows)]
        made.update_yaxes(tickvals=middle, ticktext=[theme.letters(names[row * across]) for row in range(rows)])
