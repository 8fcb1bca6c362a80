"""Slack-compatible incoming webhooks: Slack, Mattermost, Rocket.Chat, Discord's /slack and others, at any host.

The url is made where the channel is: Slack, Apps > Incoming Webhooks. It is a secret: whoever has it can post.
"""

import json

from dashboard.notices.channels.http import post, reach
from dashboard.notices.channels.seam import Channel, Message
from dashboard.options import Secret


class Slack(Channel):
    """Posts text; what providers wrote pings nobody."""

    url: Secret
    room: str = ""  # where the webhook lets one choose; "contact": that of the directory

    def send(self, message: Message) -> str:
        """Posts it."""
        told: dict[str, object] = {"text": f"*{quiet(message.subject)}*\n{quiet(message.text)}", "link_names": False}
        room = message.contact.removeprefix("slack:") if self.room == "contact" else self.room
        if message.link:
            told["text"] = f"{told['text']}\n<{message.link}|Acknowledge>"
        if room:
            told["channel"] = room
        headers = {"Content-Type": "application/json", "Idempotency-Key": message.key}
        return post(self.name, self.url.reveal(), json.dumps(told).encode(), headers, self.timeout)

    def unfit(self, contact: str) -> str:
        """A room has to be named where the directory is to name it."""
        if self.room == "contact" and not contact.startswith("slack:"):
            return f"{contact or 'nothing'!r} is no room; the directory has to say slack:#room"
        return ""

    def examine(self) -> str:
        """Whether anyone is there."""
        return reach(self.name, self.url.reveal(), self.timeout)


def quiet(text: str) -> str:
    """Text that stays text: no link, no markup of theirs, and nobody is pinged."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.replace("@", "@\u2060")
