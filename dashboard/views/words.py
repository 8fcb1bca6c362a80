"""Words for numbers and instants, as every view has them: those of the model."""

from dashboard.model.words import (
    clock,
    count,
    gpus,
    listed,
    nodes,
    percent,
    relative,
    span,
    stage,
    when,
    zone_of,
)

__all__ = ["clock", "count", "gpus", "listed", "nodes", "percent", "relative", "span", "stage", "when", "zone_of"]
