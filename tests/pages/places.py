"""A node, a cluster and what goes by a name, without a log."""

from datetime import datetime, timedelta

import pandas as pd

from dashboard.model.history import Lane, Lanes, stays_of
from dashboard.model.outlook import Fan, Racks
from dashboard.model.stages import Stage
from dashboard.views.cluster import HowIsCluster
from dashboard.views.node import WhatHappened
from dashboard.views.search import Found, Hit

NODE, CLUSTER = "nimbus-iad-1-n00317", "nimbus-iad-1"


def _frame(columns: str, *rows: tuple[object, ...]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=columns.split())


def what_happened(state: str, now: datetime, title: str, hostile: str) -> WhatHappened:
    """A node that is out for the second time, or one that never was."""
    hour = timedelta(hours=1)
    their = hostile if state == "hostile" else title
    turns = ((30, Stage.CORDONED), (28, Stage.IN_MAINTENANCE), (6, Stage.VALIDATING))
    lane = Lane("M-1000", their, stays_of((now - ago * hour, stage) for ago, stage in turns))
    before = Lane("M-1009", title, stays_of([(now - 400 * hour, Stage.CORDONED), (now - 390 * hour, Stage.IN_SERVICE)]))
    lanes = () if state == "empty" else (lane, before)
    maintenances = _frame(
        "maintenance_id title kind status out_at back_at hours stages repairs",
        ("M-1000", their, "firmware", "in progress", now - 30 * hour, pd.NaT, 30.0, "cordoned 2 h, validating 6 h", 1),
        ("M-1009", title, "power", "completed", now - 400 * hour, now - 390 * hour, 10.0, "cordoned 10 h", 0),
    )
    cases = _frame(
        "case_id status severity opened_at closed_at note title maintenance_id",
        ("CS-411", "open", "2", now - 15 * hour, pd.NaT, their, their, "M-1000"),
    )
    messages = _frame(
        "received_at sender subject body title maintenance_id", (now - hour, "noc", their, hostile, their, "M-1000")
    )
    if state == "empty":
        maintenances, cases, messages = (each.iloc[:0] for each in (maintenances, cases, messages))
    out = state != "empty"
    said = "validating since 07:00, the second time out in 90 days."
    quiet = "in service; no maintenance is known to have taken it out."
    return WhatHappened(
        now=now,
        node_id=NODE,
        sentence=f"{NODE} of {CLUSTER} is {said if out else quiet}",
        cluster=CLUSTER,
        stage="validating" if out else "in_service",
        since=now - 6 * hour if out else None,
        stage_words="validating, for 6 h" if out else "in service",
        usual_words="half take at most 2 h, 19 in 20 at most 5 h" if out else "",
        back_words="in 14 h, Wed 03:00; plan on Wed 09:00" if out else "",
        who=their if out else "",
        contact="#hw-health" if out else "",
        escalates_to="",
        maintenance_id="M-1000" if out else "",
        maintenance=their if out else "",
        outs=2 if out else 0,
        repairs=1 if out else 0,
        hours_out=40.0 if out else 0.0,
        kind=("Nimbus Cloud", "us-east", "H100", "rack A01", "8 GPUs"),
        beside=("Failed validation in 1 of 2; its like in 7 of 331, 2 %.",) if out else (),
        odd=(f"{their} is told to be completed; the node is validating.",) if out else (),
        changed=(),
        lanes=Lanes(now, lanes, 7.0 if out else None),
        maintenances=maintenances,
        cases=cases,
        messages=messages,
    )


def how_is_cluster(state: str, now: datetime, title: str, hostile: str, fan: Fan, racks: Racks) -> HowIsCluster:
    """A cluster with something out, or with nothing."""
    hour = timedelta(hours=1)
    their, out = hostile if state == "hostile" else title, state != "empty"
    why = _frame(
        "stage title nodes gpus since waiting_for maintenance_id",
        ("in_maintenance", their, 30, 240, now - 9 * hour, their, "M-1000"),
    )
    coming = _frame(
        "title status starts promised gpus maintenance_id", (their, "confirmed", now + 90 * hour, pd.NaT, 640, "M-1005")
    )
    teams = _frame("team allocated available out short", (their, 2560, 2320, 240, 240))
    worst = _frame(
        "node_id rack outs again repairs hours stage since", (NODE, "A01", 4, 2, 1, 137.0, "repairing", now - 3 * hour)
    )
    if not out:
        why, coming, teams, worst = (each.iloc[:0] for each in (why, coming, teams, worst))
    return HowIsCluster(
        now=now,
        cluster=CLUSTER,
        sentence=f"{CLUSTER}: 240 of 4,096 GPUs are out." if out else f"{CLUSTER}: all 4,096 GPUs are in service.",
        kind=("Nimbus Cloud", "us-east", "H100", "512 nodes"),
        nodes=512,
        gpus=4096,
        out=240 if out else 0,
        lost=16 if out else 0,
        likely_words="in 14 h, Wed 03:00" if out else "nothing is out",
        plan_on_words="in 20 h, Wed 09:00" if out else "nothing is out",
        dip=None,
        again=1 if out else 0,
        troubled=len(worst),
        fan=fan,
        racks=racks,
        why=why,
        coming=coming,
        teams=teams,
        worst=worst,
    )


def search(state: str, text: str, title: str, hostile: str) -> Found:
    """What is found, whatever is looked for; nothing in an empty log."""
    if state == "empty":
        return Found(text, (), ())
    their = hostile if state == "hostile" else title
    hits = (
        Hit("cluster", CLUSTER, CLUSTER, "us-east · H100"),
        Hit("maintenance", "M-1000", their, "M-1000 · in progress"),
        Hit("node", NODE, NODE, their),
        Hit("team", "t-fm", their, "t-fm"),
    )
    return Found(text, hits, ("node",))
