"""What the headers of an answer say: when to come again, where it goes on, and what its sender's clock shows."""

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin

from requests.utils import parse_header_links


def next_link(url: str, headers: Mapping[str, str]) -> str | None:
    """Where the answer to `url` goes on (RFC 8288)."""
    for link in parse_header_links(headers.get("link", "")):
        if link.get("rel") == "next" and link.get("url"):
            return urljoin(url, link["url"])
    return None


def retry_after(text: str, now: datetime) -> float | None:
    """Seconds, from a number of them or from a date; None for neither."""
    if text.strip().isdecimal():
        return float(text)
    at = _date(text)
    return max((at - now).total_seconds(), 0.0) if at else None


def ahead(headers: Mapping[str, str], ours: datetime) -> float | None:
    """Seconds by which the sender's clock is ahead of ours; None where it does not say.

    What a cache answers with is as old as the cache says.
    """
    at, age = _date(headers.get("date", "")), headers.get("age", "")
    return (at - ours).total_seconds() + (float(age) if age.isdecimal() else 0.0) if at else None


def _date(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return at if at.tzinfo else None
