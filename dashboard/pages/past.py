"""The past: the control that chooses an instant, and the replay that lets it play on until now."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import streamlit as st

from dashboard.model.instants import full_hour, iso
from dashboard.pages import address
from dashboard.pages.text import plain, when, zone_words

_stepper = st.components.v2.component("replay", js=Path(__file__).with_name("replay.js").read_text("utf-8"))
HOUR = timedelta(hours=1)
DAY = 24 * HOUR
STEPS = {HOUR: "1 h", 6 * HOUR: "6 h", DAY: "1 d", 7 * DAY: "7 d"}
PACE_SECONDS = 1.2  # between one picture and the next step: long enough to see what has changed
PLAYING, STEP = "replay_plays", "replay_step"


def choose(at: datetime | None, zone: str, now: datetime, first: datetime | None, place: str) -> None:
    """What the control holds: an instant on the viewer's wall clock, a slider through time, and the last day again."""
    address.pick_instant(at, zone, now, first, place)
    _slider(at, zone, now, first, place)
    if at is None:
        st.button(
            "Replay the last 24 h", icon=":material/replay:", key=f"replay_{place}", on_click=_replay, args=(now,)
        )


def bar(at: datetime, zone: str, now: datetime) -> None:
    """The line that says that a page is of the past, with the ways on, back and to the present."""
    step = st.session_state.get(STEP, HOUR)
    plays = bool(st.session_state.get(PLAYING))
    with st.container(horizontal=True, key="past", vertical_alignment="center", gap="small"):
        words = plain(f"As of {when(at, zone)}, {zone_words(zone, at)}.")
        st.markdown(f"**{words}** What was known then, forecast from then.", width="content")
        with st.container(horizontal=True, key="replay", vertical_alignment="center", gap="xsmall", width="content"):
            back, on = (f"{way} {STEPS[step]}" for way in ("Back", "On"))
            st.button(back, icon=":material/skip_previous:", key="replay_back", on_click=_go, args=(at - step, now))
            name, icon = ("Pause", ":material/pause:") if plays else ("Play", ":material/play_arrow:")
            st.button(name, icon=icon, key="replay_play", on_click=_play, args=(not plays,))
            st.button(on, icon=":material/skip_next:", key="replay_on", on_click=_go, args=(at + step, now))
            st.selectbox(
                "Step of the replay", list(STEPS), format_func=STEPS.__getitem__, key=STEP, width=84,
                label_visibility="collapsed", persist_state="session",
            )  # fmt: skip
        st.button("Back to live", type="tertiary", on_click=_go, args=(now, now))


def play_on(at: datetime | None, clock: Callable[[], datetime]) -> None:
    """Once a page is drawn: has the browser take the next step, if it plays. At the present it stops."""
    if at is None:
        st.session_state.pop(PLAYING, None)
    elif st.session_state.get(PLAYING):
        then = _within(at + st.session_state.get(STEP, HOUR), clock())
        said = {name: st.query_params[name] for name in st.query_params if name != "as_of" or then}
        query = urlencode(said | ({"as_of": then} if then else {}))
        data = {"query": query, "next": then or "", "pace": PACE_SECONDS * 1000}
        with st.container(key="unseen_replay"):
            _stepper(data=data, key="stepper", on_stepped_change=lambda: _write(then))


def _slider(at: datetime | None, zone: str, now: datetime, first: datetime | None, place: str) -> None:
    """From the log's first instant to now, in steps of the hours or days that a reach of that length allows."""
    here, key = ZoneInfo(zone), f"slide_{place}"
    reach = now - min(first or now, now - DAY)
    step = HOUR if reach < 60 * DAY else 6 * HOUR if reach < 400 * DAY else DAY
    earliest, latest = (_wall(each, here) for each in (now - (reach // step + 1) * step, now))
    st.session_state[key] = min(max(_wall(at or now, here), earliest), latest)

    def put() -> None:
        chosen = st.session_state[key].replace(tzinfo=here).astimezone(UTC)
        _go(chosen if latest - st.session_state[key] >= step / 2 else now, now)

    st.slider("Through time", earliest, latest, key=key, step=step, format="ddd D MMM HH:mm", on_change=put)


def _wall(at: datetime, here: ZoneInfo) -> datetime:
    return at.astimezone(here).replace(tzinfo=None, second=0, microsecond=0)


def _within(at: datetime, now: datetime) -> str | None:
    return iso(at) if at < now else None


def _go(at: datetime, now: datetime) -> None:
    _write(_within(at, now))
    st.session_state.pop(PLAYING, None)


def _write(at: str | None) -> None:
    address.write("as_of", at)


def _play(plays: bool) -> None:
    st.session_state[PLAYING] = plays


def _replay(now: datetime) -> None:
    _write(iso(full_hour(now - DAY)))
    _play(True)
