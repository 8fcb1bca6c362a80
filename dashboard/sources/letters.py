"""Messages as people get them: bytes in, plain words out, and what they say where that is unambiguous.

Shared by whatever brings messages. Nothing here trusts a message: whatever is in it, it comes out as text.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import Message
from email.utils import parseaddr
from hashlib import blake2b
from itertools import islice
from typing import Any

from pydantic import Field

from dashboard.errors import UnreadableRecord
from dashboard.model.instants import iso
from dashboard.sources.maintnote import STATUSES, Note, read_notes
from dashboard.sources.mapping import strange
from dashboard.sources.notice_text import read_notice
from dashboard.sources.seam import Letter, Source
from dashboard.sources.web_text import text_of_page

LONGEST_BODY = 100_000  # characters
LONGEST_LINE = 1_000  # of a subject or a sender
LONGEST_HTML = 2_000_000
LONGEST_HEADER = 2_000
MOST_PARTS = 200
LONGEST_NAME = 100  # of a Message-ID
SHORTENED = "\n\n[shortened here]"
CUT = "\n\n[larger than this source reads: the rest is in the mailbox]"

BROKEN = (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError, MessageError)
"""What the standard library raises on mail that no sane program wrote."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A message in plain words; `name` is the same for the same message, whenever and however it is read."""

    name: str
    sender: str = ""
    subject: str = ""
    body: str = ""
    calendars: tuple[str, ...] = field(default=(), repr=False)


class Correspondence(Source):
    """A source of messages. Those of a sender that no option names are kept, and nothing in them becomes a fact."""

    provider: str = ""  # the provider_id of senders that are not listed
    senders: dict[str, str] = Field(default_factory=dict)  # an address, or a domain, and the provider_id it writes for

    def provider_of(self, sender: str) -> str:
        """Who writes: by the whole address, else by its domain or a domain above it; '' where nobody is known."""
        address = parseaddr(sender)[1].lower()
        named = {key.lower().lstrip("@"): value for key, value in self.senders.items()}
        domain = address.rpartition("@")[2].split(".")
        for key in [address, *(".".join(domain[i:]) for i in range(len(domain)))]:
            if key in named:
                return named[key]
        return self.provider

    def provider_of_note(self, provider: str, _said: str) -> str:
        """The provider of a MAINTNOTE, which also names one itself; '' where it may not be taken at its word."""
        return provider


def read_mail(raw: bytes, whole: bool = True) -> Mail:
    """A message by RFC 5322 in plain words; junk comes out as the text that it looks like. `whole`: it was not cut."""
    name = _digest(raw)
    try:
        found = message_from_bytes(raw)
        texts, pages, calendars = _parts(found)
        known = _header(found, "Message-ID").strip("<> ")
        name = f"{known[:LONGEST_NAME]}:{_digest(_after_headers(raw))}" if known else name
        sender, subject = _header(found, "From"), _header(found, "Subject")
    except BROKEN:
        return Mail(name, body=_bounded(_text_of(raw), whole))
    body = "\n\n".join(texts) or "\n\n".join(map(_plain, pages))
    if not (body or calendars or sender or subject):
        body = _text_of(raw)
    return Mail(name, sender, subject, _bounded(body, whole), tuple(calendars))


def read_text(raw: bytes, subject: str, whole: bool = True) -> Mail:
    """A file of plain text as a message."""
    return Mail(_digest(raw), subject=_line(subject), body=_bounded(_text_of(raw), whole))


def read_calendar(raw: bytes, subject: str) -> Mail:
    """A calendar file as a message: what it says in words, or its text where it cannot be read."""
    text = _text_of(raw)
    try:
        notes = read_notes(text)
    except UnreadableRecord:
        notes = []
    said = "\n\n".join(filter(None, [f"{each.title}\n{each.description}".strip() for each in notes]))
    title = next((each.title for each in notes if each.title), subject)
    return Mail(_digest(raw), subject=_line(title), body=_bounded(said or text, True), calendars=(text,))


def letters_of(mail: Mail, source: Correspondence, received_at: datetime, part: str) -> list[Letter]:
    """What one message says: a letter for each maintenance that it is about, one that says nothing for any other."""
    provider = source.provider_of(mail.sender)
    name = f"{source.name}:{mail.name}"
    plain = Letter(name, provider, received_at, mail.sender, mail.subject, mail.body, part)
    notes, faults = _notes(mail)
    newest = {each.reference: each for each in sorted(notes, key=lambda each: each.sequence)}
    told = [_of_note(plain, each, source) for each in newest.values()]
    if len(told) == 1:
        return [replace(told[0], faults=faults)]
    if told:
        several = [replace(each, message_id=f"{name}#{_digest(each.reference.encode())}") for each in told]
        return [replace(several[0], faults=faults), *several[1:]]
    if faults or not provider:
        return [replace(plain, faults=faults)]
    return [_of_notice(plain)]


