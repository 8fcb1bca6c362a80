"""The feed of updates, held against RFC 4287."""

from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID
from xml.etree.ElementTree import Element, fromstring

from tests.web.conftest import World
from tests.web.test_calendar import HOSTILE, tell, word

ATOM = "{http://www.w3.org/2005/Atom}"
KNOWN = {"feed", "entry", "id", "title", "updated", "published", "link", "generator", "author", "name", "category",
         "summary"}  # fmt: skip


def read(world: World, query: str = "") -> Element:
    answer = world.served.ask("GET", f"/feed.atom{query}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    root = fromstring(answer.content)
    assert_valid(root)
    return root


def one(parent: Element, name: str) -> Element:
    found = parent.findall(ATOM + name)
    assert len(found) == 1, f"exactly one {name}"
    return found[0]


def assert_valid(root: Element) -> None:
    """4.1.1, 4.1.2, and what they refer to."""
    assert root.tag == f"{ATOM}feed"
    assert {each.tag.removeprefix(ATOM) for each in root.iter()} <= KNOWN
    ids = []
    for each in (root, *root.findall(f"{ATOM}entry")):
        ids.append(one(each, "id").text or "")
        assert one(each, "title").text
        assert datetime.fromisoformat(one(each, "updated").text or "").tzinfo  # 3.3
        alternates = [link for link in each.findall(f"{ATOM}link") if link.get("rel") == "alternate"]
        assert len({(link.get("type"), link.get("hreflang")) for link in alternates}) == len(alternates) == 1
        assert all(urlsplit(link.get("href") or "").scheme == "http" for link in each.findall(f"{ATOM}link"))
    (own,) = [link for link in root.findall(f"{ATOM}link") if link.get("rel") == "self"]
    assert own.get("type") == "application/atom+xml"
    for entry in root.findall(f"{ATOM}entry"):
        assert one(one(entry, "author"), "name").text  # 4.1.2: the feed has none of its own
    assert len(ids) == len(set(ids))
    assert all(UUID(each.removeprefix("urn:uuid:")) for each in ids)  # 4.2.6: an IRI that never changes


def titles(root: Element) -> list[str]:
    return [one(entry, "title").text or "" for entry in root.findall(f"{ATOM}entry")]


def test_the_sample_is_a_valid_feed(sample: World) -> None:
    """The newest first, not without end."""
    root = read(sample, "?provider=nimbus")

    stamps = [one(entry, "updated").text or "" for entry in root.findall(f"{ATOM}entry")]
    assert stamps == sorted(stamps, reverse=True)
    assert one(root, "updated").text == stamps[0]
    assert one(root, "title").text == "Maintenance updates · Nimbus Cloud"
    assert 10 < len(stamps) <= 50
    assert titles(root)[0] == (
        "Firmware 2.14 on H100 trays, wave 2 of 3: promised end moved to Thu 19 Nov 2026 09:00 UTC, 20 h later"
    )


def test_every_revision_is_an_entry_for_good(small: World) -> None:
    """Each as it was said then; none changes as others come."""
    tell(small, word(-9, status="scheduled", title="Firmware", provider="p", cluster="c", start=24, end=30))
    first = read(small)

    tell(small, word(-8, start=48, end=54), word(-7, status="cancelled"), fleet=False)
    second = read(small)

    assert titles(second) == [
        "Firmware: cancelled",
        "Firmware: start moved to Fri 20 Nov 2026 15:30 UTC, 24 h later; promised end moved to Fri 20 Nov 2026 21:30 "
        "UTC, 24 h later",
        "Firmware: announced for Thu 19 Nov 2026 15:30 UTC to Thu 19 Nov 2026 21:30 UTC",
    ]
    old, kept = first.findall(f"{ATOM}entry")[-1], second.findall(f"{ATOM}entry")[-1]
    assert [(each.tag, each.text) for each in old.iter()] == [(each.tag, each.text) for each in kept.iter()]


def test_what_is_long_past_is_no_news(small: World) -> None:
    tell(small, word(-31 * 24, status="confirmed", title="Old", cluster="c", start=24, end=30), word(-1, end=31))

    assert len(titles(read(small))) == 1


def test_words_of_others_are_text(small: World) -> None:
    tell(small, word(-9, status="confirmed", title=f"<script>&amp; {HOSTILE}", cluster="c", start=24, end=30))

    (entry,) = read(small).findall(f"{ATOM}entry")

    assert (one(entry, "title").text or "").startswith('<script>&amp; Pump; \\ "loop", 2')
    assert one(entry, "title").get("type") == "text"


def test_an_empty_log_is_an_empty_feed(small: World) -> None:
    assert titles(read(small)) == []


def test_a_reader_that_has_it_is_told_so(small: World) -> None:
    tell(small, word(-9, status="confirmed", cluster="c", start=24, end=30))
    tag = small.served.ask("GET", "/feed.atom").headers["ETag"]

    assert small.served.ask("GET", "/feed.atom", headers={"If-None-Match": f'"x", {tag}'}).status_code == 304
