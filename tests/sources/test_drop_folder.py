"""Messages dropped into a folder: MAINTNOTE calendars, mail and text become facts where they are clear."""

import os
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from dashboard.log import messages
from dashboard.log.append import append
from dashboard.log.database import appending, reading
from dashboard.log.state import maintenances
from dashboard.log.tables import set_aside
from dashboard.model.instants import iso
from dashboard.model.stages import Status
from dashboard.sources.drop_folder import DropFolder
from tests.sources.asked import START, Asked
from tests.sources.notes import calendar, note

UPDATE = ("maintenance_id", "status", "planned_start", "planned_end", "cluster_id", "note")
NOTICE = b"Reference: CHG-7\nStatus: Confirmed\nStart: 2026-03-05 10:00 UTC\nEnd: 2026-03-05 14:00 UTC\nNodes: n-1\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "drop"
    found.mkdir()
    return found


@pytest.fixture
def asked(engine: Engine, folder: Path) -> Asked:
    return Asked(engine, DropFolder(name="drop", type="drop_folder", folder=folder, provider="nimbus"), ("n-1", "n-2"))


def drop(folder: Path, name: str, raw: bytes, minutes: float = 0) -> None:
    """Writes a file that counts as written some minutes after the start."""
    path = folder / name
    path.write_bytes(raw)
    at = (START + timedelta(minutes=minutes)).timestamp()
    os.utime(path, (at, at))


def known_messages(asked: Asked) -> list[messages.Message]:
    ids = [row[0] for row in asked.told("provider_messages", "message_id")]
    with reading(asked.engine) as connection:
        return list(messages.in_force(connection, ids).values())


def put_aside(asked: Asked) -> list[tuple[str, str]]:
    with reading(asked.engine) as connection:
        return [tuple(row) for row in connection.execute(select(set_aside.c.file, set_aside.c.reason))]


def test_a_note_is_a_maintenance_with_window_status_nodes_and_a_claimed_end(asked: Asked, folder: Path) -> None:
    drop(folder, "a.ics", calendar(note(objects=("n-1", "n-2"))))

    asked.again()

    assert asked.told("maintenance_updates", *UPDATE, "provider_ref", "recorded_at") == [
        ("nimbus:CHG-1042", "confirmed", "2026-03-05T10:00:00Z", "2026-03-05T14:00:00Z", "",
         "MAINTNOTE, SEQUENCE 0; impact outage", "CHG-1042", iso(START)),
    ]  # fmt: skip
    assert asked.told("maintenance_nodes", "maintenance_id", "node_id", "removed") == [
        ("nimbus:CHG-1042", "n-1", False),
        ("nimbus:CHG-1042", "n-2", False),
    ]
    assert asked.told("provider_messages", "maintenance_id", "subject", "claimed_end") == [
        ("nimbus:CHG-1042", "Switch firmware", "2026-03-05T14:00:00Z")
    ]


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("TENTATIVE", "proposed"),
        ("CONFIRMED", "confirmed"),
        ("RE-SCHEDULED", "scheduled"),
        ("IN-PROCESS", "in_progress"),
        ("COMPLETED", "completed"),
        ("CANCELLED", "cancelled"),
        ("PAUSED", ""),
    ],
)
def test_each_of_their_states_is_one_of_ours(asked: Asked, folder: Path, word: str, status: str) -> None:
    """A word that nobody knows changes nothing, and is kept in the note."""
    drop(folder, "a.ics", calendar(note(status=word)))

    asked.again()

    ((told, remark),) = asked.told("maintenance_updates", "status", "note")
    assert told == status
    assert ("their word for its state: PAUSED" in remark) == (word == "PAUSED")