def _notes(mail: Mail) -> tuple[list[Note], tuple[str, ...]]:
    notes, faults = [], []
    for text in mail.calendars:
        try:
            notes += read_notes(text)
        except UnreadableRecord as why:
            faults.append(str(why))
    return notes, tuple(faults)


def _of_note(plain: Letter, note: Note, source: Correspondence) -> Letter:
    provider = source.provider_of_note(plain.provider_id, note.provider)
    if not provider:
        return plain
    status = STATUSES.get(note.status)
    remarks = [f"impact {note.impact.lower()}" if note.impact else "", strange(note.status, STATUSES)]
    over = note.status in ("CANCELLED", "COMPLETED")  # then the window is no promise any more
    return replace(
        plain,
        provider_id=provider,
        claimed_end=None if over else note.end,
        reference=note.reference,
        update={
            "status": status or "",
            "title": note.title or plain.subject,
            "planned_start": iso(note.start),
            "planned_end": iso(note.end),
            "note": "; ".join(filter(None, remarks)),
        },
        resources=note.objects,
        revision=note.sequence,
    )


def _of_notice(plain: Letter) -> Letter:
    found = read_notice(plain.subject, plain.body)
    update = {
        "status": found.status or "",
        "planned_start": iso(found.start) if found.start else "",
        "planned_end": iso(found.end) if found.end else "",
    }
    said = {key: value for key, value in update.items() if value} if found.reference else {}
    return replace(
        plain,
        claimed_end=found.claimed_end,
        reference=found.reference,
        update=said | {"title": plain.subject} if said else {},
        resources=found.resources if found.reference else (),
    )


def _parts(found: "Message[Any, Any]") -> tuple[list[str], list[str], list[str]]:
    """The plain texts, the web pages and the calendars in a message, attached messages included."""
    texts: list[str] = []
    pages: list[str] = []
    calendars: list[str] = []
    for part in islice(found.walk(), MOST_PARTS):
        kind, file = part.get_content_type(), _safely(part.get_filename) or ""
        if part.is_multipart():
            continue
        if kind == "text/calendar" or str(file).lower().endswith(".ics"):
            calendars.append(_content(part))
        elif _safely(part.get_content_disposition) != "attachment":
            {"text/plain": texts, "text/html": pages}.get(kind, []).append(_content(part))
    return [each for each in texts if each.strip()], pages, calendars


def _content(part: "Message[Any, Any]") -> str:
    payload = _safely(lambda: part.get_payload(decode=True))
    raw = payload if isinstance(payload, bytes) else b""
    charset = _safely(part.get_content_charset) or "utf-8"
    try:
        return _clean(raw.decode(str(charset), "replace"))
    except (LookupError, ValueError):
        return _text_of(raw)


def _header(found: "Message[Any, Any]", name: str) -> str:
    """A header in words. Its reader takes a minute for what a hostile line of forty kilobytes can hold."""
    raw = next((value for key, value in found.raw_items() if key.lower() == name.lower()), "")
    said = str(raw)[:LONGEST_HEADER].encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return _line(str(policy.default.header_factory(name, "".join(said.splitlines()))))


def _safely(ask: Callable[[], Any]) -> Any:
    """The answer; None where what was written has the library stumble."""
    try:
        return ask()
    except BROKEN:
        return None


def _plain(page: str) -> str:
    """What a web page shows; the page itself where it shows nothing."""
    try:
        return text_of_page(page[:LONGEST_HTML]) or page[:LONGEST_HTML]
    except BROKEN:
        return page


def _after_headers(raw: bytes) -> bytes:
    head, _, rest = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    return rest or head


def _digest(raw: bytes) -> str:
    return blake2b(raw.replace(b"\r\n", b"\n"), digest_size=9).hexdigest()


def _text_of(raw: bytes) -> str:
    return _clean(raw.decode("utf-8-sig", "replace"))


def _clean(text: str) -> str:
    """Text that every database takes."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "\ufffd").replace("\r\n", "\n")


def _line(text: str) -> str:
    line = " ".join(_clean(text).split())
    return line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}…"


def _bounded(text: str, whole: bool) -> str:
    shown = _clean(text).strip("\n")
    cut = "" if whole else CUT
    return shown + cut if len(shown) <= LONGEST_BODY else shown[:LONGEST_BODY] + SHORTENED + cut
