"""Tables and figures to open things from; tables can be sorted, searched and taken away."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.pages.text import as_csv, on_their_clock, unread

TALL = 60  # rows
SPOKEN = ("stage", "status")  # words of the contract, as people write them
OPENS = {"title": ("maintenance", "maintenance_id"), "node_id": ("node", "node_id"), "cluster": ("cluster", "cluster")}
"""A column whose cells open a page: which one, and the column that says of what."""


def listed(
    frame: pd.DataFrame, columns: Mapping[str, Any], zone: str, key: str, words: str, go: Callable[..., None]
) -> None:
    """A table with every name in it a way to its page, which `go` opens; `words` say what it is."""
    ways = {name: OPENS[name] for name in columns if name in OPENS and OPENS[name][1] in frame}
    shown = on_their_clock(frame, zone)
    shown = shown.assign(**{name: [unread(each) for each in shown[name]] for name in ways})
    shown = shown.assign(**{name: shown[name].str.replace("_", " ") for name in SPOKEN if name in shown})
    picked = st.dataframe(
        shown,
        hide_index=True,
        column_order=list(columns),
        column_config={name: _way(kind, f"{key}_{name}") if name in ways else kind for name, kind in columns.items()},
        on_select="rerun",  # by keyboard: a cell that is pressed cannot be reached, a row can
        selection_mode="single-row",
        key=key,
        placeholder="–",
        height="content" if len(frame) <= TALL else 960,  # more are scrolled, and only those in view are drawn
        alt=words,
    )
    as_file(frame, {name: str(kind.get("label") or name) for name, kind in columns.items()}, "Save as CSV", key)
    chosen = [(row, way) for row in picked["selection"]["rows"] for way in list(ways.values())[:1]]
    chosen += [
        (clicked["row"], way) for name, way in ways.items() if (clicked := st.session_state.get(f"{key}_{name}"))
    ]
    for row, (page, told) in chosen:
        if 0 <= row < len(frame) and (of := frame[told].iloc[row]):
            go(page, **{page: str(of)})


def as_file(frame: pd.DataFrame, columns: dict[str, str], label: str, key: str) -> None:
    """A button that gives all rows of a table to take along."""
    st.download_button(
        label,
        partial(as_csv, frame, columns),
        file_name=f"{key}.csv",
        mime="text/csv",
        key=f"{key}_csv",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
    )


def _way(kind: Mapping[str, Any], key: str) -> Any:
    """The same column, its cells to be pressed."""
    return st.column_config.ButtonColumn(
        kind.get("label"), width=kind.get("width"), type="tertiary", alignment="left", key=key
    )


def pressed(figure: Any, words: str, key: str) -> int | None:
    """A figure whose points can be pressed; the first of what the pressed one keeps, None where none was."""
    told = st.plotly_chart(
        figure,
        theme=None,
        key=key,
        alt=words,
        config={"displayModeBar": False, "scrollZoom": False},
        on_select="rerun",
        selection_mode="points",
    )
    for point in told["selection"]["points"][:1]:
        kept = point["customdata"]  # of typed arrays Streamlit makes a mapping by place
        return int(kept["0"] if isinstance(kept, Mapping) else kept[0])
    return None
