"""What happened to this machine, through every maintenance, and who has it now."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

import pandas as pd
from sqlalchemy import Connection, RowMapping

from dashboard.log.passages import versions_of
from dashboard.model.history import Lanes
from dashboard.model.instants import EVER, instant
from dashboard.model.scope import Scope
from dashboard.model.stages import HAS_THE_BALL, OUT, Stage
from dashboard.views import words
from dashboard.views.alike import Record, beside, lately
from dashboard.views.fleet import Fleet, instant_of, read_fleet
from dashboard.views.node_history import Past, read_past
from dashboard.views.outlooks import forecasts_and_usual
from dashboard.views.parties import Party, party_for
from dashboard.views.summaries import ALMOST

QUARTER = timedelta(days=90)
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
NO_PARTY = Party("", "", "", "")


@dataclass(frozen=True, slots=True)
class WhatHappened:
    """One machine in full, whoever's it is.

    `maintenances`, newest first: maintenance_id, title, kind, status, out_at, back_at, hours (out so far; nan: it was
    not out), stages (words: how long in each), repairs.
    `cases`: case_id, status, severity, opened_at, closed_at, note, title (of the maintenance), maintenance_id.
    `messages`, newest first: received_at, sender, subject, body (untrusted text), title, maintenance_id: those that
    name the node, and the latest of the maintenance that has it.
    """

    now: datetime
    node_id: str
    sentence: str
    cluster: str
    stage: str  # as Stage has it; "in_service" where nothing has it
    since: datetime | None
    stage_words: str  # "validating, for 6 h"
    usual_words: str  # how long its like stay in that stage; "" where that is not known, or it is not out
    back_words: str  # when it is likely back; "" where it is not out
    who: str  # has the ball
    contact: str
    escalates_to: str
    maintenance_id: str  # that has it now; "" for none
    maintenance: str  # its title
    outs: int  # in the last 180 days
    repairs: int  # in these
    hours_out: float  # in all that is known
    kind: tuple[str, ...]  # what it is: provider, region, SKU, rack, GPUs, team
    beside: tuple[str, ...]  # against its like
    odd: tuple[str, ...]  # what does not fit together
    changed: tuple[str, ...]  # what it was told to be before, and whether it is another machine by now
    lanes: Lanes
    maintenances: pd.DataFrame
    cases: pd.DataFrame
    messages: pd.DataFrame

    @property
    def ball(self) -> tuple[tuple[str, str], ...]:
        """Who is expected to move it on, what is usual, and when it is likely back; label and value."""
        pairs = (
            ("Who", self.who),
            ("Contact", words.reached(self.contact)),
            ("Escalates to", self.escalates_to),
            ("Usual in this stage", self.usual_words),
            ("Likely back, with its maintenance", self.back_words),
        )
        return tuple((label, value) for label, value in pairs if value)


def what_happened(connection: Connection, scope: Scope, now: datetime, node_id: str) -> WhatHappened | None:
    """One machine in full; None where no fact known at the instant shown names it."""
    at, now = instant_of(scope), scope.as_of or now
    versions = versions_of(connection, node_id, at)
    if not versions:
        return None
    own, fleet = versions[-1], read_fleet(connection, Scope(as_of=scope.as_of), at)
    past = read_past(connection, node_id, now, at)
    cluster = own["cluster_id"]
    records = lately(connection, cluster, now, at)
    mine = records.pop(node_id, Record((), now))
    others = sum(nodes for (where, _), (nodes, _) in fleet.totals.items() if where == cluster) - 1
    usual = median(hours for each in records.values() for hours in each.hours) if records else None
    like = " with ".join(each for each in (cluster, fleet.sku_of(cluster)) if each)
    held = past.held
    party = _party(fleet, past, cluster)
    usual_words, back_words = _coming(connection, past, fleet, scope, now)
    return WhatHappened(
        now=now,
        node_id=node_id,
        sentence=sentence(node_id, cluster, past, now, scope.zone),
        cluster=cluster,
        stage=str(past.stage),
        since=past.since,
        stage_words=_standing(past, now),
        usual_words=usual_words,
        back_words=back_words,
        who=party.name,
        contact=party.contact,
        escalates_to=party.chain,
        maintenance_id=held.maintenance_id if held else "",
        maintenance=held.title if held else "",
        outs=mine.outs,
        repairs=mine.repairs,
        hours_out=sum(each.hours_out(now) for each in past.lanes),
        kind=_kind(own, fleet, cluster),
        beside=beside(mine, list(records.values()), others, like),
        odd=past.odd(now, scope.zone),
        changed=(*_versions(versions, now, scope.zone), *past.replaced(now, scope.zone)),
        lanes=Lanes(now, tuple(each for each in past.lanes if each.out), usual),
        maintenances=past.table(now),
        cases=past.cases,
        messages=past.messages,
    )


def sentence(node: str, cluster: str, past: Past, now: datetime, zone: str) -> str:
    """What could be sent as it is."""
    whose = f"{node} of {cluster}" if cluster else node
    since = f" since {words.clock(past.since, now, zone)}" if past.since else ""
    often = past.outs_since(now - QUARTER)
    if past.stage in OUT:
        first = f"{whose} is {words.stage(past.stage)}{since}"
        if often > 1:
            first += f", the {_ordinal(often)} time out in 90 days"
        return f"{first}."
    if past.stage is Stage.REMOVED:
        return f"{whose} was removed {words.when(past.since or now, now, zone)}; its GPUs are lost."
    if not any(each.out for each in past.lanes):
        return f"{whose} is in service; no maintenance is known to have taken it out."
    hours = past.hours_since(now - QUARTER, now)
    counted = (
        f"it was out {_often(often)} in 90 days, for {words.span(timedelta(hours=hours))} in all"
        if often
        else "it was not out in 90 days"
    )
    return f"{whose} is in service{since}; {counted}."


def _ordinal(count: int) -> str:
    return ORDINALS[count - 1] if count <= len(ORDINALS) else f"{count}th"


def _often(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _standing(past: Past, now: datetime) -> str:
    lasted = f", for {words.span(now - past.since)}" if past.since else ""
    return f"{words.stage(past.stage)}{lasted}"


def _party(fleet: Fleet, past: Past, cluster: str) -> Party:
    role = HAS_THE_BALL[past.stage]
    if role is None or past.held is None:
        return NO_PARTY
    told = past.known[past.held.maintenance_id].maintenance
    return party_for(fleet.parties, role, told.provider_id or fleet.provider_of(cluster), cluster)


def _coming(connection: Connection, past: Past, fleet: Fleet, scope: Scope, now: datetime) -> tuple[str, str]:
    """How long its like stay in its stage, and when its maintenance is likely back; "" where nothing tells."""
    if past.held is None or past.stage not in OUT:
        return "", ""
    name = past.held.maintenance_id
    forecasts, usual = forecasts_and_usual(connection, [name], scope.as_of, paths=False)
    told = past.known[name].maintenance
    found = usual.of(told.provider_id or fleet.provider_of(told.cluster_id), told.kind, past.stage)
    half, most = (words.span(timedelta(hours=each)) for each in (found.p50, found.p95)) if found else ("", "")
    usually = f"half take at most {half}, 19 in 20 at most {most}" if found else ""
    if name not in forecasts:
        return usually, ""
    likely, plan_on = (forecasts[name].quantile(ALMOST, level) for level in (0.5, scope.certainty))
    until = f"{words.when(likely, now, scope.zone)}; plan on {words.clock(plan_on, now, scope.zone)}"
    return usually, until


def _kind(own: RowMapping, fleet: Fleet, cluster: str) -> tuple[str, ...]:
    told = (
        fleet.provider_name(fleet.provider_of(cluster)),
        str(fleet.clusters[cluster]["region"]) if cluster in fleet.clusters else "",
        fleet.sku_of(cluster),
        f"rack {own['rack']}" if own["rack"] else "",
        words.gpus(own["gpus"]),
        fleet.team_name(own["team_id"]) if own["team_id"] else "",
    )
    return tuple(each for each in told if each)


def _versions(rows: list[RowMapping], now: datetime, zone: str) -> tuple[str, ...]:
    """What changed of what it is, each change in a sentence."""
    names = {"cluster_id": "cluster", "rack": "rack", "gpus": "GPUs", "team_id": "team"}
    found = []
    for before, after in pairwise(rows):
        moved = [
            f"{word} from {before[name] or 'none'} to {after[name] or 'none'}"
            for name, word in names.items()
            if before[name] != after[name]
        ]
        at = after["recorded_at"]
        when = f", known since {words.clock(instant(at), now, zone)}" if at > EVER else ""
        if moved:
            found.append(f"Its {words.listed(moved, len(moved))} changed{when}.")
    return tuple(found)
