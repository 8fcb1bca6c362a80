"""What is out for me, and when is it back."""

from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from dashboard.model.outlook import Fan


@dataclass(frozen=True, slots=True)
class Dip:
    """The next planned fall of capacity in scope."""

    maintenance_id: str
    title: str
    at: datetime
    gpus: int  # at its deepest, at the viewer's certainty
    words: str  # "in 3 d, Thu 18:00 CET"


@dataclass(frozen=True, slots=True)
class WhatIsOut:
    """Capacity in one look.

    `behind`, a row a maintenance that has GPUs out: maintenance_id, title, provider, cluster, gpus_out, gpus_total,
    likely_back, plan_on (both for 95 % of its GPUs, aware datetimes), promised, waiting_for, risk.
    `teams`, a row a team that loses something now or in the coming 14 days: team, allocated, out_now, most_out
    (GPUs, at the viewer's certainty, over the coming 14 days), most_out_at, basis ("by node" or "pro rata").
    `clusters`, a row a cluster in scope: cluster, provider, region, sku, gpus, in_service, out, lost.
    """

    now: datetime
    sentence: str
    gpus: int
    out: int
    lost: int
    likely_back: datetime | None  # when 95 % of what is out now is back, as likely as not; None: nothing is out
    likely_words: str  # "in 14 h, Tue 18:00 CET", "beyond 14 days" or "nothing is out"
    plan_on: datetime | None  # the same at the viewer's certainty
    plan_on_words: str
    dip: Dip | None
    fan: Fan
    behind: pd.DataFrame
    teams: pd.DataFrame
    clusters: pd.DataFrame
    basis: str  # how a team's share is known: "", "by node", "pro rata to allocations" or both
    trend: tuple[int, ...]  # GPUs out over the last 7 days, evenly spaced, for a sparkline


@dataclass(frozen=True, slots=True)
class CanIRun:
    """When N GPUs are free for D hours, at the viewer's certainty.

    `clusters`, best first: cluster, provider, region, sku, free_now (GPUs), earliest (aware datetime, NaT where it is
    not within 14 days), words ("now", "in 14 h, Tue 18:00 CET", "not within 14 days"), why.
    """

    sentence: str
    clusters: pd.DataFrame
