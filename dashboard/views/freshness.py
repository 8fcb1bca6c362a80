"""How old is what I see."""

from dataclasses import dataclass
from datetime import datetime

import pandas as pd


@dataclass(frozen=True, slots=True)
class Head:
    """Where the log stands: the key of everything cached."""

    position: int
    recorded_at: datetime | None  # the newest fact; None for an empty log


@dataclass(frozen=True, slots=True)
class Freshness:
    """Age of each source at the instant shown.

    `sources`, oldest first: source, last_at (aware datetime), age_words, stale (bool).
    """

    words: str  # "data as of 2 min ago (nimbus), 14 min ago (fleet)"
    warning: str  # "" or one sentence: since when, and what it means
    sources: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Choices:
    """What the scope bar offers: (id, name) pairs, by name."""

    teams: tuple[tuple[str, str], ...]
    providers: tuple[tuple[str, str], ...]
    clusters: tuple[tuple[str, str], ...]
    skus: tuple[tuple[str, str], ...]
    first_at: datetime | None  # the oldest and newest recorded facts: the reach of "as of"
    last_at: datetime | None
