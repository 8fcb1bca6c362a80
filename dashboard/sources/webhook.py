"""Facts that are pushed to us by POST /ingest/NAME on the app's port: from Event Grid, SNS, Alertmanager, Statuspage, …

Needs a secret that the sender shares: for HMAC-SHA256 over the body, or a token that comes along in a header.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import Field, model_validator

from dashboard.errors import SourceRefused
from dashboard.model.instants import EPOCH
from dashboard.sources import mapping
from dashboard.sources.seam import Batches, Secret, Source, Span

Kind = Literal["json", "statuspage", "alertmanager", "eventgrid", "sns"]


class Webhook(Source):
    """What may be pushed, by whom, and how it is read. Nobody asks it."""

    kind: Kind
    secret: Secret | None = None  # signs the body
    signature_header: str = "X-Signature"
    timestamp_header: str = ""  # where the sender signs when it sent, too: "TIMESTAMP.BODY"
    tolerance: Span = 300.0  # seconds that this may be off
    token: Secret | None = None
    token_header: str = "Authorization"  # Bearer TOKEN, or Basic with TOKEN as password; any other: TOKEN
    largest_mb: float = Field(default=1, gt=0, le=50)  # of a body; a larger one is refused
    records: str = ""  # json: the field that holds the list; '' where the body is the list, or one record
    facts: mapping.Facts | None = None
    provider: str = ""  # statuspage, sns: whose maintenances these are
    cluster: str = ""
    components: dict[str, str] = Field(default_factory=dict)
    topics: tuple[str, ...] = ()  # sns: ARNs whose subscription is confirmed by itself

    @model_validator(mode="after")
    def _sound(self) -> "Webhook":
        if (self.secret is None) == (self.token is None):
            raise ValueError("give either secret_env or secret_file, or token_env or token_file")
        if self.kind in ("json", "alertmanager", "eventgrid") and self.facts is None:
            raise ValueError(f"{self.kind} says nothing of itself: map it, like [sources.facts.node_transitions]")
        if self.kind in ("statuspage", "sns") and not self.provider:
            raise ValueError(f"{self.kind} needs provider: whose maintenances these are")
        if self.topics and self.kind != "sns":
            raise ValueError("only sns has topics")
        return self

    @property
    def pushed(self) -> bool:
        """It comes by itself."""
        return True

    @property
    def largest(self) -> int:
        """Bytes of the largest body."""
        return int(self.largest_mb * 1_000_000)

    def poll(self, cursor: str | None, now: datetime) -> Batches:
        """Nothing: there is nobody to ask."""
        yield from ()

    def missing(self, headers: Mapping[str, str]) -> str:
        """What a request lacks that would say who sends it, in a sentence; '' for nothing. Keys in small letters."""
        name = self.signature_header if self.secret else self.token_header
        if not headers.get(name.lower()):
            return f"The header {name} is missing: it has to carry the {'signature' if self.secret else 'token'}."
        if self.timestamp_header and not headers.get(self.timestamp_header.lower()):
            return f"The header {self.timestamp_header} is missing: it has to say when this was sent."
        return ""

    def wrong_token(self, headers: Mapping[str, str]) -> str:
        """Why the token is not ours, in a sentence; '' where it is, or where bodies are signed instead."""
        if self.token is None:
            return ""
        said = headers.get(self.token_header.lower(), "")
        if self.token_header.lower() == "authorization":
            said = _credential(said)
        return "" if _same(said, _held(self.token)) else "The token is not the one that was agreed on."

    def wrong_signature(self, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
        """Why the signature does not hold, in a sentence; '' where it does, or where a token is asked for instead."""
        if self.secret is None:
            return ""
        stamp = headers.get(self.timestamp_header.lower(), "") if self.timestamp_header else ""
        signed = f"{stamp}.".encode() + body if self.timestamp_header else body
        made = hmac.new(_held(self.secret).encode(), signed, hashlib.sha256).digest()
        if not any(hmac.compare_digest(made, each) for each in _signatures(headers[self.signature_header.lower()])):
            return "The signature is not that of this body under the secret that was agreed on."
        if self.timestamp_header:
            return self._wrong_time(stamp, now)
        return ""

    def _wrong_time(self, stamp: str, now: datetime) -> str:
        sent = int(stamp) if re.fullmatch(r"\d{1,13}", stamp) else None
        if sent is None:
            return f"The header {self.timestamp_header} has to be in seconds since 1970."
        sent_s = sent / 1000 if sent > 10**11 else sent
        if abs((now - EPOCH).total_seconds() - sent_s) > self.tolerance:
            return f"It was sent more than {self.tolerance:g} s ago, or by a clock that is wrong: send it anew."
        return ""


def _held(secret: Secret) -> str:
    """A secret. Raises SourceRefused."""
    held = secret.reveal()
    if not held:
        raise SourceRefused(f"{secret.where} is empty: put the secret into it")
    return held


def _same(said: str, held: str) -> bool:
    return hmac.compare_digest(said.encode("utf-8", "replace"), held.encode())


def _credential(said: str) -> str:
    """The token in `Bearer TOKEN`, or the password in Basic, which is all that SNS can send."""
    scheme, _, rest = said.partition(" ")
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(rest.strip(), validate=True).decode().partition(":")[2]
        except (binascii.Error, ValueError):
            return ""
    return rest.strip() if scheme.lower() == "bearer" else said


def _signatures(said: str) -> list[bytes]:
    """The signatures that a header carries: hexadecimal or base64, bare or like sha256=…, several with commas."""
    found = []
    for each in said.split(",")[:10]:
        value = re.sub(r"^\s*(?:sha256|v1)=", "", each, flags=re.IGNORECASE).strip()
        try:
            found.append(bytes.fromhex(value) if re.fullmatch(r"[0-9a-fA-F]{64}", value) else base64.b64decode(value))
        except (binascii.Error, ValueError):
            continue
    return found
