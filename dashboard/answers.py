"""The door between pages and log: what pages ask, answered from the database that the settings name."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from sqlalchemy import Engine

from dashboard.configuration import read_slas
from dashboard.errors import DashboardError
from dashboard.jobs.decide import decide
from dashboard.jobs.join import take_apart
from dashboard.log.append import last_append, take_position
from dashboard.log.database import appending, open_log, reading
from dashboard.log.messages import tie
from dashboard.log.outbox import acknowledge
from dashboard.log.source_states import read_anew
from dashboard.model.decision import Decision
from dashboard.model.planning import Alternative
from dashboard.model.scope import Scope
from dashboard.model.slas import Slas
from dashboard.notifier import configured
from dashboard.settings import Settings
from dashboard.views.agenda import Agenda, Newsfeed, agenda, newsfeed
from dashboard.views.can_i_run import CanIRun, can_i_run
from dashboard.views.capacity import WhatIsOut, what_is_out
from dashboard.views.cluster import HowIsCluster, how_is_cluster
from dashboard.views.expectations import WhoIsUp, who_is_up
from dashboard.views.freshness import Choices, Freshness, Head, choices, freshness, head
from dashboard.views.lifecycle import Lifecycle, lifecycle
from dashboard.views.maintenance import WhereItStands, where_it_stands
from dashboard.views.maintenances import WhatIsPlanned, what_is_planned
from dashboard.views.messages import Unread, may_be_of, what_is_unread
from dashboard.views.node import WhatHappened, what_happened
from dashboard.views.notices import WhoWasTold, who_was_told
from dashboard.views.notifier import NotifierHealth, notifier_health
from dashboard.views.partner import Partner, between_us
from dashboard.views.plan import Plan, plan
from dashboard.views.review import Review, review
from dashboard.views.search import Found, search
from dashboard.views.settled import Settled
from dashboard.views.signals import Signals, signals
from dashboard.views.sources import WhatComesIn, what_comes_in
from dashboard.views.status import Status, status
from dashboard.views.tellings import Tellings, tellings, whole_of
from dashboard.views.trust import Trust, trust
from dashboard.views.vitals import Vitals, vitals
from dashboard.views.watch import Watch, watch


@dataclass(frozen=True, slots=True)
class Answers:
    """What pages ask, answered from the log."""

    engine: Engine
    config: Path | None = None
    _slas: list[Slas] = field(default_factory=list)
    _settled: Settled = field(default_factory=Settled)

    def slas(self) -> Slas:
        """The contracts, read once. Raises UsageError: pages say what is wrong with them."""
        if not self._slas:
            self._slas.append(read_slas(self.config))
        return self._slas[0]

    def now(self) -> datetime:
        """The clock."""
        return datetime.now(UTC)

    def head(self) -> Head:
        """Where the log stands."""
        with reading(self.engine) as connection:
            return head(connection)

    def moved_at(self) -> datetime | None:
        """When the log last moved."""
        with reading(self.engine) as connection:
            return last_append(connection)

    def choices(self) -> Choices:
        """What there is to choose from."""
        with reading(self.engine) as connection:
            return choices(connection)

    def freshness(self, scope: Scope) -> Freshness:
        """How old each source's newest word is."""
        with reading(self.engine) as connection:
            return freshness(connection, scope, self.now())

    def what_is_out(self, scope: Scope) -> WhatIsOut:
        """Capacity in one look."""
        with reading(self.engine) as connection:
            return what_is_out(connection, scope, self.now())

    def can_i_run(self, scope: Scope, gpus: int, hours: float) -> CanIRun:
        """When N GPUs are free for so many hours."""
        with reading(self.engine) as connection:
            return can_i_run(connection, scope, self.now(), gpus, hours)

    def what_is_planned(self, scope: Scope) -> WhatIsPlanned:
        """What is planned, running, late."""
        with reading(self.engine) as connection:
            return what_is_planned(connection, scope, self.now())

    def where_it_stands(self, scope: Scope, maintenance_id: str) -> WhereItStands | None:
        """One maintenance in full."""
        with reading(self.engine) as connection:
            return where_it_stands(connection, scope, self.now(), maintenance_id, self.slas())

    def who_is_up(self, scope: Scope) -> WhoIsUp:
        """Whom do we wait for."""
        with reading(self.engine) as connection:
            return who_is_up(connection, scope, self.now(), self.slas())

    def between_us(self, scope: Scope, provider: str) -> Partner | None:
        """What a provider and we owe each other."""
        with reading(self.engine) as connection:
            return between_us(connection, scope, self.now(), provider, self.slas())

    def tellings(self, scope: Scope, maintenance_id: str) -> Tellings:
        """Who tells of one maintenance."""
        with reading(self.engine) as connection:
            return tellings(connection, scope, self.now(), maintenance_id)

    def whole_of(self, scope: Scope, maintenance_id: str) -> str:
        """The name under which one maintenance goes."""
        with reading(self.engine) as connection:
            return whole_of(connection, scope, maintenance_id)

    def take_apart(self, maintenance_id: str) -> None:
        """Says that it stands by itself."""
        take_apart(self.engine, maintenance_id, self.now())

    def plan(self, scope: Scope, maintenance_id: str, change: Alternative) -> Plan | None:
        """One maintenance as it could be instead."""
        with reading(self.engine) as connection:
            return plan(connection, scope, self.now(), maintenance_id, change)

    def decide(self, decision: Decision) -> None:
        """Writes down what was decided."""
        decide(self.engine, decision, self.now())

    def watch(self, scope: Scope) -> Watch:
        """What is stuck or wrong."""
        with reading(self.engine) as connection:
            return watch(connection, scope, self.now(), self.slas())

    def what_happened(self, scope: Scope, node_id: str) -> WhatHappened | None:
        """One machine in full."""
        with reading(self.engine) as connection:
            return what_happened(connection, scope, self.now(), node_id)

    def how_is_cluster(self, scope: Scope, cluster: str) -> HowIsCluster | None:
        """One cluster in full."""
        with reading(self.engine) as connection:
            return how_is_cluster(connection, scope, self.now(), cluster)

    def search(self, scope: Scope, text: str) -> Found:
        """What goes by a name."""
        with reading(self.engine) as connection:
            return search(connection, scope, self.now(), text)

    def trust(self, scope: Scope) -> Trust:
        """Can I believe the ETA."""
        with reading(self.engine) as connection:
            return trust(connection, scope, self.now())

    def what_comes_in(self, scope: Scope) -> WhatComesIn:
        """Is what I see complete."""
        with reading(self.engine) as connection:
            return what_comes_in(connection, scope, self.now())

    def status(self, scope: Scope, since: datetime | None = None, ids: tuple[str, ...] = ()) -> Status:
        """The update that nobody had to write."""
        with reading(self.engine) as connection:
            return status(connection, scope, self.now(), since, ids)

    def lifecycle(self, scope: Scope) -> Lifecycle:
        """What happens to a node."""
        with reading(self.engine) as connection:
            return lifecycle(connection, scope, self.now())

    def agenda(self, scope: Scope) -> Agenda:
        """What is planned, for calendars."""
        with reading(self.engine) as connection:
            return agenda(connection, scope, self.now())

    def newsfeed(self, scope: Scope) -> Newsfeed:
        """What became known, for feed readers."""
        with reading(self.engine) as connection:
            return newsfeed(connection, scope, self.now())

    def signals(self, scope: Scope) -> Signals:
        """What schedulers are told."""
        with reading(self.engine) as connection:
            return signals(connection, scope, self.now())

    def vitals(self) -> Vitals:
        """What monitoring asks."""
        with reading(self.engine) as connection:
            return vitals(connection, self.now())

    def review(self, scope: Scope, period: str) -> Review:
        """How it went, and what it cost. Raises ValueError for what spells no period."""
        with reading(self.engine) as connection:
            return review(connection, scope, self.now(), period, self.slas(), self._settled)

    def who_was_told(self, scope: Scope, maintenance_id: str | None = None) -> WhoWasTold:
        """Who was told what, who has not confirmed."""
        with reading(self.engine) as connection:
            return who_was_told(connection, scope, self.now(), maintenance_id)

    def notifier_health(self) -> NotifierHealth:
        """Is anyone told at all."""
        with reading(self.engine) as connection:
            return notifier_health(connection, self.now(), configured=_anyone_to_tell())

    def acknowledge(self, message: str, who: str) -> None:
        """Somebody has seen a message; the log moves, so that every page knows."""
        with appending(self.engine) as connection:
            if acknowledge(connection, message, self.now(), who or "someone on the page", "page"):
                take_position(connection, self.now(), "notices", 1)

    def what_is_unread(self, scope: Scope) -> Unread:
        """The messages that are of no maintenance."""
        with reading(self.engine) as connection:
            return what_is_unread(connection, scope, self.now())

    def may_be_of(self) -> tuple[tuple[str, str], ...]:
        """The maintenances that a message may be given to."""
        with reading(self.engine) as connection:
            return may_be_of(connection, self.now())

    def tie(self, message_id: str, maintenance_id: str) -> None:
        """Appends that a message is of a maintenance, or of none."""
        with appending(self.engine) as connection:
            tie(connection, message_id, maintenance_id, self.now(), "tied by hand")

    def read_again(self, source: str) -> None:
        """Has a source read from its beginning: what was set aside may be a fact by now."""
        with appending(self.engine) as connection:
            read_anew(connection, source)
            take_position(connection, self.now(), f"read {source} again", 0)


@cache
def _anyone_to_tell() -> bool:
    """Whether the configuration names an audience; the worker says what is wrong with it where it cannot be read."""
    try:
        return configured(Settings().config).anyone
    except DashboardError:
        return True


@cache
def answers() -> Answers:
    """The one of this process."""
    settings = Settings()
    return Answers(open_log(settings.database_url), settings.config)
