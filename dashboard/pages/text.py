"""Words as they are shown: what others wrote stays letters, and instants are the viewer's."""

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pandas as pd

from dashboard.decks.sheet import defused
from dashboard.views.words import reached

# Streamlit's Markdown makes links, e-mail addresses, icons, emoji and arrows out of bare text after escapes are
# resolved, so a backslash does not stop those; a character without width between their parts does.
JOINER = "\u2060"
NO_BREAK = "\u00a0"
STAYS = re.compile(  # in one line: a number and its unit, a day, its hour and the zone of that
    r"(?<=\d) (?=(?:%|h|d|min|GPUs?|nodes?|hours?|days?)(?!\w)|[A-Z][a-z]{2} \d\d:\d\d)"
    r"|(?<=\b[A-Z][a-z]{2}) (?=\d\d:\d\d)|(?<=:\d\d) (?=[A-Z]{3,4}\b)"
)
NUMBERED = re.compile(r"(?<![\w\\:-])([A-Z]{1,6}\\-\d{1,7})(?!\w|\\-)")  # a case, a change, a maintenance
SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$&^=])")
MADE_OF_TEXT = re.compile(
    r"(?<=:)(?=[A-Za-z/+_-])|(?<=\bwww)(?=\.)|(?<=@)(?=\w)|(?<=[-<>=~])(?=[-<>=~])", re.IGNORECASE
)


def plain(text: object) -> str:
    """Any text as Markdown that shows exactly that text, in one line: no link, image, formula, colour or markup."""
    line = STAYS.sub(NO_BREAK, " ".join(str(text).split())).replace("GPU-hours", f"GPU-{JOINER}hours")
    return SPECIAL.sub(r"\\\1", MADE_OF_TEXT.sub(JOINER, line)).replace(":", "\\:")


def unread(text: object) -> str:
    """Any text for a label that knows icons and markup: the same letters, none of them read."""
    return "" if text is None else MADE_OF_TEXT.sub(JOINER, " ".join(str(text).split()))


def as_csv(frame: pd.DataFrame, columns: dict[str, str]) -> bytes:
    """The chosen columns under their headings, for a spreadsheet: instants with their offset, and no text a formula."""
    told = pd.DataFrame({head: [_kept(each) for each in frame[name]] for name, head in columns.items()})
    return told.to_csv(index=False).encode("utf-8-sig")


def _kept(value: Any) -> Any:
    if isinstance(value, datetime):
        return "" if pd.isna(value) else value.isoformat(timespec="seconds")
    return defused(value) if isinstance(value, str) else value


def known_zone(name: str | None) -> str | None:
    """The name of a zone if there is such a zone."""
    try:
        return ZoneInfo(name).key if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def zone_words(zone: str, at: datetime) -> str:
    """A zone with its abbreviation at that instant: Europe/Berlin (CET)."""
    short = at.astimezone(ZoneInfo(zone)).tzname() or ""
    return zone if short in ("", zone) else f"{zone} ({short})"


def when(at: Any, zone: str) -> str:
    """An instant on the viewer's clock: Tue 18 Nov 14:00; a dash for None or NaT."""
    if at is None or pd.isna(at):
        return "–"
    return f"{at.astimezone(ZoneInfo(zone)):%a %-d %b %H:%M}"


def on_their_clock(frame: pd.DataFrame, zone: str) -> pd.DataFrame:
    """The frame with its instants on the viewer's wall clock: Streamlit shows the zone that a column has."""
    return _with_contacts(frame).assign(
        **{
            name: frame[name].dt.tz_convert(zone)
            for name in frame.columns
            if isinstance(frame[name].dtype, pd.DatetimeTZDtype)
        }
    )


def written_out(frame: pd.DataFrame, columns: dict[str, str], zone: str) -> pd.DataFrame:
    """The chosen columns under their headings: numbers as they are, all else as Markdown that is safe to show."""
    frame = _with_contacts(frame)
    return pd.DataFrame(
        {
            plain(head): frame[name]
            if pd.api.types.is_numeric_dtype(frame[name]) and not pd.api.types.is_bool_dtype(frame[name])
            else [cell(value, zone) for value in frame[name]]
            for name, head in columns.items()
        }
    ).reset_index(drop=True)


def _with_contacts(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with contacts as people write them; in files and for programs they stay addresses."""
    if "contact" not in frame:
        return frame
    return frame.assign(contact=[reached(str(each or "")) for each in frame["contact"]])


def numbers(frame: pd.DataFrame) -> list[Any]:
    """The columns that hold numbers."""
    return list(frame.select_dtypes("number").columns)


def quantity(value: Any) -> str:
    """A number grouped in thousands, with a decimal only where it is small and has one; a dash for none."""
    if pd.isna(value):
        return "–"
    return f"{value:,.1f}" if abs(value) < 10 and value != round(value) else f"{value:,.0f}"


def cell(value: Any, zone: str) -> str:
    """One value in words: instants on the viewer's clock, a dash for what is not known."""
    if isinstance(value, datetime):
        day, _, time = when(value, zone).rpartition(" ")
        # In a narrow column only the time of day may go below.
        return f"{plain(day).replace(' ', NO_BREAK)} {plain(time)}".strip()
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value == "" or pd.isna(value):
        return "–"
    # The styles keep such a name in one line; a letter that does would be copied along with it.
    return NUMBERED.sub(r":small[\1]", plain(value))
