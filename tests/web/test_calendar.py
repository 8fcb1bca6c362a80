"""The calendar that people subscribe to, read as their programs read it."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from dashboard.jobs.forecast import Forecaster
from dashboard.log.append import append
from dashboard.log.database import appending
from dashboard.model.calendar import About, attachment, planned
from dashboard.model.instants import micros
from dashboard.model.plan import Revision
from dashboard.model.scope import Scope
from dashboard.model.stages import Status
from tests.web.conftest import NOW, World

HOSTILE = 'Pump; \\ "loop", 2\nBEGIN:VEVENT\r\nX-EVIL:1 \x07 \u2028 €€€ ' + "長い題名" * 40
FLEET: dict[str, list[tuple[Any, ...]]] = {
    "providers": [("p", "Acme Cloud"), ("q", "Other")],
    "clusters": [("c", "p", "north", "H100", 8), ("d", "q", "south", "H100", 8)],
    "teams": [("red", "Red"), ("blue", "Blue")],
    "nodes": [("n-1", "c", "r", 8, "red"), ("n-2", "d", "r", 8, "blue")],
    "maintenance_nodes": [("M-1", "n-1", 0, False), ("M-2", "n-2", 0, False)],
}
ONCE = ("UID", "DTSTAMP", "DTSTART", "DTEND", "SEQUENCE", "STATUS", "SUMMARY", "DESCRIPTION", "LAST-MODIFIED",
        "CREATED", "COLOR", "TRANSP", "LOCATION", "URL")  # fmt: skip


def at(hours: float) -> int:
    return micros(NOW + timedelta(hours=hours))


def word(known: float, maintenance: str = "M-1", **what: Any) -> tuple[Any, ...]:
    told = {"status": "", "title": "", "provider": "", "cluster": "", "start": None, "end": None} | what
    start, end = (None if told[name] is None else at(told[name]) for name in ("start", "end"))
    return (maintenance, at(known), "console", told["status"], "firmware", told["title"], told["provider"],
            told["cluster"], start, end, None, "", "")  # fmt: skip


def tell(world: World, *updates: tuple[Any, ...], fleet: bool = True) -> None:
    with appending(world.answers.engine) as connection:
        rows = {"maintenance_updates": list(updates)} | (FLEET if fleet else {})
        append(connection, rows, NOW, "test")


def read(world: World, query: str = "") -> Any:
    answer = world.served.ask("GET", f"/calendar.ics{query}")
    assert answer.status_code == 200, answer.text
    assert_valid(answer.content)
    return Calendar.from_ical(answer.content)


def assert_valid(content: bytes) -> None:
    """What RFC 5545 and RFC 7986 ask of the text and of each component."""
    lines = content.split(b"\r\n")
    assert lines[-1] == b""
    assert all(len(line) <= 75 for line in lines), "3.1: a content line is folded at 75 octets"
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", content), (
        "3.1: only CRLF, no controls"
    )
    content.decode("utf-8")  # and folding splits no character where a reader would not put it together again
    parsed: Any = Calendar.from_ical(content, multiple=True)
    (calendar,) = parsed
    assert (calendar["VERSION"], bool(calendar["PRODID"])) == ("2.0", True)  # 3.6
    assert str(calendar["NAME"])  # 7986, 5.1
    uids = [str(event["UID"]) for event in calendar.events]
    assert len(uids) == len(set(uids))
    for event in calendar.events:
        assert not event.errors
        assert {"UID", "DTSTAMP", "DTSTART", "SUMMARY", "SEQUENCE", "STATUS", "LAST-MODIFIED"} <= set(event)  # 3.6.1
        assert all(not isinstance(event.get(name), list) for name in ONCE)
        assert event["STATUS"] in ("TENTATIVE", "CONFIRMED", "CANCELLED")  # 3.8.1.11
        assert re.fullmatch(r"[a-z]+", str(event["COLOR"])), "7986, 5.9: a CSS3 colour's name"
        for name in ("DTSTART", "DTEND", "DTSTAMP", "LAST-MODIFIED", "CREATED"):
            if name in event:
                assert event[name].dt.tzinfo is not None
                assert event[name].to_ical().endswith(b"Z"), "3.3.5: UTC, so that no VTIMEZONE is needed"
        assert "DTEND" not in event or event["DTEND"].dt > event["DTSTART"].dt  # 3.8.2.2
        assert event["SEQUENCE"] >= 0


def window(calendar: Any) -> Any:
    """The one that is planned, not the one that is coming back."""
    (found,) = [event for event in calendar.events if not str(event["SUMMARY"]).startswith("Likely back")]
    return found


def test_the_sample_is_a_valid_calendar(sample: World) -> None:
    """Eleven open maintenances and those that are over for less than 30 days; and when the open ones are back."""
    calendar = read(sample)

    summaries = [str(event["SUMMARY"]) for event in calendar.events]
    assert "Firmware 2.14 on H100 trays, wave 2 of 3" in summaries
    assert "Likely back: Firmware 2.14 on H100 trays, wave 2 of 3" in summaries
    assert sum(each.startswith("Likely back") for each in summaries) == 10  # of one, 95 % are back already
    assert str(calendar["NAME"]) == "Maintenance"
    assert calendar["REFRESH-INTERVAL"].dt == timedelta(minutes=15)
    assert calendar["REFRESH-INTERVAL"].params["VALUE"] == "DURATION"
    assert str(calendar["SOURCE"]).endswith("/calendar.ics")
    assert str(calendar["COLOR"]) == "steelblue"


def test_the_hours_of_coming_back_are_those_of_the_pages(sample: World) -> None:
    """From likely to plan on, for 95 % of the GPUs."""
    shown = sample.answers.what_is_planned(Scope())
    bars = {bar.title: bar for bar in shown.bars}

    for event in read(sample).events:
        summary = str(event["SUMMARY"])
        if summary.startswith("Likely back: "):
            bar = bars[summary.removeprefix("Likely back: ")]
            assert bar.likely_end is not None
            assert bar.plan_on_end is not None
            assert event["DTSTART"].dt == bar.likely_end.replace(microsecond=0)
            assert event["DTEND"].dt == bar.plan_on_end.replace(microsecond=0)
            assert event["TRANSP"] == "TRANSPARENT"


def test_a_move_is_the_same_event_with_a_higher_number(small: World) -> None:
    tell(small, word(-9, status="scheduled", title="Firmware", provider="p", cluster="c", start=24, end=30))
    first = window(read(small))

    tell(small, word(-8, start=48, end=54), fleet=False)
    moved = window(read(small))
    tell(small, word(-7, status="confirmed"), fleet=False)
    confirmed = window(read(small))

    assert first["UID"] == moved["UID"] == confirmed["UID"]
    assert [each["SEQUENCE"] for each in (first, moved, confirmed)] == [0, 1, 2]
    assert [each["STATUS"] for each in (first, moved, confirmed)] == ["TENTATIVE", "TENTATIVE", "CONFIRMED"]
    assert moved["DTSTART"].dt == NOW + timedelta(hours=48)
    assert [each["LAST-MODIFIED"].dt for each in (first, moved)] == [NOW - timedelta(hours=h) for h in (9, 8)]


def test_a_move_back_is_a_move(small: World) -> None:
    """Number two is newer than number one, though it says what number nought said."""
    tell(small, word(-9, status="scheduled", cluster="c", start=24, end=30), word(-8, start=48), word(-7, start=24))

    found = window(read(small))

    assert (found["SEQUENCE"], found["DTSTART"].dt) == (2, NOW + timedelta(hours=24))


def test_what_is_cancelled_stays_to_say_so(small: World) -> None:
    """A calendar that is not told would show it for ever."""
    tell(
        small,
        word(-9, status="confirmed", title="Firmware", cluster="c", start=24, end=30),
        word(-1, status="cancelled"),
    )

    found = window(read(small))

    assert (found["STATUS"], found["SEQUENCE"], found["TRANSP"]) == ("CANCELLED", 1, "TRANSPARENT")
    assert str(found["SUMMARY"]) == "Cancelled: Firmware"


def test_what_is_completed_ends_when_it_was_over(small: World) -> None:
    tell(small, word(-90, status="confirmed", cluster="c", start=-50, end=-10), word(-5, status="completed"))

    assert window(read(small))["DTEND"].dt == NOW - timedelta(hours=5)


def test_a_new_forecast_is_the_same_event_with_a_higher_number(small: World) -> None:
    tell(small, word(-9, status="confirmed", title="Firmware", cluster="c", start=24, end=30))
    found = []
    for at_ in (NOW - timedelta(hours=2), NOW):
        Forecaster(small.answers.engine).step(at_)
        (event,) = [each for each in read(small).events if str(each["SUMMARY"]).startswith("Likely back")]
        found.append(event)

    assert found[0]["UID"] == found[1]["UID"]
    assert [each["SEQUENCE"] for each in found] == [0, 1]


@pytest.mark.parametrize(
    ("query", "there"),
    [("", {"One", "Two"}), ("?team=red", {"One"}), ("?cluster=d", {"Two"}), ("?provider=q", {"Two"}),
     ("?provider=q&team=red", set())],
)  # fmt: skip
def test_only_what_is_asked_for_is_in_it(small: World, query: str, there: set[str]) -> None:
    tell(
        small,
        word(-9, "M-1", status="confirmed", title="One", provider="p", cluster="c", start=24, end=30),
        word(-9, "M-2", status="confirmed", title="Two", provider="q", cluster="d", start=24, end=30),
    )

    assert {str(event["SUMMARY"]) for event in read(small, query).events} == there


def test_words_of_others_break_no_line(small: World) -> None:
    """However long, whatever alphabet, and whatever they pretend to be."""
    tell(small, word(-9, status="confirmed", title=HOSTILE, cluster="c", start=24, end=30))

    found = window(read(small))

    assert "X-EVIL" not in found
    assert str(found["SUMMARY"]).startswith('Pump; \\ "loop", 2 BEGIN:VEVENT X-EVIL:1')
    assert str(found["SUMMARY"]).endswith("長い題名")


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Los_Angeles", "Asia/Kolkata", "Australia/Lord_Howe"])
def test_every_viewer_sees_it_on_their_own_clock(small: World, zone: str) -> None:
    """Over the night in which Berlin's clocks go back: what is 24 hours long stays so."""
    begins = datetime(2026, 10, 24, 18, tzinfo=UTC)
    hours = (begins - NOW) / timedelta(hours=1)
    tell(small, word(hours - 90, status="confirmed", cluster="c", start=hours, end=hours + 24))

    found = window(read(small))
    start, end = (found[name].dt.astimezone(ZoneInfo(zone)) for name in ("DTSTART", "DTEND"))

    assert start == begins.astimezone(ZoneInfo(zone))
    assert end.astimezone(UTC) - start.astimezone(UTC) == timedelta(hours=24)


