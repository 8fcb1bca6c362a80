"""Who owes, what is stuck, who was told, what comes in, how forecasts did and where nodes stand: as the API has them.

The numbers are those at the top of each page; the tables are the pages' own, a row an object, instants in UTC.
"""

from datetime import datetime
from typing import Any

from pydantic import Field

from dashboard.views.expectations import WhoIsUp
from dashboard.views.lifecycle import Lifecycle
from dashboard.views.notices import WhoWasTold
from dashboard.views.sources import WhatComesIn
from dashboard.views.trust import Trust
from dashboard.views.watch import Watch
from dashboard.web.shapes import Shape
from dashboard.web.shaping import each, mirrored

Row = dict[str, Any]


class Duties(Shape):
    """Whom we wait for, since when, and what is overdue."""

    as_of: datetime
    sentence: str
    waiting_for: int = Field(description="parties")
    things: int = Field(description="that are owed in all")
    overdue: int
    at_risk: int
    due_in_24_hours: int
    parties: list[Row]
    owed: list[Row]
    cases: list[Row]


class Troubles(Shape):
    """What is stuck, late, contradictory or silent."""

    as_of: datetime
    sentence: str
    stuck_nodes: int
    overdue: int
    contradictions: list[str]
    silent: list[str]
    stuck: list[Row] = Field(description="the worst of them")
    changed: list[Row] = Field(description="what nodes did in the last hour, a row a maintenance")


class Told(Shape):
    """Who was told what, now."""

    sentence: str
    unconfirmed: int
    written: int = Field(description="notices in the last 7 days")
    audiences: int
    failing: int
    ladders: list[Row]
    deliveries: list[Row]


class Intake(Shape):
    """What each source brings, now."""

    sentence: str
    facts: int
    set_aside: int
    failing: list[str]
    sources: list[Row]


class Record(Shape):
    """How forecasts did over the last year; shares are from 0 to 1."""

    sentence: str
    forecasts: int
    maintenances: int
    held: float | None = Field(description="share of the 80 % ranges that held")
    typical_hours: float | None = Field(description="median distance of the likely time from what it was")
    promise_hours: float | None = Field(description="the same of the providers' promises")
    scores: list[Row]


class InStage(Shape):
    """The nodes of open maintenances in one stage."""

    stage: str
    holder: str
    nodes: int
    gpus: int


class Stages(Shape):
    """Where the nodes of open maintenances stand."""

    as_of: datetime
    sentence: str
    stages: list[InStage]


def duties(found: WhoIsUp) -> Duties:
    """As the page Who's up has them."""
    return mirrored(Duties, found, as_of=found.now, due_in_24_hours=found.soon)


def troubles(found: Watch) -> Troubles:
    """As the page Watch has them."""
    return mirrored(Troubles, found, as_of=found.now, overdue=found.late)


def told(found: WhoWasTold) -> Told:
    """As the page Notices has it."""
    return mirrored(Told, found, unconfirmed=len(found.unconfirmed))


def intake(found: WhatComesIn) -> Intake:
    """As the page Sources has it; what a row that was set aside says stays on the page."""
    return mirrored(Intake, found, facts=found.rows)


def record(found: Trust) -> Record:
    """As the page Trust has it."""
    return mirrored(Record, found)


def stages(found: Lifecycle) -> Stages:
    """As the page Lifecycle has them."""
    return mirrored(Stages, found, as_of=found.now, stages=each(InStage, found.stages))
