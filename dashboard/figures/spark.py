"""A line the size of a word: how a number came to where it is."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from dashboard.figures import theme
from dashboard.figures.theme import Look

HEIGHT = 34


def spark(values: Sequence[int], look: Look) -> go.Figure:
    """The values from zero up, with the last one marked; nothing to read off, nothing to hover."""
    made = theme.figure(look, HEIGHT, margin={"l": 0, "r": 6, "t": 5, "b": 2})
    keep = theme.fewer(len(values), 120)
    shown = np.array(values, dtype=np.int32)[keep]
    line = {"color": look.muted, "width": 1.5}
    made.add_scatter(y=shown, mode="lines", fill="tozeroy", fillcolor=look.grid, line=line, hoverinfo="skip")
    end = {"color": look.text, "size": 5}
    made.add_scatter(x=[len(shown) - 1], y=shown[-1:], mode="markers", marker=end, cliponaxis=False, hoverinfo="skip")
    made.update_xaxes(visible=False)
    made.update_yaxes(visible=False, rangemode="tozero")
    return made
