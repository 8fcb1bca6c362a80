"""The forecasts as the command line and other programs read them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import Connection

from dashboard.errors import UsageError
from dashboard.model.instants import iso
from dashboard.model.outlook import LIKELY, PLAN_ON, Forecast
from dashboard.model.scope import Scope
from dashboard.views import words
from dashboard.views.ahead import look_ahead, open_ids
from dashboard.views.outlooks import forecasts_for
from dashboard.views.summaries import ALMOST, Summary, summaries

CURVE = (0.1, 0.5, 0.9)


@dataclass(frozen=True, slots=True)
class Etas:
    """Forecasts with what they are of, by id."""

    now: datetime
    found: tuple[tuple[Summary, Forecast], ...]


def etas(connection: Connection, ids: Sequence[str], as_of: datetime | None, now: datetime) -> Etas:
    """The forecasts of these maintenances, or of all that are open. Raises UsageError for one that is not known."""
    scope = Scope(as_of=as_of)
    ahead = look_ahead(connection, scope, now, reasons=True)
    unknown = sorted(set(ids) - set(ahead.picture.known))
    if unknown:
        raise UsageError(f"eta: {words.listed(unknown)} was not known at {iso(ahead.now)}")
    chosen = list(ids) or sorted(open_ids(ahead.picture))
    missing = [each for each in chosen if each not in ahead.forecasts]
    forecasts = ahead.forecasts | forecasts_for(connection, missing, as_of or (now if missing else None), reasons=True)
    rows = {each.maintenance_id: each for each in summaries(connection, ahead, chosen, scope)}
    return Etas(
        ahead.now, tuple((rows[each], forecasts[each]) for each in chosen if each in rows and each in forecasts)
    )


def as_json(etas: Etas) -> dict[str, Any]:
    """The contract's JSON, ready to be dumped."""
    return {"as_of": iso(etas.now), "forecasts": [_as_json(*pair) for pair in etas.found]}


def _as_json(summary: Summary, forecast: Forecast) -> dict[str, Any]:
    claimed = summary.promised if summary.promised != summary.planned_end else None
    paths = np.sum([part.out for part in forecast.parts], axis=0) if forecast.parts else np.zeros((1, 0))
    curve = np.rint(np.quantile(paths, CURVE, axis=0)).astype(int) if paths.size else np.zeros((len(CURVE), 0), int)
    return {
        "maintenance_id": summary.maintenance_id,
        "status": str(summary.status),
        "gpus": {"total": summary.gpus, "out": summary.out, "returned": summary.returned, "lost": summary.lost},
        "planned_end": iso(summary.planned_end) if summary.planned_end else None,
        "claimed_end": iso(claimed) if claimed else None,
        "back": [
            {"fraction": fraction, "quantiles": {str(level): iso(at) for level, at in quantiles.items()}}
            for fraction, quantiles in forecast.back.items()
        ],
        "curve": {
            "at": [iso(at) for at in forecast.grid],
            "gpus_out": {str(level): curve[i].tolist() for i, level in enumerate(CURVE)},
        },
        "because": list(forecast.because),
    }


def as_table(etas: Etas) -> str:
    """Lines for a terminal."""
    head = ("maintenance", "status", "out", "GPUs", "likely (95 %)", "plan on (95 %)", "promised", "title")
    rows = [head, *(_row(summary, forecast, etas.now) for summary, forecast in etas.found)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _row(summary: Summary, forecast: Forecast, now: datetime) -> tuple[str, ...]:
    likely, plan_on = forecast.quantile(ALMOST, LIKELY), forecast.quantile(ALMOST, PLAN_ON)
    promised = words.clock(summary.promised, now, "UTC") if summary.promised else ""
    return (
        summary.maintenance_id, words.stage(summary.status), words.count(summary.out), words.count(summary.gpus),
        words.clock(likely, now, "UTC"), words.clock(plan_on, now, "UTC"), promised, summary.title,
    )  # fmt: skip
