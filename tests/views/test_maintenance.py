"""Where a maintenance stands, in words that could be sent as they are."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.model.parties import Party
from dashboard.model.scope import Scope
from dashboard.model.stages import Status
from dashboard.views.maintenance import sentence
from dashboard.views.summaries import Summary

NOW = datetime(2026, 11, 18, 15, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (NOW + 30 * HOUR, "Scheduled: 640 GPUs go out in 30 h, Thu 21:20 UTC. No forecast yet."),
        (NOW - 3 * HOUR, "Scheduled: 640 GPUs were to go out 3 h ago, Wed 12:20 UTC. No forecast yet."),
        (None, "Scheduled, with 640 GPUs. No forecast yet."),
    ],
)
def test_what_has_not_begun_says_when_it_is_to(start: datetime | None, words: str) -> None:
    announced = Summary(
        "M-1", "Firmware", "p", "c", "firmware", Status.SCHEDULED, 640, 0, 0, 0, start, None, None, None, None, None,
        None, None, None, Party("", "", "", ""), "",
    )  # fmt: skip

    assert sentence(announced, NOW, Scope(zone="UTC")) == words
