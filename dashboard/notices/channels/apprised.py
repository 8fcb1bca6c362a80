"""Teams, PagerDuty, and every other service that apprise knows by a url.

Teams: in the channel, Workflows > Post to a channel when a webhook request is received; the url that it shows.
PagerDuty: Service > Integrations > Events API v2; its integration key. Others: https://github.com/caronc/apprise/wiki
"""

import logging
from threading import get_ident
from typing import Any, Literal
from urllib.parse import quote

import apprise
from apprise import AppriseAsset, NotifyBase, NotifyFormat, NotifyType, PersistentStoreMode

from dashboard.notices.channels.seam import Channel, Message, NotDelivered
from dashboard.options import Secret

PLAIN = AppriseAsset(
    app_id="dashboard",
    app_url="",
    http_redirects=False,
    storage_mode=PersistentStoreMode.MEMORY,
    async_mode=False,
    interpret_emojis=False,
    interpret_escapes=False,
)


class Apprised(Channel):
    """Sends by one of apprise's services, each address of which is a url of theirs."""

    url: Secret

    def model_post_init(self, _: Any) -> None:
        """Has apprise read its hundred services now, and not within the time that the first delivery may take."""
        apprise.Apprise.instantiate("json://localhost", asset=PLAIN)

    def send(self, message: Message) -> str:
        """Sends it."""
        service = self._service(message)
        told = f"{message.text}\n\nAcknowledge: {message.link}" if message.link else message.text
        kind = NotifyType.WARNING if message.urgent else NotifyType.INFO
        with _Overheard() as heard:
            done = service.notify(body=told, title=message.subject, notify_type=kind, body_format=NotifyFormat.TEXT)
        if not done:
            said = f" ({heard.last})" if heard.last else ""
            raise NotDelivered(f"{self.name}: {service.service_name} did not take it{said}")
        return "taken"

    def examine(self) -> str:
        """Whether apprise understands its url: what it would answer is known once something is sent."""
        return f"{self.name}: {self._service(None).service_name} is understood; nothing is sent to try it"

    def _service(self, message: Message | None) -> NotifyBase:
        service = apprise.Apprise.instantiate(self._address(message), asset=PLAIN, suppress_exceptions=True)
        if not isinstance(service, NotifyBase):
            raise NotDelivered(f"{self.name}: its url is none that apprise knows: correct it", lasting=True)
        service.socket_connect_timeout = service.socket_read_timeout = self.timeout
        service.redirects = False  # whatever the url says
        return service

    def _address(self, message: Message | None) -> str:
        del message
        return self.url.reveal()


class Teams(Apprised):
    """A channel in Microsoft Teams, by its workflow's url."""

    def _address(self, message: Message | None) -> str:
        del message
        return self.url.reveal()


class PagerDuty(Channel):
    """An incident at PagerDuty; a message that is sent twice is one incident."""

    key: Secret
    region: Literal["us", "eu"] = "us"

    def send(self, message: Message) -> str:
        """Triggers it."""
        return self._apprised(message).send(message)

    def examine(self) -> str:
        """Whether there is a key."""
        return self._apprised(None).examine()

    def _apprised(self, message: Message | None) -> "Apprised":
        options: dict[str, Any] = {"name": self.name, "timeout": self.timeout}
        dedup = quote(message.key, safe="") if message else ""
        key = quote(self.key.reveal(), safe="")
        held = f"pagerduty://{key}@dashboard/dashboard/notices?region={self.region}&dedup={dedup}"
        return Apprised(url=Secret.holding("the option key", held), **options)


class _Overheard(logging.Handler):
    """What apprise says of a failure: it answers yes or no only, and writes the reason to its log."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.last = ""
        self._thread = get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        """Keeps the last word, in one line."""
        if record.thread == self._thread:
            self.last = " ".join(record.getMessage().split())[:200]

    def __enter__(self) -> "_Overheard":
        logging.getLogger("apprise").addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger("apprise").removeHandler(self)
