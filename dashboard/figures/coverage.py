"""Did quantiles keep their word: how often each level held, and where in their distribution outcomes fell."""

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard.figures import theme
from dashboard.figures.theme import Look
from dashboard.model.words import percent

HEIGHT = 280


def coverage(levels: Sequence[float], held: Sequence[float], look: Look) -> go.Figure:
    """Across, the level that was said; up, how often it held. On the thin line, said and held are the same."""
    if not levels:
        return theme.empty("Nothing to compare yet", look, HEIGHT)
    made = theme.figure(look, HEIGHT)
    made.update_layout(margin_t=24, margin_r=24)
    axis = {"range": [0, 1], "ticklabeloverflow": "allow", **theme.percents()}
    made.update_xaxes(**axis, title={"text": "said", "font": {"size": 12}})
    made.update_yaxes(**axis)
    rule = {"color": look.muted, "width": 1}
    made.add_shape(type="line", x0=0, y0=0, x1=1, y1=1, line=rule, layer="below")
    made.add_scatter(
        x=list(levels),
        y=list(held),
        name="held",
        mode="lines+markers",
        line={"color": look.accent, "width": 2},
        marker={"symbol": "diamond", "size": 9, "color": look.accent},
        customdata=[(percent(each), percent(share)) for each, share in zip(levels, held, strict=True)],
        hovertemplate="said %{customdata[0]}, held %{customdata[1]}<extra></extra>",
        cliponaxis=False,
    )
    theme.note(made, 0, 1, "held", look.muted, xref="paper", yref="paper", xanchor="left", yanchor="bottom", yshift=2)
    return made


def pit(shares: Sequence[float], look: Look) -> go.Figure:
    """The share of outcomes in each tenth of what was foreseen: level with the thin line where ranges are right."""
    if not any(shares):
        return theme.empty("Nothing to compare yet", look, HEIGHT)
    made = theme.figure(look, HEIGHT)
    made.update_layout(margin_t=24, bargap=0.08)
    width = 1 / len(shares)
    made.update_xaxes(
        range=[0, 1], tickvals=[0.1, 0.5, 0.9], ticktext=["earlier than said", "likely", "later"], tickangle=0
    )
    every = 0.05 if max(shares) < 0.25 else 0.1
    ticks = [every * i for i in range(int(max(shares) / every) + 2)]
    made.update_yaxes(rangemode="tozero", **theme.percents(ticks))
    made.add_bar(
        x=[(i + 0.5) * width for i in range(len(shares))],
        y=list(shares),
        name="outcomes",
        marker={"color": look.core},
        customdata=[percent(each) for each in shares],
        hovertemplate="%{customdata} of outcomes<extra></extra>",
    )
    rule = {"color": look.muted, "width": 1}
    made.add_shape(type="line", x0=0, x1=1, y0=width, y1=width, line=rule)
    theme.note(
        made, 0, 1, "outcomes", look.muted, xref="paper", yref="paper", xanchor="left", yanchor="bottom", yshift=2
    )
    return made
