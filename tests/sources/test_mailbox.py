"""A mailbox is read over real SMTP and IMAP: each message once, in order, and nothing in it is touched."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError
from sqlalchemy import Engine

from dashboard.jobs.collect import How
from dashboard.sources.mailbox import Mailbox
from dashboard.sources.seam import Secret
from tests.sources.asked import START, Asked
from tests.sources.notes import calendar, note
from tests.sources.post import PASSWORD, USER, Post, certificate, free_port, post_office, tls_in_front_of

HELD = Secret(where="the environment variable MAIL", held=SecretStr(PASSWORD))


@pytest.fixture(scope="module")
def office() -> Iterator[Post]:
    with post_office() as found:
        yield found


@pytest.fixture
def post(office: Post) -> Post:
    """The office with an empty mailbox."""
    with office.opened() as client:
        client.select_folder("INBOX")
        client.delete_messages(client.search())
        client.expunge()
    return office


def mailbox(post: Post, **options: Any) -> Mailbox:
    told: dict[str, Any] = {
        "name": "noc",
        "type": "mailbox",
        "host": "localhost",
        "port": post.imap_port,
        "user": USER,
        "password": HELD,
        "tls": "none",
        "senders": {"nimbus.example": "nimbus"},
        "timeout": 10,
    }
    return Mailbox.model_validate(told | options)


def mail(subject: str, body: str, sender: str = "noc@nimbus.example") -> EmailMessage:
    found = EmailMessage()
    found["From"], found["To"], found["Subject"] = sender, "fleet@lab.example", subject
    found["Message-ID"] = f"<{subject}@nimbus.example>"
    found.set_content(body)
    return found


def late(engine: Engine, source: Mailbox, nodes: tuple[str, ...] = ()) -> Asked:
    """A source asked a year later, so that what arrives by the test's clock has arrived before."""
    found = Asked(engine, source, nodes)
    found.now = START + timedelta(days=3650)
    return found


def test_mail_that_was_sent_is_facts(engine: Engine, post: Post) -> None:
    """From the provider's SMTP client, with a note attached, to a maintenance; what is not clear stays unread."""
    noted = mail("Switch firmware", "See the attached.")
    noted.add_attachment(calendar(note(objects=("n-1",))), maintype="text", subtype="calendar", filename="note.ics")
    post.send(noted, mail("Lunch", "At 12:00?", "bob@lab.example"))
    asked = late(engine, mailbox(post), ("n-1",))

    done = asked.again()

    assert (done.how, done.new) == (How.DONE, 4)
    assert asked.told("maintenance_updates", "maintenance_id", "status") == [("nimbus:CHG-1042", "confirmed")]
    assert sorted(asked.told("provider_messages", "subject", "maintenance_id", "provider_id", "sender")) == [
        ("Lunch", "", "", "bob@lab.example"),
        ("Switch firmware", "nimbus:CHG-1042", "nimbus", "noc@nimbus.example"),
    ]


def test_each_message_is_read_once_and_none_is_marked_or_moved(engine: Engine, post: Post) -> None:
    asked = late(engine, mailbox(post))
    post.send(mail("one", "1"))
    first = asked.again()
    idle = asked.again()
    post.send(mail("two", "2"), mail("three", "3"))
    second = asked.again()
    with post.opened() as client:
        client.select_folder("INBOX", readonly=True)
        flags = [set(each) for each in client.get_flags(client.search()).values()]

    assert (first.new, idle.new, second.new) == (1, 0, 2)
    assert sorted(row[0] for row in asked.told("provider_messages", "subject")) == ["one", "three", "two"]
    assert len(flags) == 3
    assert all(b"\\Seen" not in each for each in flags)


def test_a_folder_that_was_numbered_anew_is_read_again_and_tells_nothing_twice(engine: Engine, post: Post) -> None:
    """Another UIDVALIDITY: the same messages under other numbers, and one more."""
    with post.opened() as client:
        for name in ("Notices", "Old"):
            if client.folder_exists(name):
                client.delete_folder(name)
        client.create_folder("Notices")
        client.append("Notices", mail("one", "1").as_bytes(), msg_time=datetime(2026, 3, 1, tzinfo=UTC))
    asked = late(engine, mailbox(post, folder="Notices"))
    asked.again()
    with post.opened() as client:
        client.rename_folder("Notices", "Old")
        client.create_folder("Notices")
        client.append("Notices", mail("zero", "0").as_bytes(), msg_time=datetime(2026, 3, 2, tzinfo=UTC))
        client.append("Notices", mail("one", "1").as_bytes(), msg_time=datetime(2026, 3, 3, tzinfo=UTC))

    done = asked.again()

    assert done.new == 1
    assert [row[0] for row in asked.told("provider_messages", "subject")] == ["one", "zero"]


