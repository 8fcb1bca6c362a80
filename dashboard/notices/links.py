"""Links by which a message is acknowledged: signed, so that nobody makes one up, and good until they expire."""

from datetime import datetime, timedelta

from itsdangerous import BadData, URLSafeSerializer

SALT = "acknowledge a notice"


def token(secret: str, message: str, now: datetime, good_for: timedelta) -> str:
    """What stands in the link of a message."""
    return str(URLSafeSerializer(secret, SALT).dumps([message, round((now + good_for).timestamp())]))


def read_token(secret: str, told: str, now: datetime) -> tuple[str, bool]:
    """The message that a link is for, '' where it is none of ours; and whether it is still good."""
    try:
        message, until = URLSafeSerializer(secret, SALT).loads(told[:2000])
        return str(message), now.timestamp() < float(until)
    except (BadData, TypeError, ValueError):
        return "", False
