"""What every figure looks like: colours in light and dark, type, axes, the rule for now, the plot that is empty."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from dashboard.model.stages import Stage
from dashboard.model.words import percent

FONT = "IBM Plex Sans, Helvetica Neue, Arial, sans-serif"
LABELS = 5  # along a time axis: more would overlap on a phone
GAP = " … "  # what stands for the words left out
QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0)
ON_DESKS, ON_PHONES = '<span style="--on:desks">', '<span style="--on:phones;display:none">'
POINTS = 500  # nobody sees more across a chart, and every one is sent to every viewer
LETTERS = {
    Stage.SCHEDULED: "S",
    Stage.CORDONED: "C",
    Stage.DRAINED: "D",
    Stage.IN_MAINTENANCE: "M",
    Stage.RETURNED: "B",
    Stage.VALIDATING: "V",
    Stage.REPAIRING: "R",
    Stage.IN_SERVICE: "I",
    Stage.REMOVED: "X",
}
"""A stage in one letter, for whoever cannot tell two colours apart; B for back with us."""


@dataclass(frozen=True, slots=True)
class Look:
    """The colours of one theme; amber is at risk, red is late or lost, and nothing else is either."""

    background: str
    text: str
    muted: str
    grid: str
    accent: str
    band: str  # the middle 80 % of outcomes
    core: str  # the middle half
    amber: str
    red: str
    gone: str  # a promise that has passed
    stages: Mapping[Stage, str]


_LIGHT_STAGES = ("#8e9094", "#2c98c2", "#1c5c7a", "#3272e8", "#8b9801", "#255b50", "#622d98", "#719b67", "#aa201b")
_DARK_STAGES = ("#737373", "#6bdef5", "#6395ba", "#296db2", "#ced857", "#60edce", "#c17bfd", "#3baa6c", "#d23c38")
# In the order of a rollout: greys and greens at the ends, blues on the way out, olive and teal on the way back, purple
# in repair, red lost. Searched for the greatest least difference under normal sight, deuteranopia and protanopia.

LIGHT = Look(
    background="#ffffff",
    text="#1d2227",
    muted="#59626b",
    grid="#e9ecef",
    accent="#0b5a9c",
    band="rgba(11,90,156,0.13)",
    core="rgba(11,90,156,0.22)",
    amber="#9a6700",
    red="#b3261e",
    gone="#8b949d",
    stages=dict(zip(Stage, _LIGHT_STAGES, strict=True)),
)
DARK = Look(
    background="#14171a",
    text="#e4e7ea",
    muted="#9aa4ad",
    grid="#272c31",
    accent="#79b8f2",
    band="rgba(121,184,242,0.17)",
    core="rgba(121,184,242,0.27)",
    amber="#f0b429",
    red="#ff7a6e",
    gone="#7d8790",
    stages=dict(zip(Stage, _DARK_STAGES, strict=True)),
)


def local(at: datetime, zone: str) -> datetime:
    """An instant on the viewer's wall clock, without an offset: plotly draws what it is given and knows no zones."""
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def locals_(at: Sequence[datetime], zone: str) -> npt.NDArray[np.datetime64]:
    """Many instants on the viewer's wall clock, to the second."""
    return np.array([local(each, zone) for each in at], dtype="datetime64[s]")


def fewer(size: int, most: int = POINTS) -> npt.NDArray[np.int64]:
    """Which of `size` points to draw: evenly spaced, with the first and the last."""
    return np.unique(np.linspace(0, size - 1, min(size, most)).round().astype(np.int64)) if size else np.arange(0)


def figure(look: Look, height: int, **layout: object) -> go.Figure:
    """A bare figure: no frame, no legend, faint horizontal lines, nothing to drag."""
    made = go.Figure()
    made.update_layout(
        template="none",
        height=height,
        margin={"l": 4, "r": 12, "t": 12, "b": 4, "autoexpand": True},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": FONT, "size": 13, "color": look.muted},
        hoverlabel={
            "font": {"family": FONT, "size": 13, "color": look.text},
            "bgcolor": look.background,
            "bordercolor": look.grid,
        },
        showlegend=False,
        dragmode=False,
        hovermode="closest",
        separators=".,",
    )
    plain = {
        "automargin": True,
        "fixedrange": True,
        "zeroline": False,
        "ticks": "",
        "linecolor": look.grid,
        "layer": "below traces",
    }
    made.update_xaxes(**plain, showgrid=False, showline=True, ticklabelstandoff=6)
    made.update_yaxes(**plain, gridcolor=look.grid, showline=False, ticklabelstandoff=6)
    made.update_layout(**layout)
    return made


