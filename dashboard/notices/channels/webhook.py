"""Any receiver: JSON, signed, with a key by which it can tell that it has had a message before.

The signature is HMAC-SHA256, in hex, of the timestamp, a full stop and the body, as `sha256=…` in
X-Dashboard-Signature; the timestamp is seconds since 1970 in X-Dashboard-Timestamp; the key is in Idempotency-Key and
in the body.
"""

import hashlib
import hmac
import json

from dashboard.notices.channels.http import post, reach
from dashboard.notices.channels.seam import Channel, Message
from dashboard.options import Secret


class Webhook(Channel):
    """Posts what programs read."""

    url: Secret
    secret: Secret

    def send(self, message: Message) -> str:
        """Posts it, signed."""
        told = {"key": message.key, "audience": message.audience, "subject": message.subject, "text": message.text,
                "acknowledge": message.link or None, "urgent": message.urgent, "notices": message.notices}  # fmt: skip
        body = json.dumps(told, separators=(",", ":")).encode()
        stamp = f"{message.sent_at:.0f}"
        headers = {"Content-Type": "application/json", "Idempotency-Key": message.key, "X-Dashboard-Timestamp": stamp,
                   "X-Dashboard-Signature": signature(self.secret.reveal(), stamp, body)}  # fmt: skip
        return post(self.name, self.url.reveal(), body, headers, self.timeout)

    def examine(self) -> str:
        """Whether anyone is there, and whether there is a secret."""
        self.secret.reveal()
        return reach(self.name, self.url.reveal(), self.timeout)


def signature(secret: str, stamp: str, body: bytes) -> str:
    """What a receiver makes again to see that it is from us, and unchanged."""
    return f"sha256={hmac.new(secret.encode(), stamp.encode() + b'.' + body, hashlib.sha256).hexdigest()}"
