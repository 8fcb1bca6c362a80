"""Is anything stuck or wrong right now, and what has changed in the last hour."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd
from sqlalchemy import Connection

from dashboard.log.source_states import read_states
from dashboard.log.state import changes
from dashboard.model.expectations import Kind, State
from dashboard.model.instants import HOUR, micros
from dashboard.model.scope import Scope
from dashboard.model.slas import NO_SLAS, Slas
from dashboard.model.stages import OUT
from dashboard.views import words
from dashboard.views.contradictions import contradictions
from dashboard.views.expectations import owed_table, who
from dashboard.views.fleet import instant_of
from dashboard.views.freshness import freshness
from dashboard.views.owed import Owed, read_owed

LAST = timedelta(hours=1)
MOST = 40  # rows that anyone reads of a list
STUCK = ["node_id", "stage", "hours", "usual", "title", "who", "contact", "maintenance_id"]
CHANGED = ["title", "what", "maintenance_id"]


@dataclass(frozen=True, slots=True)
class Watch:
    """Everything that is not as it should be, in scope.

    `stuck`, nodes longer in a stage than 19 of 20 of their like, the worst first: node_id, stage, hours, usual (words),
    title, who, contact, maintenance_id.
    `overdue`, as WhoIsUp has `owed`, of what is late.
    `contradictions`, `silent`: in words.
    `changed`, a row a maintenance in which anything happened in the last hour: title, what (words), maintenance_id.
    """

    now: datetime
    sentence: str
    stuck_nodes: int  # of which `stuck` holds the worst
    late: int
    stuck: pd.DataFrame
    overdue: pd.DataFrame
    contradictions: tuple[str, ...]
    silent: tuple[str, ...]
    changed: pd.DataFrame

    @property
    def wrong(self) -> tuple[str, ...]:
        """Each thing in words that are the same for as long as it is wrong: those that are new are news."""
        stuck = [f"{node} is stuck" for node in self.stuck["node_id"]]
        late = [f"{who}: {what}" for who, what in zip(self.overdue["who"], self.overdue["what"], strict=True)]
        silent = [each.split(" has told nothing")[0] for each in self.silent]
        return (*stuck, *late, *self.contradictions, *silent)


def watch(connection: Connection, scope: Scope, now: datetime, slas: Slas = NO_SLAS) -> Watch:
    """What is stuck, late, contradictory or silent at the scope's instant, or `now`."""
    owed = read_owed(connection, scope, now, slas)
    stuck = _stuck(owed)
    late = [each for each in owed.expectations if each.state is State.BROKEN]
    open_ = {each.matter.maintenance_id for each in owed.expectations} | {name for name, _ in owed.standing}
    odd = tuple(each.said for each in contradictions(connection, scope, now) if each.maintenance_id in open_)
    silent = _silent(connection, scope, now)
    return Watch(
        now=owed.now,
        sentence=_sentence(len(stuck), len(late), len(odd), len(silent)),
        stuck_nodes=len(stuck),
        late=len(late),
        stuck=stuck.head(MOST),
        overdue=owed_table(late[:MOST], owed.fleet, owed.now),
        contradictions=odd,
        silent=silent,
        changed=_changed(connection, scope, owed),
    )


def _sentence(stuck: int, late: int, odd: int, silent: int) -> str:
    told = [
        f"{words.nodes(stuck)} {'is' if stuck == 1 else 'are'} stuck" if stuck else "",
        f"{late} {'thing is' if late == 1 else 'things are'} overdue" if late else "",
        f"{odd} {'fact contradicts' if odd == 1 else 'facts contradict'} another" if odd else "",
        f"{silent} {'source brings' if silent == 1 else 'sources bring'} nothing" if silent else "",
    ]
    said = [each for each in told if each]
    return f"{words.listed(said, len(said))}." if said else "Nothing is stuck, late or silent."


def _stuck(owed: Owed) -> pd.DataFrame:
    asked = {(each.matter.maintenance_id, each.about): each for each in owed.expectations if each.kind is Kind.STAGE}
    rows = []
    for (maintenance, node), (stage, since) in owed.standing.items():
        matter = owed.matters[maintenance]
        usual = owed.usual.of(matter.provider_id, matter.kind, stage)
        if since is None or usual is None or stage not in OUT:
            continue
        hours = (micros(owed.now) - since) / HOUR
        if hours > usual.p95:
            told = asked.get((maintenance, stage))
            rows.append(
                (
                    hours / max(usual.p95, 0.1), node, words.stage(stage), round(hours, 1),
                    f"19 in 20 take at most {words.span(timedelta(hours=usual.p95))}", matter.title,
                    who(told, owed.fleet) if told else "", told.party.contact if told else "", maintenance,
                )
            )  # fmt: skip
    rows.sort(key=lambda row: (-row[0], row[1]))
    return pd.DataFrame([row[1:] for row in rows], columns=STUCK)


def _silent(connection: Connection, scope: Scope, now: datetime) -> tuple[str, ...]:
    ages = freshness(connection, scope, now).sources
    told = [
        f"{source} has told nothing for {age.removesuffix(' ago')}."
        for source, age, stale in zip(ages["source"], ages["age_words"], ages["stale"], strict=True)
        if stale
    ]
    failing = [] if scope.as_of else [each for each in read_states(connection) if each.error]
    return (*told, *(each.error for each in failing))


def _changed(connection: Connection, scope: Scope, owed: Owed) -> pd.DataFrame:
    since, at = micros(owed.now - LAST), instant_of(scope)
    moved: dict[str, Counter[str]] = {}
    for each in changes(connection, since, at):
        if each.occurred_at <= micros(owed.now) and each.maintenance_id in owed.matters:
            moved.setdefault(each.maintenance_id, Counter())[each.stage] += 1
    rows = []
    for name, stages in moved.items():
        said = [f"{words.nodes(count)} {words.stage(stage)}" for stage, count in stages.most_common()]
        rows.append((sum(stages.values()), owed.matters[name].title, words.listed(said, len(said)), name))
    rows.sort(key=lambda row: (-row[0], row[3]))
    return pd.DataFrame([row[1:] for row in rows[:MOST]], columns=CHANGED)
