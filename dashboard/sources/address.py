"""Where a source is reached and how it shows who is asking: options that are checked when the configuration is read."""

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, PrivateAttr, model_validator

from dashboard.sources.seam import Secret, Source

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "x-api-key"})


def _web_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("write a whole address, like https://status.example.com/api")
    if parts.username or parts.password:
        raise ValueError("take the password out of the address; secrets are named by token_env or token_file")
    return url


Address = Annotated[str, AfterValidator(_web_address)]


CLOCKS_APART = 300.0
"""Seconds by which two clocks that somebody looks after never differ."""


class Reached(Source):
    """What every source that is reached over HTTP takes, however it shows who is asking."""

    url: Address
    ca_file: Path | None = None  # certificates to trust, where the host has one of its own
    proxy: Address | None = None
    largest_mb: float = Field(default=32, gt=0)  # an answer may have so many megabytes

    _ahead: float = PrivateAttr(default=0.0)  # seconds by which its clock was ahead of ours when it last answered

    def hear_clock(self, ahead: float | None) -> None:
        """Remembers what an answer showed of its clock, if anything."""
        self._ahead = self._ahead if ahead is None else ahead

    def doubt(self) -> str:
        """That its clock and ours differ."""
        if abs(self._ahead) < CLOCKS_APART:
            return ""
        minutes = round(abs(self._ahead) / 300) * 5  # one word for one fault
        apart = f"{minutes} min" if minutes < 120 else f"{round(minutes / 60):,} h"
        order = "ahead of" if self._ahead > 0 else "behind"
        return f"{self.name}: its clock is {apart} {order} ours, and so are its times: set whichever is wrong by NTP"

    def credential(self) -> Secret | None:
        """The secret that shows who is asking; None where anyone may ask."""
        return None

    def headers_of(self, secret: str) -> dict[str, str]:
        """What every request carries, given the secret of its credential, or '' for none."""
        return {}

    @model_validator(mode="after")
    def _keep_the_token_private(self) -> "Reached":
        parts = urlsplit(self.url)
        if self.credential() and parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise ValueError("a token would travel in the clear; use an https address")
        return self


class HttpSource(Reached):
    """A source whose credential, where it needs one, is a header."""

    token: Secret | None = None
    token_header: str = "Authorization"
    token_prefix: str = "Bearer "
    headers: dict[str, str] = Field(default_factory=dict)  # anything but secrets

    def credential(self) -> Secret | None:
        """The token."""
        return self.token

    def headers_of(self, secret: str) -> dict[str, str]:
        """The configured ones, and the token."""
        return self.headers | ({self.token_header: self.token_prefix + secret} if secret else {})

    @model_validator(mode="after")
    def _name_secrets_only(self) -> "HttpSource":
        secret = next((each for each in self.headers if each.lower() in SECRET_HEADERS), "")
        if secret:
            raise ValueError(f"{secret} is a secret; make it the token_header, and name it by token_env or token_file")
        return self
