"""A mailbox over IMAP4rev1 (RFC 3501), in which providers' notices arrive.

Needs an account that may read one folder; its password, or an OAuth 2 token for XOAUTH2. The folder is opened
read-only: nothing is marked, moved or deleted. A message counts as received when the server says it arrived.
"""

import json
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError
from pydantic import Field, model_validator

from dashboard.errors import SourceRefused, SourceUnavailable
from dashboard.sources.letters import Correspondence, letters_of, read_mail
from dashboard.sources.seam import Batch, Batches, Letter, Secret

PORTS = {"implicit": 993, "starttls": 143, "none": 143}
AT_ONCE = 50  # messages in a batch
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Mailbox(Correspondence):
    """Reads messages in the order in which they arrived. Gives messages, and what they say."""

    host: str
    port: int = Field(default=0, ge=0, le=65535)  # 0: the usual one
    user: str
    password: Secret | None = None
    token: Secret | None = None  # OAuth 2
    folder: str = "INBOX"
    since: date | None = None  # what arrived before is not read
    tls: Literal["implicit", "starttls", "none"] = "implicit"
    ca_file: Path | None = None
    largest_mb: float = Field(default=10, gt=0, le=100)  # of a message; what is beyond is not read

    @model_validator(mode="after")
    def _sound(self) -> "Mailbox":
        if (self.password is None) == (self.token is None):
            raise ValueError("give either password_env or password_file, or token_env or token_file")
        if self.tls == "none" and self.host not in LOOPBACK:
            raise ValueError("tls none would send the password to be read by anyone; it is for this host alone")
        if not (self.provider or self.senders):
            raise ValueError("say whose messages they are, by provider, or by senders and their providers")
        return self

    def poll(self, cursor: str | None, now: datetime) -> Batches:
        """What has arrived since. Numbers of messages hold for as long as the folder's UIDVALIDITY does."""
        before = json.loads(cursor) if cursor else {}
        with self._opened() as client:
            chosen = client.select_folder(self.folder, readonly=True)
            validity = int(chosen[b"UIDVALIDITY"])
            last = int(before["uid"]) if before.get("validity") == validity else 0
            wanted: list[Any] = ["UID", f"{last + 1}:*", *(["SINCE", self.since] if self.since else [])]
            # A range that ends in * holds the newest message, however small its number.
            numbers = sorted(number for number in client.search(wanted) if number > last)
            reread = [] if cursor else [""]
            for some in self._portions(client, numbers):
                letters = [letter for number in some for letter in self._fetched(client, number, now)]
                reached = json.dumps({"validity": validity, "uid": some[-1]})
                yield Batch({}, reached, reread=reread, letters=letters)
                reread = []

    @property
    def _limit(self) -> int:
        return int(self.largest_mb * 1_000_000)

    def _portions(self, client: IMAPClient, numbers: list[int]) -> Iterator[list[int]]:
        """As many at once as memory holds."""
        portion: list[int] = []
        total = 0
        for start in range(0, len(numbers), 1_000):
            some = numbers[start : start + 1_000]
            sizes = client.fetch(some, ["RFC822.SIZE"])
            for number in some:
                size = min(int(sizes.get(number, {}).get(b"RFC822.SIZE", 0)), self._limit)
                if portion and (len(portion) == AT_ONCE or total + size > self._limit):
                    yield portion
                    portion, total = [], 0
                portion.append(number)
                total += size
        if portion:
            yield portion

    def _fetched(self, client: IMAPClient, number: int, now: datetime) -> list[Letter]:
        """One message; [] where somebody has taken it away meanwhile."""
        wanted = ["RFC822.SIZE", "INTERNALDATE", f"BODY.PEEK[]<0.{self._limit}>"]
        found: Mapping[bytes, Any] = client.fetch([number], wanted).get(number, {})
        raw = found.get(b"BODY[]<0>")
        if not isinstance(raw, bytes):
            return []
        arrived = found.get(b"INTERNALDATE")
        at = min(arrived, now) if isinstance(arrived, datetime) and arrived.tzinfo else now
        mail = read_mail(raw, whole=int(found.get(b"RFC822.SIZE", 0)) <= self._limit)
        return letters_of(mail, self, at.astimezone(UTC), f"message {number}")

    @contextmanager
    def _opened(self) -> Iterator[IMAPClient]:
        """A session, its errors ours. What the server says is left out of them: it could repeat a secret."""
        where = f"{self.name}: {self.host}"
        try:
            with self._connected() as client:
                self._log_in(client)
                yield client
        except LoginError as why:
            held = (self.password or self.token or Secret(where="nothing")).where
            raise SourceRefused(f"{where} refused {self.user} (login): renew what {held} holds") from why
        except ssl.SSLCertVerificationError as why:
            raise SourceRefused(
                f"{where} has a certificate that is not trusted ({why.verify_message}): name its authority by ca_file"
            ) from why
        except ssl.SSLError as why:
            raise SourceUnavailable(
                f"{where} speaks no TLS that we understand ({why.reason}): check port and tls"
            ) from why
        except socket.gaierror as why:
            raise SourceUnavailable(f"{where} is a name that nobody knows: check host, or the name server") from why
        except TimeoutError as why:
            raise SourceUnavailable(f"{where} did not answer within {self.timeout:g} s") from why
        except OSError as why:
            raise SourceUnavailable(f"{where} cannot be reached ({why.strerror or type(why).__name__})") from why
        except IMAPClientAbortError as why:
            raise SourceUnavailable(f"{where} hung up") from why
        except IMAPClientError as why:
            raise SourceRefused(f"{where} would not open {self.folder!r} or let it be read: check folder") from why

    def _connected(self) -> IMAPClient:
        context = ssl.create_default_context(cafile=str(self.ca_file) if self.ca_file else None)
        client = IMAPClient(
            self.host,
            port=self.port or PORTS[self.tls],
            ssl=self.tls == "implicit",
            ssl_context=context if self.tls == "implicit" else None,
            timeout=self.timeout,
        )
        client.normalise_times = False  # instants keep their zone
        if self.tls == "starttls":
            client.starttls(context)
        return client

    def _log_in(self, client: IMAPClient) -> None:
        if self.token is not None:
            client.oauth2_login(self.user, self.token.reveal())
        elif self.password is not None:
            client.login(self.user, self.password.reveal())
