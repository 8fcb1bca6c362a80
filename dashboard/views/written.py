"""What the page Trust shows, as text: for a terminal, a document or a program."""

import json
from collections.abc import Iterable
from math import isnan
from typing import Any

import pandas as pd

from dashboard.views.trust import Trust


def written(found: Trust, shape: str) -> str:
    """The sentence and the scores, in hours; `shape` is table, markdown or json."""
    if shape == "json":
        return json.dumps({"sentence": found.sentence, "scores": _rows(found.scores)}, indent=1)
    shown = found.scores.drop(columns="by").round(2).astype(object).where(found.scores.notna(), "–")
    if shape == "markdown":
        return "\n".join([found.sentence, "", _line(shown.columns), _line("---" for _ in shown),
                          *map(_line, shown.to_numpy())])  # fmt: skip
    return f"{found.sentence}\n\n{shown.to_string(index=False)}" if len(shown) else found.sentence


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as JSON has them: what is not known is null."""
    return [
        {str(name): None if isinstance(value, float) and isnan(value) else value for name, value in row.items()}
        for row in frame.to_dict("records")
    ]


def _line(cells: Iterable[object]) -> str:
    return f"| {' | '.join(map(str, cells))} |"
