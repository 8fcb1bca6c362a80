"""What is planned, running, late."""

from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from dashboard.model.outlook import Bar


@dataclass(frozen=True, slots=True)
class WhatIsPlanned:
    """Every maintenance that is running, announced, or over for less than 14 days.

    `table`, in the order of `bars`: maintenance_id, title, provider, cluster, kind, status, gpus, gpus_out, progress
    (0 to 1), planned_start, planned_end, likely_end, plan_on_end (95 % of the GPUs), slip_hours (likely against the
    first promise, + is later, NaN without a promise), waiting_for, risk.
    """

    now: datetime
    sentence: str
    running: int
    late: int
    announced: int
    finished: int
    bars: tuple[Bar, ...]
    table: pd.DataFrame
