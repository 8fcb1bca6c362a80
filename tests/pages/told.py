"""Who was told, as pages are given it without a log."""

from datetime import datetime, timedelta

import pandas as pd

from dashboard.views.notices import Unconfirmed, WhoWasTold
from dashboard.views.notifier import NotifierHealth

LADDERS = ["maintenance_id", "title", "audience", "told", "next", "next_at", "not_sent"]
DELIVERIES = ["written_at", "audience", "subject", "channel", "state", "attempts", "said"]


def ladders(now: datetime, title: str) -> pd.DataFrame:
    rows = [
        ("M-1", title, "Foundation models", "5 d before, 2 d ago", "1 d before, in 2 d, Thu 19:00 CET", now, ""),
        ("M-2", title, "Speech", "", "", pd.NaT, "confirmed: it is not confirmed; near its start it is told"),
    ]
    return pd.DataFrame(rows, columns=LADDERS)


def who_was_told(state: str, now: datetime, hostile: str) -> WhoWasTold:
    words = hostile if state == "hostile" else "Firmware takes 512 GPUs out"
    tried = (now, "On call", words, "mail", "tried again", 3, "mail: smtp.example answered 451")
    sent = (now - timedelta(hours=1), "Speech", words, "chat", "arrived", 1, "200")
    said = pd.DataFrame([tried, sent], columns=DELIVERIES)
    previews = pd.DataFrame([(now, "Speech", words)], columns=["at", "audience", "words"])
    waits = (Unconfirmed("k1", words, "nimbus-iad-1 on-call", words, "3 h ago, Tue 11:00 CET"),)
    if state == "empty":
        return WhoWasTold("Nobody was told of anything yet.", (), 0, 0, 0, ladders(now, "").iloc[:0],
                          previews.iloc[:0], said.iloc[:0], said.iloc[:0])  # fmt: skip
    sentence = (
        "1 message waits for somebody to acknowledge and 1 has not arrived. 412 notices went out in the last 7 days."
    )
    return WhoWasTold(sentence, waits, 412, 13, 1, ladders(now, words), previews, said, said.iloc[:1])


def notifier_health(state: str, now: datetime) -> NotifierHealth:
    late = "Nobody has been told of anything for 3 h: the notifier is not running. It catches up once it is."
    return NotifierHealth(True, now, 5.0, state == "stale", 0, 0, late if state == "stale" else "")
