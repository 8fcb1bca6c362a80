"""The past of one node: its way through every maintenance, its cases, what was written of it."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

import pandas as pd
from sqlalchemy import Connection

from dashboard.log import messages as log_messages
from dashboard.log.passages import Entry, cases_of, entries_of, maintenances_of
from dashboard.log.state import Known, maintenances
from dashboard.log.wholes import read_wholes
from dashboard.model import cases as model_cases
from dashboard.model.history import Lane, Stay, stays_of
from dashboard.model.instants import instant, maybe_instant
from dashboard.model.maintenance import Maintenance, stage_by_status
from dashboard.model.stages import CLOSED, OUT, RUNNING, STAGES, Stage
from dashboard.views import words

PATIENCE = timedelta(hours=1)
"""So long a source may be behind another."""
LATEST = 3  # messages of the maintenance that has it
MAINTENANCES = ["maintenance_id", "title", "kind", "status", "out_at", "back_at", "hours", "stages", "repairs"]
CASES = ["case_id", "status", "severity", "opened_at", "closed_at", "note", "title", "maintenance_id"]
MESSAGES = ["received_at", "sender", "subject", "body", "title", "maintenance_id"]


@dataclass(frozen=True)
class Past:
    """What is known of one node at an instant."""

    known: Mapping[str, Known]
    entries: tuple[Entry, ...]
    lanes: tuple[Lane, ...]  # of every maintenance that names it, the newest first
    cases: pd.DataFrame
    messages: pd.DataFrame

    @cached_property
    def last(self) -> tuple[Lane, Stay] | None:
        """What it stands in: of the stays that last, one that has it out, else the latest; None for none."""
        ends = [(lane, lane.stays[-1]) for lane in self.lanes if lane.stays]
        ends = [each for each in ends if each[1].stage is not Stage.SCHEDULED]
        return max(ends, key=lambda each: (each[1].stage in OUT, each[1].since), default=None)

    @property
    def stage(self) -> Stage:
        """Where it stands; in service where nothing has it."""
        return self.last[1].stage if self.last else Stage.IN_SERVICE

    @property
    def since(self) -> datetime | None:
        """Since when; None where it was never out."""
        return self.last[1].since if self.last else None

    @property
    def held(self) -> Lane | None:
        """The maintenance that has it, or has lost it."""
        return self.last[0] if self.last and self.stage is not Stage.IN_SERVICE else None

    def outs_since(self, since: datetime) -> int:
        """How often it went out after an instant."""
        return sum(each.out_at is not None and each.out_at > since for each in self.lanes)

    def hours_since(self, since: datetime, now: datetime) -> float:
        """For how many hours it was out, in what it went out in after an instant."""
        return sum(each.hours_out(now) for each in self.lanes if each.out_at is not None and each.out_at > since)

    def table(self, now: datetime) -> pd.DataFrame:
        """A row a maintenance, as WhatHappened has them."""
        rows = []
        for lane in self.lanes:
            told = self.known[lane.maintenance_id].maintenance
            hours = lane.hours_out(now) if lane.out else float("nan")
            rows.append(
                (lane.maintenance_id, lane.title, words.stage(told.kind), words.stage(told.status), lane.out_at,
                 lane.back_at, hours, _stages(lane, now), lane.repairs)
            )  # fmt: skip
        frame = pd.DataFrame(rows, columns=MAINTENANCES)
        return frame.assign(**{name: pd.to_datetime(frame[name], utc=True) for name in ("out_at", "back_at")})

    def odd(self, now: datetime, zone: str) -> tuple[str, ...]:
        """What does not fit together."""
        found = []
        held = [lane for lane in self.lanes if lane.stays and lane.stays[-1].stage in OUT]
        if len(held) > 1:
            named = words.listed([lane.title for lane in held])
            found.append(f"{len(held)} maintenances have it out at once: {named}.")
        for lane in held:
            told = self.known[lane.maintenance_id].maintenance
            if told.status in CLOSED:
                since = f" since {words.clock(instant(told.closed_at), now, zone)}" if told.closed_at else ""
                stage = words.stage(lane.stays[-1].stage)
                found.append(f"{lane.title} is told to be {words.stage(told.status)}{since}; the node is {stage}.")
        return (*found, *self._told_apart(now))

    def _told_apart(self, now: datetime) -> list[str]:
        """What one name of a maintenance has back, and another out."""
        latest: dict[str, dict[str, Entry]] = defaultdict(dict)
        for each in self.entries:
            latest[each.maintenance_id][each.told_as] = each
        found = []
        for said in latest.values():
            newest = max(each.occurred_at for each in said.values())
            if len({each.stage in OUT for each in said.values()}) > 1 and now - instant(newest) > PATIENCE:
                told = [f"{name} has it {words.stage(each.stage)}" for name, each in sorted(said.items())]
                found.append(f"{words.listed(told)}.")
        return found

    def replaced(self, now: datetime, zone: str) -> tuple[str, ...]:
        """Where the machine was removed and its name is used again."""
        found = []
        gone: Entry | None = None
        for each in self.entries:
            if each.stage is Stage.REMOVED:
                gone = gone or each
            elif gone is not None and each.occurred_at > gone.occurred_at:
                ended, again = (words.clock(instant(one.occurred_at), now, zone) for one in (gone, each))
                found.append(f"The machine of this name was removed {ended}; another one goes by it since {again}.")
                gone = None
        return tuple(found)


def read_past(connection: Connection, node_id: str, now: datetime, at: int | None) -> Past:
    """Reads what is known of a node at `at` (µs; None: all that is known)."""
    ids = maintenances_of(connection, node_id, at)
    known = maintenances(connection, at, ids)
    entries = [each for each in entries_of(connection, node_id, at) if instant(each.occurred_at) <= now]
    by_maintenance: dict[str, list[tuple[datetime, Stage]]] = defaultdict(list)
    for each in entries:
        by_maintenance[each.maintenance_id].append((instant(each.occurred_at), each.stage))
    lanes = []
    for name, told in known.items():
        stays = stays_of(by_maintenance.get(name, ())) if told.by_node else _as_a_whole(told.maintenance)
        lanes.append(Lane(name, told.maintenance.title or name, stays))
    lanes.sort(key=lambda lane: (_when(lane, known), lane.maintenance_id), reverse=True)
    past = Past(known, tuple(entries), tuple(lanes), _cases(connection, node_id, at, known), pd.DataFrame())
    held = past.held.maintenance_id if past.held else ""
    messages = _messages(connection, node_id, at, known, held)
    return Past(known, past.entries, past.lanes, past.cases, messages)


def _when(lane: Lane, known: Mapping[str, Known]) -> float:
    told = known[lane.maintenance_id].maintenance
    at = lane.out_at or maybe_instant(told.planned_start) or maybe_instant(told.announced_at)
    return at.timestamp() if at else 0.0


def _as_a_whole(told: Maintenance) -> tuple[Stay, ...]:
    """Where a node stands by the word on its maintenance, which reports none by itself."""
    if told.status not in RUNNING or told.status_at is None:
        return ()
    return stays_of([(instant(told.status_at), stage_by_status(told.status))])


def _stages(lane: Lane, now: datetime) -> str:
    """How long it was in each stage: cordoned 2 h, in maintenance 6 h."""
    spent: dict[Stage, timedelta] = defaultdict(timedelta)
    for each in lane.out:
        spent[each.stage] += each.lasted(now)
    return ", ".join(f"{words.stage(stage)} {words.span(spent[stage])}" for stage in STAGES if stage in spent)


def _title(known: Mapping[str, Known], name: str) -> str:
    return known[name].maintenance.title or name if name in known else name


def _cases(connection: Connection, node_id: str, at: int | None, known: Mapping[str, Known]) -> pd.DataFrame:
    joined = read_wholes(connection, at)
    found = [each for each in model_cases.cases_of(cases_of(connection, node_id, at)) if each.node_id == node_id]
    rows = []
    for each in sorted(found, key=lambda each: (-each.opened_at, each.case_id)):
        name = joined.whole(each.maintenance_id)
        rows.append(
            (each.case_id, words.stage(each.status), each.severity, instant(each.opened_at),
             maybe_instant(each.closed_at), each.note, _title(known, name), name)
        )  # fmt: skip
    frame = pd.DataFrame(rows, columns=CASES)
    return frame.assign(**{name: pd.to_datetime(frame[name], utc=True) for name in ("opened_at", "closed_at")})


def _messages(
    connection: Connection, node_id: str, at: int | None, known: Mapping[str, Known], held: str
) -> pd.DataFrame:
    """Those that name the node, and the latest of the maintenance that has it."""
    naming = re.compile(rf"(?<![\w-]){re.escape(node_id)}(?![\w-])", re.IGNORECASE)
    found = log_messages.of_maintenances(connection, known, at)[::-1]
    latest = [each for each in found if each.maintenance_id == held][:LATEST]
    rows = [
        (instant(each.received_at), each.sender, each.subject, each.body, _title(known, each.maintenance_id),
         each.maintenance_id)
        for each in found
        if each in latest or naming.search(f"{each.subject}\n{each.body}")
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=MESSAGES)
    return frame.assign(received_at=pd.to_datetime(frame["received_at"], utc=True))
