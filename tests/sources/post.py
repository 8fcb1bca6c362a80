"""A real post office on loopback: mail goes in by SMTP and lies in an IMAP mailbox."""

import asyncio
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from smtplib import SMTP
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope
from imapclient import IMAPClient

USER, PASSWORD = "noc", "no-one-shall-know"
PATIENCE_SECONDS = 30


@dataclass
class Post:
    """The office: where it serves IMAP, and how to send to it."""

    imap_port: int
    smtp_port: int
    certificate: Path | None = None

    def send(self, *mails: EmailMessage) -> None:
        """Sends by SMTP."""
        with SMTP("127.0.0.1", self.smtp_port) as smtp:
            for mail in mails:
                smtp.send_message(mail, "noc@nimbus.example", ["fleet@lab.example"])

    @contextmanager
    def opened(self) -> Iterator[IMAPClient]:
        """The mailbox as its owner sees it."""
        with IMAPClient("localhost", port=self.imap_port, ssl=False, timeout=10) as client:
            if self.certificate:
                client.starttls(ssl.create_default_context(cafile=str(self.certificate)))
            client.login(USER, PASSWORD)
            yield client

    def put(self, raw: bytes, at: datetime | None = None) -> None:
        """Puts bytes into the mailbox as they are."""
        with self.opened() as client:
            client.append("INBOX", raw, msg_time=at)


def free_port() -> int:
    with socket.socket() as each:
        each.bind(("127.0.0.1", 0))
        return int(each.getsockname()[1])


class _Delivering:
    """What comes by SMTP lies in the mailbox before the sender hears that it was taken."""

    def __init__(self, post: Post) -> None:
        self.post = post

    async def handle_DATA(  # noqa: N802  their name
        self, _server: Any, _session: Any, envelope: Envelope
    ) -> str:
        await asyncio.to_thread(self.post.put, bytes(envelope.original_content or b""))
        return "250 taken"


@contextmanager
def post_office(certificate: tuple[Path, Path] | None = None) -> Iterator[Post]:
    """Open for the length of a test; offers STARTTLS where there is a certificate and its key."""
    post = Post(free_port(), free_port(), certificate[0] if certificate else None)
    tls = ["--cert", str(certificate[0]), "--key", str(certificate[1])] if certificate else ["--no-tls"]
    where = ["--host", "localhost", "--port", str(post.imap_port)]
    box = ["dict", "--demo-data", "--demo-user", USER, "--demo-password", PASSWORD]
    run = "import sys; from pymap.main import main; sys.exit(main())"
    with subprocess.Popen([sys.executable, "-c", run, *where, *tls, *box], stderr=subprocess.DEVNULL) as server:
        try:
            _wait(post, server)
            _empty(post)
            smtp = Controller(_Delivering(post), hostname="127.0.0.1", port=post.smtp_port)
            smtp.start()
            try:
                yield post
            finally:
                smtp.stop()
        finally:
            server.terminate()


def _wait(post: Post, server: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        assert server.poll() is None, "the IMAP server stopped"
        try:
            with post.opened():
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the IMAP server did not answer")


def _empty(post: Post) -> None:
    """Its demonstration mail would be in the way."""
    with post.opened() as client:
        client.select_folder("INBOX")
        client.delete_messages(client.search())
        client.expunge()


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost that vouches for itself, and its key."""
    found, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(found)],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return found, key


@contextmanager
def tls_in_front_of(port: int, files: tuple[Path, Path]) -> Iterator[int]:
    """The port of a server that speaks TLS from the first byte, and passes on to another one."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*files)
    loop = asyncio.new_event_loop()

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("localhost", port)
        await asyncio.gather(pipe(reader, back), pipe(there, writer))

    serving = loop.run_until_complete(asyncio.start_server(accept, "localhost", 0, ssl=context, family=socket.AF_INET))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield serving.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=10)
        for task in asyncio.all_tasks(loop):
            task.cancel()
        serving.close()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
