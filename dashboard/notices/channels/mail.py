"""E-mail by SMTP. The key is in the Message-ID, so that a mail that comes twice is shown once.

Each maintenance comes with its event for the reader's calendar (RFC 6047), the same as in the subscription: a later
mail moves it, or takes it out.
"""

import re
import smtplib
import ssl
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Literal

from pydantic import field_validator

from dashboard.model.calendar import Event, attachment
from dashboard.notices.channels.seam import Channel, Message, NotDelivered
from dashboard.options import Secret

ADDRESS = re.compile(r"[^@\s<>,;:\"()\[\]\\]+@(?!-)[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.?")
NO_NAME = re.compile(r"[^\w.-]+", re.ASCII)
PORTS = {"tls": 465, "starttls": 587, "none": 25}


class Mail(Channel):
    """Sends to the addresses listed, and to the audience's own where `contact` is among them."""

    host: str
    port: int = 0  # 0: the usual one for `security`
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: Secret | None = None
    sender: str
    to: tuple[str, ...] = ("contact",)

    @field_validator("sender", "to")
    @classmethod
    def _addresses(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        for each in (value,) if isinstance(value, str) else value:
            if each != "contact" and not ADDRESS.fullmatch(each):
                raise ValueError(f"{each!r} is no e-mail address; write it like oncall@example.com")
        return value

    def send(self, message: Message) -> str:
        """Sends it to everyone in one mail."""
        why = self.unfit(message.contact)
        if why:
            raise NotDelivered(f"{self.name}: {why}", lasting=True)
        to = [address_of(message.contact) if each == "contact" else each for each in self.to]
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self.sender, ", ".join(to), " ".join(message.subject.split())
        mail["Date"] = format_datetime(datetime.fromtimestamp(message.sent_at, UTC))
        mail["Message-ID"] = f"<{message.key}@{self.sender.rpartition('@')[2]}>"
        mail["X-Idempotency-Key"] = message.key
        mail["Auto-Submitted"] = "auto-generated"
        if message.urgent:
            mail["Importance"] = "high"
        mail.set_content(f"{message.text}\n\nAcknowledge: {message.link}\n" if message.link else f"{message.text}\n")
        self._attach_events(mail, message)
        try:
            with self._server() as server:
                refused = server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as why_not:
            raise self._refused(", ".join(why_not.recipients)) from why_not
        except (smtplib.SMTPException, OSError) as why_not:
            raise self._failed(why_not) from why_not
        if refused:  # some got it: those who did not are an attempt of their own, and the key tells the others
            raise self._refused(", ".join(refused))
        return f"accepted for {len(to)}"

    def _attach_events(self, mail: EmailMessage, message: Message) -> None:
        now = datetime.fromtimestamp(message.sent_at, UTC)
        for told in message.notices:
            if told.get("event"):
                method, made = attachment(Event.read(told["event"]), now, self.sender, message.base)
                name = f"{NO_NAME.sub('-', told['maintenance_id'])}.ics"
                mail.add_attachment(made, maintype="text", subtype="calendar", filename=name,
                                    params={"method": method, "charset": "utf-8"})  # fmt: skip

    def unfit(self, contact: str) -> str:
        """The audience's own contact has to be an address where it is to get mail."""
        if "contact" in self.to and not address_of(contact):
            return f"the contact {contact or 'nothing'!r} is no e-mail address; the directory has to say mailto:x@y"
        return ""

    def examine(self) -> str:
        """Connects and logs in."""
        try:
            with self._server() as server:
                server.noop()
        except (smtplib.SMTPException, OSError) as why:
            raise self._failed(why) from why
        return f"{self.name}: {self.host} answers"

    def _server(self) -> smtplib.SMTP:
        port = self.port or PORTS[self.security]
        secure = ssl.create_default_context()
        if self.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, port, timeout=self.timeout, context=secure)
        else:
            server = smtplib.SMTP(self.host, port, timeout=self.timeout)
        try:
            if self.security == "starttls":
                server.starttls(context=secure)
            if self.user and self.password:
                server.login(self.user, self.password.reveal())
        except BaseException:
            server.close()
            raise
        return server

    def _refused(self, who: str) -> NotDelivered:
        return NotDelivered(f"{self.name}: {self.host} refuses to deliver to {who}: correct the address", lasting=True)

    def _failed(self, why: Exception) -> NotDelivered:
        lasting = {
            smtplib.SMTPAuthenticationError: "refuses the user or the password: renew them",
            smtplib.SMTPSenderRefused: f"refuses the sender {self.sender}: correct it",
            smtplib.SMTPNotSupportedError: "does not offer what is asked of it: correct security or user",
            ssl.SSLCertVerificationError: "shows a certificate that is not trusted",
        }
        where = f"{self.name}: {self.host}"
        for kind, words in lasting.items():
            if isinstance(why, kind):
                return NotDelivered(f"{where} {words}", lasting=True)
        if isinstance(why, TimeoutError):
            return NotDelivered(f"{where} did not answer within {self.timeout:g} s")
        if isinstance(why, smtplib.SMTPResponseException):
            return NotDelivered(f"{where} answered {why.smtp_code}")
        return NotDelivered(f"{where} cannot be reached ({type(why).__name__}): is it up, and the port right?")


def address_of(contact: str) -> str:
    """The e-mail address in a contact of the directory; '' where it is none."""
    found = contact.strip().removeprefix("mailto:")
    return found if ADDRESS.fullmatch(found) else ""