def time_axis(made: go.Figure, instants: Iterable[datetime], zone: str, most: int = LABELS, **more: object) -> None:
    """Midnights of the viewer's where the axis is long, hours where it is short; few enough labels for a phone."""
    at = sorted(local(each, zone) for each in instants)
    days = (at[-1] - at[0]).days if at else 0
    if days > most // 2:
        every = timedelta(days=-(-days // most))
        first = at[0].replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        ticks = [first + every * each for each in range(-(-days // every.days)) if first + every * each <= at[-1]]
        more = {"tickvals": ticks, "ticktext": [f"{each:%a}<br>{each:%-d %b}" for each in ticks], **more}
    made.update_xaxes(
        type="date",
        nticks=most,
        tickangle=0,
        tickformatstops=[
            {"dtickrange": [None, 43_200_000], "value": "%H:%M\n%a %-d %b"},
            {"dtickrange": [43_200_000, None], "value": "%a\n%-d %b"},
        ],
        **more,
    )


def now_rule(made: go.Figure, now: datetime, look: Look, zone: str, words: str = "now", side: str = "center") -> None:
    """The thin rule between what was and what may be."""
    x = local(now, zone)
    made.add_shape(type="line", x0=x, x1=x, y0=0, y1=1, yref="paper", line={"color": look.muted, "width": 1})
    note(made, x, 1, words, look.muted, yref="paper", yanchor="bottom", yshift=2, xanchor=side)


def percents(ticks: Sequence[float] = QUARTERS) -> dict[str, list[object]]:
    """The ticks of an axis of shares, as they are written everywhere."""
    return {"tickvals": list(ticks), "ticktext": [percent(each) for each in ticks]}


def note(made: go.Figure, x: object, y: object, words: str, colour: str, **more: object) -> None:
    """A direct label. Its words may be a provider's."""
    plain = {"x": x, "y": y, "text": letters(words), "showarrow": False, "font": {"color": colour, "size": 12}}
    made.add_annotation(**{**plain, **more})


def shortened(words: str, most: int) -> str:
    """Whole words from both ends, for names that begin alike end apart: Firmware 2.14 on … wave 2 of 3. Letters, where
    not even the first word fits."""
    if len(words) <= most:
        return words
    told = words.split()
    ending = _within(told[:0:-1], most // 2 - 1)
    tail = " ".join(reversed(ending))
    head = " ".join(_within(told[: len(told) - len(ending)], most - len(GAP) - len(tail)))
    return f"{head}{GAP}{tail}".rstrip() if head else f"{words[: most - 1]}…"


def _within(words: Sequence[str], most: int) -> Sequence[str]:
    """As many of them, from the first on, as fit into so many letters."""
    upto = accumulate(len(each) + 1 for each in words)
    return words[: sum(each <= most + 1 for each in upto)]


def name(made: go.Figure, x: object, y: object, words: str, colour: str, *, room: tuple[int, int], rest: str = "",
         **more: object) -> None:  # fmt: skip
    """A direct label that is a name, as far as there is room, and what follows it."""
    note(made, x, y, words, colour, text=fitting(words, *room) + letters(rest), **more)


def letters(words: str) -> str:
    """Text as plotly shows it unread: it knows some HTML, and LaTeX between dollars."""
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("$", "&#36;")


def fitting(words: str, few: int, many: int) -> str:
    """A name as far as there is room for it, as the `text` of a note: `few` letters on a phone, `many` on a desk.

    A figure is drawn once for everyone, so both are in it, and the page's styles (house.css) say which one is seen;
    without them, the desk's.
    """
    if len(words) <= few:
        return letters(words)
    desk, phone = (letters(shortened(words, most)) for most in (many, few))
    return f"{ON_DESKS}{desk}</span>{ON_PHONES}{phone}</span>"


def empty(words: str, look: Look, height: int = 140) -> go.Figure:
    """A figure with nothing to draw says why."""
    made = figure(look, height)
    made.update_xaxes(visible=False)
    made.update_yaxes(visible=False)
    note(made, 0.5, 0.5, words, look.muted, xref="paper", yref="paper", font={"color": look.muted, "size": 14})
    return made


def luminance(colour: str) -> float:
    """How light a colour is, 0 to 1 (WCAG 2.2, relative luminance)."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ink(colour: str) -> str:
    """Black or white, whichever is read more easily upon that colour."""
    return "#ffffff" if luminance(colour) < 0.18 else "#000000"


def diamond(colour: str, look: Look, *, hollow: bool, size: int = 11) -> dict[str, object]:
    """The mark of an instant: ours is filled, a promise is hollow, with nothing shining through."""
    inside = look.background if hollow else colour
    return {"symbol": "diamond", "size": size, "color": inside, "line": {"width": 2, "color": colour}}