def test_an_empty_log_is_an_empty_calendar(small: World) -> None:
    assert list(read(small).events) == []


def test_what_has_not_changed_is_not_sent_again(small: World) -> None:
    """304 by tag, and by date; a new fact is a new answer."""
    tell(small, word(-9, status="confirmed", title="Firmware", cluster="c", start=24, end=30))
    first = small.served.ask("GET", "/calendar.ics")

    same = small.served.ask("GET", "/calendar.ics", headers={"If-None-Match": first.headers["ETag"]})
    later = small.served.ask("GET", "/calendar.ics", headers={"If-Modified-Since": "Fri, 18 Dec 2026 00:00:00 GMT"})
    earlier = small.served.ask("GET", "/calendar.ics", headers={"If-Modified-Since": "Wed, 18 Nov 2026 00:00:00 GMT"})
    other = small.served.ask("GET", "/calendar.ics?team=red", headers={"If-None-Match": first.headers["ETag"]})
    tell(small, word(-8, start=48), fleet=False)
    news = small.served.ask("GET", "/calendar.ics", headers={"If-None-Match": first.headers["ETag"]})

    assert [each.status_code for each in (same, later, earlier, other, news)] == [304, 304, 200, 200, 200]
    assert same.content == b""
    assert same.headers["ETag"] == first.headers["ETag"]


