"""What the headers of an answer say: where the next page is, how long to leave its sender alone, and its clock."""

import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin

import requests
from requests.utils import parse_header_links

CLOCK = re.compile(r"^\d{2}:\d{2}:\d{2}$")


def next_link(response: requests.Response) -> str | None:
    """The next page, by a Link header (RFC 8288); None after the last."""
    for link in parse_header_links(response.headers.get("link", "")):
        if link.get("rel") == "next" and link.get("url"):
            return urljoin(response.url, link["url"])
    return None


def pause(headers: Mapping[str, str]) -> str:
    """How long to leave it alone, as it says; Azure Resource Graph has a word of its own for that."""
    return headers.get("retry-after") or headers.get("x-ms-user-quota-resets-after", "")


def pause_seconds(text: str, now: datetime) -> float | None:
    """Seconds, from a number of them, from hh:mm:ss or from a date; None for none of these."""
    if text.strip().isdecimal():
        return float(text)
    if CLOCK.match(text):
        hours, minutes, seconds = map(int, text.split(":"))
        return hours * 3600.0 + minutes * 60.0 + seconds
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
