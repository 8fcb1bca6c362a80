"""Mail as it is sent comes out as plain words; junk comes out as what it looks like, and is never lost."""

import time
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.sources.drop_folder import DropFolder
from dashboard.sources.letters import LONGEST_BODY, letters_of, read_calendar, read_mail
from dashboard.sources.web_text import text_of_page

NOW = datetime(2026, 3, 1, tzinfo=UTC)
FOLDER = DropFolder(
    name="drop", folder=Path("drop"), senders={"nimbus.example": "nimbus", "ops@boreal.example": "boreal"}
)


def mail(body: str = "Hello", subtype: str = "plain", **headers: str) -> EmailMessage:
    found = EmailMessage(policy=policy.SMTP)
    for name, value in (
        {"From": "Nimbus <noc@nimbus.example>", "Subject": "Work", "Message-ID": "<1@nimbus>"} | headers
    ).items():
        found[name] = value
    found.set_content(body, subtype=subtype)
    return found


def test_plain_text_goes_before_its_twin_in_html() -> None:
    message = mail("Start: 2026-03-01 10:00 UTC")
    message.add_alternative("<p>Start: <b>10:00</b></p>", subtype="html")

    found = read_mail(message.as_bytes())

    assert (found.sender, found.subject, found.body) == (
        "Nimbus <noc@nimbus.example>",
        "Work",
        "Start: 2026-03-01 10:00 UTC",
    )


def test_html_alone_is_read_as_it_is_seen() -> None:
    """A table's row is a line; scripts and styles are not seen."""
    page = (
        "<html><head><style>p {}</style><script>alert(1)</script></head><body><h1>Notice</h1>"
        "<table><tr><td>Reference:</td><td>CHG-1</td></tr><tr><td>Start:</td><td>2026-03-01 10:00 UTC</td></tr></table>"
    )

    (letter,) = letters_of(read_mail(mail(page, "html").as_bytes()), FOLDER, NOW, "a.eml")

    assert "alert" not in letter.body
    assert (letter.reference, letter.update["planned_start"]) == ("CHG-1", "2026-03-01T10:00:00Z")


def test_a_message_keeps_its_name_wherever_it_is_read() -> None:
    """Headers that a journey adds do not count; another text under the same Message-ID is another message."""
    first = mail("Hello").as_bytes()

    assert read_mail(b"Received: by mx.example\r\n" + first).name == read_mail(first).name
    assert read_mail(first.replace(b"\r\n", b"\n")).name == read_mail(first).name
    assert read_mail(mail("Goodbye").as_bytes()).name != read_mail(first).name


@pytest.mark.parametrize(
    ("sender", "provider"),
    [
        ("noc@nimbus.example", "nimbus"),
        ("Nimbus <noc@mail.nimbus.example>", "nimbus"),
        ("ops@boreal.example", "boreal"),
        ("sales@boreal.example", ""),
        ("noc@notnimbus.example", ""),
        ("noc@nimbus.example.evil.test", ""),
        ("", ""),
    ],
)
def test_only_a_sender_that_is_named_writes_for_a_provider(sender: str, provider: str) -> None:
    assert FOLDER.provider_of(sender) == provider


def test_nothing_that_a_stranger_writes_becomes_a_fact() -> None:
    body = "Reference: CHG-1\nStart: 2026-03-01 10:00 UTC"

    (letter,) = letters_of(read_mail(mail(body, From="eve@evil.test").as_bytes()), FOLDER, NOW, "")

    assert (letter.body, letter.reference, letter.update, letter.claimed_end) == (body, "", {}, None)


def test_a_long_message_is_shortened_and_says_so() -> None:
    found = read_mail(mail("x" * 500_000).as_bytes(), whole=False)

    assert len(found.body) < LONGEST_BODY + 200
    assert "shortened here" in found.body
    assert "the rest is in the mailbox" in found.body


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff\xfe",
        b"From: =?utf-8?q?=00?= <a@b\r\nSubject: \xff\r\n\r\nbody \x00 end",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain; charset=tlh\r\n\r\nqapla",
        b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n!!! no base64",
        b"To: " + b"(" * 5000 + b"\r\nFrom: " + b"(" * 5000 + b"\r\n\r\nbody",
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(2000))
        + b"deep",
    ],
    ids=["empty", "bytes", "nul", "charset", "base64", "comments", "depth"],
)
def test_broken_mail_is_a_message_all_the_same(raw: bytes) -> None:
    (letter,) = letters_of(read_mail(raw), FOLDER, NOW, "x.eml")

    assert letter.message_id.startswith("drop:")
    assert "\x00" not in letter.body + letter.subject + letter.sender


def test_html_nested_beyond_reason_is_text() -> None:
    assert text_of_page("<div>" * 5000 + "deep" + "</div>" * 5000 + "after") == "deep\n\nafter"


PIECES = st.sampled_from(
    [
        b"From: ",
        b"Subject: ",
        b"Message-ID: ",
        b"Content-Type: text/html; charset=",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n",
        b"Content-Type: text/calendar\r\n",
        b"Content-Transfer-Encoding: base64\r\n",
        b"\r\n",
        b"=?utf-8?b?",
        b"--x\r\n",
        b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n",
        b"X-MAINTNOTE-MAINTENANCE-ID:M-1\r\n",
        b"DTSTART:",
        b"<style>",
    ]
)


@settings(max_examples=300)
@given(st.lists(st.one_of(PIECES, st.binary(max_size=40)), max_size=20).map(b"".join))
def test_no_junk_is_an_error_and_none_is_lost(raw: bytes) -> None:
    """Whatever bytes come, there is a message with a name of its own that any database takes."""
    for found in (read_mail(raw), read_calendar(raw, "x.ics")):
        letters = letters_of(found, FOLDER, NOW, "x")

        assert len(letters) >= 1
        for each in letters:
            text = each.message_id + each.sender + each.subject + each.body
            assert "\x00" not in text
            assert text.encode()
            assert len(each.message_id) <= 200


@pytest.mark.parametrize("piece", ["<a ", "<!--", "<", "</", "<a b='", "<style>", "<script><!--", "&", "<p>", "&#x26;"])
def test_no_page_takes_long(piece: str) -> None:
    """Half a megabyte of what has parsers look for an end that never comes."""
    began = time.process_time()

    text_of_page(piece * (500_000 // len(piece)))

    assert time.process_time() - began < 5


def test_what_is_seen_is_told_from_what_is_not() -> None:
    page = (
        "<!DOCTYPE html><html><head><title>no</title></head><body><!-- <p>no</p> --><STYLE>no</STYLE><p title='a'>"
        "Yes &amp;<br>yes</p><ul><li>one<li>two</ul><style>never closed, so seen"
    )

    assert text_of_page(page) == "Yes &\nyes\n\n- one\n- two\nnever closed, so seen"


@pytest.mark.parametrize("header", ["From", "Subject", "Content-Type"])
@pytest.mark.parametrize("piece", [b'"', b";a=", b",", b"a b ", b"(", b"=?utf-8?q?a?= "])
def test_no_header_takes_long(header: str, piece: bytes) -> None:
    began = time.process_time()

    read_mail(header.encode() + b": " + piece * (50_000 // len(piece)) + b"\r\n\r\nbody")

    assert time.process_time() - began < 5


def test_a_subject_may_be_encoded_or_not() -> None:
    for raw in ("=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"):
        assert read_mail(f"Subject: {raw}\r\n\r\nbody".encode()).subject == "Grüße"