def test_a_message_counts_as_received_when_the_server_got_it(engine: Engine, post: Post) -> None:
    """Not when its sender says; and not later than now, should the server's clock be ahead."""
    backdated = mail("one", "1")
    backdated["Date"] = "Thu, 01 Jan 1998 00:00:00 +0000"
    post.put(backdated.as_bytes(), datetime(2026, 3, 1, 10, tzinfo=UTC))
    post.put(mail("two", "2").as_bytes(), datetime(2099, 1, 1, tzinfo=UTC))
    asked = Asked(engine, mailbox(post))

    asked.again()

    assert asked.told("provider_messages", "received_at") == [("2026-03-01T10:00:00Z",), ("2026-03-02T00:01:00Z",)]


def test_junk_between_messages_costs_neither(engine: Engine, post: Post) -> None:
    post.put(mail("one", "1").as_bytes())
    post.put(b"\xff\xfe junk\r\n\r\nthat is no mail")
    post.put(b"Content-Type: multipart/mixed\r\nContent-Type: \x80\r\n\r\n--\r\n")
    post.put(mail("two", "2").as_bytes())
    asked = late(engine, mailbox(post))

    done = asked.again()

    assert done.how is How.DONE
    assert len(asked.told("provider_messages", "subject")) == 4


def test_a_huge_message_is_read_as_far_as_configured(engine: Engine, post: Post) -> None:
    post.put(mail("huge", "x" * 3_000_000).as_bytes())
    post.put(mail("small", "y").as_bytes())
    asked = late(engine, mailbox(post, largest_mb=0.05))

    asked.again()

    bodies = dict(asked.told("provider_messages", "subject", "body"))
    assert 40_000 < len(bodies["huge"]) < 60_000
    assert "the rest is in the mailbox" in bodies["huge"]
    assert bodies["small"] == "y"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificate(tmp_path_factory.mktemp("tls"))


def test_over_tls_only_a_server_that_is_vouched_for_is_read(
    engine: Engine, post: Post, files: tuple[Path, Path]
) -> None:
    post.put(mail("one", "1").as_bytes())
    with tls_in_front_of(post.imap_port, files) as port:
        over_tls: dict[str, Any] = {"port": port, "tls": "implicit"}
        trusted = late(engine, mailbox(post, ca_file=files[0], **over_tls)).again()
        strange = late(engine, mailbox(post, name="b", **over_tls)).again()
        plain = late(engine, mailbox(post, name="c", tls="implicit", ca_file=files[0])).again()

    assert trusted.new == 1
    assert "has a certificate that is not trusted (self-signed certificate): name its authority" in strange.error
    assert "speaks no TLS that we understand" in plain.error


def test_starttls_comes_before_the_password(engine: Engine, files: tuple[Path, Path]) -> None:
    with post_office(files) as post:
        post.put(mail("one", "1").as_bytes())
        trusted = late(engine, mailbox(post, tls="starttls", ca_file=files[0])).again()
        strange = late(engine, mailbox(post, name="b", tls="starttls")).again()

    assert trusted.new == 1
    assert "has a certificate that is not trusted" in strange.error


def test_each_fault_is_said_in_words(engine: Engine, post: Post) -> None:
    wrong = Secret(where="the environment variable MAIL", held=SecretStr("wrong"))
    faults: dict[str, dict[str, Any]] = {
        "refused noc (login): renew what the environment variable MAIL holds": {"password": wrong},
        "cannot be reached (Connection refused)": {"port": free_port()},
        "is a name that nobody knows": {"host": "mail.invalid", "tls": "implicit"},
        "would not open 'Nowhere'": {"folder": "Nowhere"},
    }

    for number, (words, options) in enumerate(faults.items()):
        done = late(engine, mailbox(post, name=f"n{number}", **options)).again()

        assert words in done.error
        assert PASSWORD not in done.error


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"host": "mail.example"}, "tls none would send the password"),
        ({"password": None}, "password_env or password_file, or token_env"),
        ({"senders": {}}, "say whose messages they are"),
    ],
)
def test_what_cannot_work_is_said_when_it_is_configured(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        mailbox(Post(1, 1), **options)
