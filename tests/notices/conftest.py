"""A real SMTP server on loopback."""

import socket
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message as Mailed
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from dashboard.notices.channels.mail import Mail


class Postbox:
    """What an SMTP server took; it refuses whoever is called nobody."""

    def __init__(self) -> None:
        self.mails: list[Mailed] = []

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        if address.startswith("nobody@"):
            return "550 no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.append(message_from_bytes(envelope.content))
        return "250 taken"


def _free() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def postbox() -> Iterator[tuple[Postbox, int]]:
    """A real SMTP server on loopback, and its port."""
    box = Postbox()
    controller = Controller(box, hostname="127.0.0.1", port=_free())
    controller.start()
    try:
        yield box, controller.port
    finally:
        controller.stop()


def mail(port: int, **more: Any) -> Mail:
    return Mail(name="mail", host="127.0.0.1", port=port, security="none", sender="dash@fleet.example", **more)


def text_of(got: Mailed) -> str:
    """The words of a mail, without what is attached."""
    part = next(each for each in got.walk() if each.get_content_type() == "text/plain")
    return bytes(part.get_payload(decode=True)).decode()