def test_the_higher_sequence_is_in_force_in_whatever_order_they_come(asked: Asked, folder: Path) -> None:
    """The note that was overtaken is kept as a message, and takes nothing back; nodes no longer named leave."""
    later = note(sequence=2, status="CANCELLED", objects=("n-2",), end=datetime(2026, 3, 5, 18, tzinfo=UTC))
    drop(folder, "b.ics", calendar(later), 0)
    asked.again()
    drop(folder, "c.ics", calendar(note(sequence=1, objects=("n-1",))), 2)
    asked.again(5)
    drop(folder, "d.ics", calendar(note(sequence=3, status="IN-PROCESS", objects=("n-1",))), 8)
    asked.again(5)

    with reading(asked.engine) as connection:
        found = maintenances(connection)["nimbus:CHG-1042"].maintenance
        members = [row[1:] for row in asked.told("maintenance_nodes", "recorded_at", "node_id", "removed")]
    assert found.status is Status.IN_PROGRESS
    assert [row[1] for row in asked.told("maintenance_updates", *UPDATE)] == ["cancelled", "in_progress"]
    assert sorted(members) == [("n-1", False), ("n-2", False), ("n-2", True)]
    assert {each.maintenance_id for each in known_messages(asked)} == {"nimbus:CHG-1042"}
    assert len(known_messages(asked)) == 3


def test_an_object_may_be_a_cluster_and_what_is_neither_is_set_aside_until_it_is_named(
    asked: Asked, folder: Path
) -> None:
    with appending(asked.engine) as connection:
        append(connection, {"clusters": [("iad-1", "nimbus", "", "", None)]}, START, "test")
    drop(folder, "a.ics", calendar(note(objects=("iad-1", "n-1", "n-9"))))
    asked.again()

    assert asked.told("maintenance_updates", "cluster_id") == [("iad-1",)]
    ((where, why),) = put_aside(asked)
    assert where == "drop/a.ics"
    assert "'n-9', which is no node or cluster" in why

    with appending(asked.engine) as connection:
        append(connection, {"nodes": [("n-9", "iad-1", "", 8, "")]}, asked.now, "test")
    asked.anew()

    assert [row[0] for row in asked.told("maintenance_nodes", "node_id")] == ["n-1", "n-9"]
    assert len(asked.told("maintenance_updates", "status")) == 1
    assert put_aside(asked) == []


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (calendar(note()).replace(b"DTSTART:20260305T100000Z", b"DTSTART:20260305T100000"), "DTSTART has no zone"),
        (calendar(note()).replace(b"DTSTART:20260305T100000Z", b"DTSTART;VALUE=DATE:20260305"), "no date with a time"),
        (calendar(note()).replace(b"DTSTART:20260305T100000Z", b"DTSTART:20260306T100000Z"), "DTEND is not after"),
        (calendar(note()).replace(b"DTSTART:20260305T100000Z", b"DTSTART:soon"), "no date with a time"),
        (calendar(note()).replace(b"SEQUENCE:0", b"SEQUENCE:first"), "cannot be read"),
        (b"BEGIN:VCALENDAR\nX-MAINTNOTE", "cannot be read"),
    ],
)
def test_a_note_that_cannot_be_read_is_an_unread_message_with_its_reason(
    asked: Asked, folder: Path, raw: bytes, why: str
) -> None:
    drop(folder, "a.ics", raw)

    asked.again()

    assert asked.told("maintenance_updates", *UPDATE) == []
    assert asked.told("provider_messages", "maintenance_id") == [("",)]
    assert why in put_aside(asked)[0][1]


def test_a_zone_of_theirs_that_is_known_by_name_needs_no_definition(asked: Asked, folder: Path) -> None:
    """Some write TZID without the VTIMEZONE that belongs to it."""
    raw = calendar(note()).replace(b"DTSTART:20260305T100000Z", b"DTSTART;TZID=Europe/Berlin:20260305T100000")
    drop(folder, "a.ics", raw)

    asked.again()

    assert asked.told("maintenance_updates", "planned_start") == [("2026-03-05T09:00:00Z",)]


def test_several_notes_in_one_message_are_several_maintenances(asked: Asked, folder: Path) -> None:
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "noc@nimbus.example", "Two works"
    mail.set_content("See the attached.")
    for reference in ("CHG-1", "CHG-2"):
        mail.add_attachment(calendar(note(reference=reference)), maintype="text", subtype="calendar", filename="m.ics")
    drop(folder, "a.eml", mail.as_bytes())

    asked.again()

    assert [row[0] for row in asked.told("maintenance_updates", "maintenance_id")] == ["nimbus:CHG-1", "nimbus:CHG-2"]
    assert len(known_messages(asked)) == 2