def test_a_filter_that_means_nothing_is_refused(small: World) -> None:
    """Silently empty, or silently everything, would be found out too late."""
    tell(small, word(-9, status="confirmed", cluster="c", start=24, end=30))

    nobody = small.served.ask("GET", "/calendar.ics?team=green")
    nothing = small.served.ask("GET", "/calendar.ics?colour=green")

    assert (nobody.status_code, nothing.status_code) == (400, 400)
    assert nobody.json() == {"error": "no team is called 'green'; there is blue and red"}
    assert nothing.json() == {"error": "there is no parameter 'colour'; there is team, provider, cluster, sku"}


def test_an_e_mail_carries_the_same_event() -> None:
    """The same UID and number as in the subscription, with the method that a mail needs (RFC 5546, 3.2.1)."""
    about = About("M-1", "Firmware", "c, Acme", "firmware", "Confirmed, with 8 GPUs.", "/maintenance?maintenance=M-1")
    plans = [Revision(at(-9), Status.CONFIRMED, at(24), at(30), None, "console"),
             Revision(at(-8), Status.CONFIRMED, at(25), at(30), None, "console")]  # fmt: skip
    event = planned(about, plans)
    assert event is not None

    method, content = attachment(event, NOW, "dash@fleet.example", "https://dash.example")

    assert_valid(content)
    parsed: Any = Calendar.from_ical(content)
    (found,) = parsed.events
    assert parsed["METHOD"] == method == "PUBLISH"
    assert str(found["ORGANIZER"]) == "mailto:dash@fleet.example"
    assert (str(found["UID"]), found["SEQUENCE"]) == (event.uid, 1)
    assert found["DTSTAMP"].dt == NOW
    assert str(found["URL"]) == "https://dash.example/maintenance?maintenance=M-1"
