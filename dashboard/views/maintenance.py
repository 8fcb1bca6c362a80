"""Where does this maintenance stand."""

from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from dashboard.model.outlook import Fan, Racks, Slip


@dataclass(frozen=True, slots=True)
class WhereItStands:
    """One maintenance in full.

    `facts`: pairs of label and value, ready to print (provider, cluster, kind, planned, promised, at once, reference).
    `stages`, a row a stage that holds nodes, in the order of a rollout: stage, nodes, gpus, waiting_for, longest_words.
    `back`, a row a fraction (half, 90 %, 95 %, all): fraction, likely, plan_on (aware datetimes), words.
    `waiting_for`, a row an open expectation: who, role, what, since, due, late_words, contact, escalates_to.
    `stragglers`, the nodes longest in an open stage: node_id, rack, stage, since, hours, usual_hours (median of its
    like), waiting_for.
    `messages`, newest first: received_at, sender, subject, claimed_end, body (untrusted text).
    `cases`: case_id, node_id, status, severity, opened_at, response_due_at, resolution_due_at, note.
    `updates`, newest first: recorded_at, source, status, planned_start, planned_end, note.
    """

    now: datetime
    maintenance_id: str
    title: str
    subtitle: str  # "Firmware at Nimbus Cloud, nimbus-iad-1"
    status: str
    risk: str
    sentence: str
    because: tuple[str, ...]
    gpus: int
    out: int
    returned: int
    lost: int
    likely_words: str  # 95 % back, the median
    plan_on_words: str
    promised_words: str
    by_node: bool  # whether anything is reported per node
    facts: tuple[tuple[str, str], ...]
    stages: pd.DataFrame
    back: pd.DataFrame
    fan: Fan
    slip: Slip
    racks: Racks
    waiting_for: pd.DataFrame
    stragglers: pd.DataFrame
    messages: pd.DataFrame
    cases: pd.DataFrame
    updates: pd.DataFrame