def test_a_plain_notice_that_is_clear_is_a_maintenance(asked: Asked, folder: Path) -> None:
    drop(folder, "work.txt", NOTICE)

    asked.again()

    assert asked.told("maintenance_updates", *UPDATE) == [
        ("nimbus:CHG-7", "confirmed", "2026-03-05T10:00:00Z", "2026-03-05T14:00:00Z", "", "")
    ]
    assert asked.told("maintenance_nodes", "node_id") == [("n-1",)]


def test_a_notice_is_of_the_maintenance_that_has_its_reference(asked: Asked, folder: Path) -> None:
    """Whoever told of that one first; a reference that is new, and announces no window, makes none."""
    row = ("M-1", START_MICROS, "api", "scheduled", "", "", "nimbus", "", None, None, None, "CHG-7", "")
    with appending(asked.engine) as connection:
        append(connection, {"maintenance_updates": [row]}, START, "test")
    drop(folder, "a.txt", b"Reference: CHG-7\nIt will be completed by 2026-03-05 16:00 UTC.")
    drop(folder, "b.txt", b"Reference: CHG-8\nIt will be completed by 2026-03-05 16:00 UTC.")

    asked.again()

    told = asked.told("provider_messages", "subject", "maintenance_id", "claimed_end")
    assert sorted(told) == [("a", "M-1", "2026-03-05T16:00:00Z"), ("b", "", "2026-03-05T16:00:00Z")]
    assert len(asked.told("maintenance_updates", "status")) == 1


def test_what_is_in_doubt_is_kept_unread(asked: Asked, folder: Path) -> None:
    drop(folder, "a.txt", b"Reference: CHG-7\nStart: 03/04/2026 10:00")

    asked.again()

    assert asked.told("provider_messages", "maintenance_id", "body", "claimed_end") == [
        ("", "Reference: CHG-7\nStart: 03/04/2026 10:00", None)
    ]
    assert asked.told("maintenance_updates", *UPDATE) == []


def test_only_what_is_new_or_has_changed_is_read(asked: Asked, folder: Path) -> None:
    """The same text again, under another name or later, is the same message; other text is another."""
    drop(folder, "a.txt", NOTICE)
    drop(folder, "ignored.pdf", NOTICE)
    drop(folder, ".hidden.txt", NOTICE)
    (folder / "link.txt").symlink_to(folder / "a.txt")
    first = asked.again()
    drop(folder, "copy.txt", NOTICE, 2)
    drop(folder, "a.txt", NOTICE, 3)
    second = asked.again(5)
    drop(folder, "a.txt", NOTICE + b"Thank you.", 8)
    third = asked.again(5)

    assert (first.new, second.new, third.new) == (3, 0, 3)
    assert len(known_messages(asked)) == 2


def test_a_person_s_word_goes_before_the_reader_s(asked: Asked, folder: Path) -> None:
    """However often a folder is read again, a tie made by hand stands, and so does one that was undone."""
    drop(folder, "a.txt", b"Reference: CHG-8\nIt will be completed by 2026-03-05 16:00 UTC.")
    drop(folder, "b.txt", NOTICE)
    asked.again()
    (message,) = (row[0] for row in asked.told("provider_messages", "message_id", "maintenance_id") if not row[1])
    for maintenance in ("nimbus:CHG-7", ""):
        with appending(asked.engine) as connection:
            messages.tie(connection, message, maintenance, asked.now, "test")
        done = asked.anew()

        with reading(asked.engine) as connection:
            found = messages.in_force(connection, [message])[message]
        assert (done.new, found.maintenance_id) == (0, maintenance)


def test_a_file_that_is_still_being_written_waits(asked: Asked, folder: Path) -> None:
    drop(folder, "a.txt", NOTICE, minutes=1)

    early = asked.again(1)
    late = asked.again(1)

    assert (early.new, late.new) == (0, 3)


def test_a_folder_that_is_gone_is_said_and_nothing_is_lost(asked: Asked, folder: Path) -> None:
    drop(folder, "a.txt", NOTICE)
    moved = folder.with_name("elsewhere")
    folder.rename(moved)
    gone = asked.again()
    moved.rename(folder)
    back = asked.again(60)

    assert "cannot be read (No such file or directory): correct folder" in gone.error
    assert back.new == 3


START_MICROS = int(START.timestamp()) * 1_000_000
