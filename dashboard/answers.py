"""The door between pages and log: what pages ask, answered from the database that the settings name."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from sqlalchemy import Engine

from dashboard.jobs.join import take_apart
from dashboard.log.append import last_append
from dashboard.log.database import open_log, reading
from dashboard.model.scope import Scope
from dashboard.settings import Settings
from dashboard.views.agenda import Agenda, Newsfeed, agenda, newsfeed
from dashboard.views.can_i_run import CanIRun, can_i_run
from dashboard.views.capacity import WhatIsOut, what_is_out
from dashboard.views.freshness import Choices, Freshness, Head, choices, freshness, head
from dashboard.views.lifecycle import Lifecycle, lifecycle
from dashboard.views.maintenance import WhereItStands, where_it_stands
from dashboard.views.maintenances import WhatIsPlanned, what_is_planned
from dashboard.views.signals import Signals, signals
from dashboard.views.sources import WhatComesIn, what_comes_in
from dashboard.views.status import Status, status
from dashboard.views.tellings import Tellings, tellings, whole_of
from dashboard.views.trust import Trust, trust
from dashboard.views.vitals import Vitals, vitals


@dataclass(frozen=True, slots=True)
class Answers:
    """What pages ask, answered from the log."""

    engine: Engine

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
            return where_it_stands(connection, scope, self.now(), maintenance_id)

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


@cache
def answers() -> Answers:
    """The one of this process."""
    return Answers(open_log(Settings().database_url))
