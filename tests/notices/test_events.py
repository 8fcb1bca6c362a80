"""The event that a mail carries: the subscription's own, moved by a later mail and taken out by the last."""

from datetime import datetime, timedelta
from email.message import Message as Mailed
from typing import Any

from icalendar import Calendar
from sqlalchemy import Engine

from dashboard.jobs.notify import Notifier
from dashboard.log.append import append
from dashboard.log.database import appending, reading
from dashboard.model.instants import micros
from dashboard.model.scope import Scope
from dashboard.views.agenda import agenda
from tests.notices.conftest import Postbox, mail
from tests.notices.places import NOW, START, courier, plan_of, settled, tell
from tests.web.test_calendar import assert_valid


def sent(engine: Engine, box: Postbox, port: int, at: datetime, **audiences: Any) -> list[Mailed]:
    """The mails of what is due at an instant."""
    plan = plan_of(mail(port), **audiences)
    Notifier(engine, plan).step(at)
    before = len(box.mails)
    courier(engine, plan, "mail", at).deliver()
    return box.mails[before:]


def events(got: Mailed) -> list[tuple[str, str, Any]]:
    """Of each event in a mail: its file, its method, and the event; the method is in the mail's own words, too."""
    found = []
    for part in got.walk():
        if part.get_content_type() == "text/calendar":
            content = bytes(part.get_payload(decode=True))
            assert_valid(content)
            parsed: Any = Calendar.from_ical(content)
            (event,) = parsed.events
            assert part.get_param("method") == parsed["METHOD"]
            assert event["ORGANIZER"] == "mailto:dash@fleet.example"
            found.append((str(part.get_filename()), str(parsed["METHOD"]), event))
    return found


def test_a_mail_carries_the_event_of_the_subscription(engine: Engine, postbox: tuple[Postbox, int]) -> None:
    """In every property but when it was made and for whom: the same event, whichever of both a calendar reads."""
    settled(engine)

    (got,) = sent(engine, *postbox, NOW)

    ((file, method, event),) = events(got)
    with reading(engine) as connection:
        (subscribed,) = agenda(connection, Scope(cluster="c"), NOW).events
    assert (file, method) == ("M-1.ics", "PUBLISH")
    assert (str(event["UID"]), event["SEQUENCE"]) == (subscribed.uid, subscribed.sequence)
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (subscribed.begins, subscribed.ends)
    assert (str(event["SUMMARY"]), str(event["DESCRIPTION"])) == (subscribed.title, subscribed.words)
    assert (str(event["LOCATION"]), str(event["STATUS"])) == (subscribed.place, subscribed.status)


def test_moved_it_moves_and_cancelled_it_goes(engine: Engine, postbox: tuple[Postbox, int]) -> None:
    """One UID throughout, and a number that rises."""
    settled(engine)
    sent_first = sent(engine, *postbox, NOW)
    later = START + timedelta(hours=9)
    tell(engine, NOW + timedelta(hours=1), start=micros(later), end=micros(later + timedelta(hours=30)))
    sent_moved = sent(engine, *postbox, NOW + timedelta(hours=1))
    tell(engine, NOW + timedelta(hours=2), status="cancelled")
    sent_cancelled = sent(engine, *postbox, NOW + timedelta(hours=2))

    told = [events(got)[0] for some in (sent_first, sent_moved, sent_cancelled) for got in some]

    assert [(method, str(e["STATUS"]), e["SEQUENCE"], e["DTSTART"].dt) for _, method, e in told] == [
        ("PUBLISH", "CONFIRMED", 0, START),
        ("PUBLISH", "CONFIRMED", 1, later),
        ("CANCEL", "CANCELLED", 2, later),
    ]
    assert len({str(event["UID"]) for _, _, event in told}) == 1
    assert str(sent_moved[0]["Subject"]).startswith("Moved: Firmware")  # and says so once


def test_what_is_no_longer_an_audiences_leaves_its_calendar(engine: Engine, postbox: tuple[Postbox, int]) -> None:
    """It goes on for everyone else."""
    settled(engine)
    teams = [{"name": "teams", "for": "teams", "only": ["t-fm"], "channels": ["mail"]}]
    sent(engine, *postbox, NOW, audiences=teams)
    at = NOW + timedelta(hours=1)
    with appending(engine) as connection:
        parties = [("fm", "Ada", "customer", "", "", "t-fm", "mailto:ada@fleet.example", "", "")]
        gone = [("M-1", "n-1", micros(at), True), ("M-1", "n-2", micros(at), True)]
        over = [("t-fm", "c", 12, micros(NOW), micros(at))]
        append(connection, {"parties": parties, "maintenance_nodes": gone, "allocations": over}, at, "test")
        left = [("n-3", "c", "r", 8, "t-vis")]
        append(connection, {"nodes": left, "maintenance_nodes": [("M-1", "n-3", micros(at), False)]}, at, "test")

    got = [each for each in sent(engine, *postbox, at + timedelta(hours=1), audiences=teams) if events(each)]

    assert [(method, str(event["STATUS"])) for _, method, event in events(got[-1])] == [("CANCEL", "CANCELLED")]


def test_a_digest_carries_an_event_for_each(engine: Engine, postbox: tuple[Postbox, int]) -> None:
    """A file each, since programs that read mail take one event from one file; none for what has no start."""
    settled(engine)
    far = micros(NOW + timedelta(days=9))
    tell(engine, NOW, "M/2 é", status="confirmed", start=far)
    tell(engine, NOW, "M-3", status="confirmed")

    (got,) = sent(engine, *postbox, NOW)

    assert sorted(file for file, _, _ in events(got)) == ["M-1.ics", "M-2-.ics"]


def test_words_of_a_provider_make_no_link_in_a_calendar(engine: Engine, postbox: tuple[Postbox, int]) -> None:
    settled(engine, title="Press https://evil.example")

    (got,) = sent(engine, *postbox, NOW)

    assert "https://" not in str(events(got)[0][2]["SUMMARY"])
