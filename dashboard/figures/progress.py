"""How many nodes stand in each stage, as one bar: also the key to the rack grid."""

from collections.abc import Mapping

import plotly.graph_objects as go

from dashboard.figures import theme
from dashboard.figures.theme import LETTERS, Look
from dashboard.model.stages import STAGES, Stage

HEIGHT = 46


def progress(nodes: Mapping[Stage, int], look: Look) -> go.Figure:
    """Stages in the order of a rollout, as long as they hold nodes, each with its letter where that fits."""
    total = sum(nodes.values())
    if not total:
        return theme.empty("No nodes are named yet", look, HEIGHT)
    made = theme.figure(look, HEIGHT)
    made.update_layout(barmode="stack", bargap=0, margin={"l": 0, "r": 0, "t": 4, "b": 4})
    made.update_xaxes(visible=False, range=[0, total])
    made.update_yaxes(visible=False)
    for stage in STAGES:
        held = nodes.get(stage, 0)
        if not held:
            continue
        words = stage.replace("_", " ")
        made.add_bar(
            x=[held],
            y=[""],
            orientation="h",
            name=words,
            marker={"color": look.stages[stage], "line": {"color": look.background, "width": 1}},
            text=[LETTERS[stage] if held / total > 0.025 else ""],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            textfont={"color": theme.ink(look.stages[stage]), "size": 12},
            hovertemplate=f"{words}: %{{x:,}} nodes<extra></extra>",
        )
    return made
