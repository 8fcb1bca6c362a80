"""Two futures beside each other: as planned, and instead."""

import numpy as np
import plotly.graph_objects as go

from dashboard.figures import theme
from dashboard.figures.theme import Look
from dashboard.model.outlook import ReturnCurve

HEIGHT = 300


def beside(today: ReturnCurve, instead: ReturnCurve, look: Look, zone: str) -> go.Figure:
    """GPUs out: today's plan as a quiet line, the alternative as ours, with the band of 8 in 10."""
    if not today.at:
        return theme.empty("Nothing is forecast", look)
    made = theme.figure(look, HEIGHT)
    made.update_layout(hovermode="x unified", margin_t=24)
    theme.time_axis(made, today.at, zone, hoverformat="%a %-d %b %H:%M")
    most = max([1, *today.gpus_out.get(0.9, ()), *instead.gpus_out.get(0.9, ())])
    made.update_yaxes(rangemode="tozero", range=[0, most * 1.08], tickformat=",d", nticks=6)
    keep = theme.fewer(len(today.at))
    x = theme.locals_(today.at, zone)[keep]
    if instead.gpus_out != today.gpus_out:
        edge = {"x": x, "mode": "lines", "line": {"width": 0, "color": look.accent}, "hoverinfo": "skip"}
        made.add_scatter(y=np.array(instead.gpus_out[0.9])[keep], name="instead, most", **edge)
        made.add_scatter(
            y=np.array(instead.gpus_out[0.1])[keep], name="instead, least", fill="tonexty", fillcolor=look.band, **edge
        )
        _line(made, x, np.array(instead.gpus_out[0.5])[keep], "instead", {"color": look.accent, "width": 2})
    _line(made, x, np.array(today.gpus_out[0.5])[keep], "as planned", {"color": look.text, "width": 2, "dash": "dot"})
    theme.note(made, 1, 1, "GPUs out", look.muted, xref="paper", yref="paper", xanchor="right", yanchor="top", yshift=2)
    return made


def _line(made: go.Figure, x: object, y: object, name: str, line: dict[str, object]) -> None:
    made.add_scatter(x=x, y=y, name=name, mode="lines", line=line, hovertemplate="%{y:,} likely out, " + name)
