"""What pages ask, and are told; who answers is said by the door."""

from datetime import datetime
from typing import Protocol

from dashboard.model.scope import Scope
from dashboard.views.can_i_run import CanIRun
from dashboard.views.capacity import WhatIsOut
from dashboard.views.freshness import Choices, Freshness, Head
from dashboard.views.lifecycle import Lifecycle
from dashboard.views.maintenance import WhereItStands
from dashboard.views.maintenances import WhatIsPlanned
from dashboard.views.sources import WhatComesIn
from dashboard.views.status import Status
from dashboard.views.tellings import Tellings
from dashboard.views.trust import Trust


class Answers(Protocol):
    """Who answers the pages' questions. Raises DashboardError where it cannot."""

    def head(self) -> Head:
        """Where the log stands: one cheap read."""

    def now(self) -> datetime:
        """The clock, aware, in UTC."""

    def choices(self) -> Choices:
        """What the scope bar offers."""

    def freshness(self, scope: Scope) -> Freshness:
        """How old is what I see."""

    def what_is_out(self, scope: Scope) -> WhatIsOut:
        """What is out for me, and when is it back."""

    def can_i_run(self, scope: Scope, gpus: int, hours: float) -> CanIRun:
        """When can I have so many GPUs for so long."""

    def what_is_planned(self, scope: Scope) -> WhatIsPlanned:
        """What is planned, running, late."""

    def where_it_stands(self, scope: Scope, maintenance_id: str) -> WhereItStands | None:
        """Where does this maintenance stand; None where it is not known."""

    def status(self, scope: Scope, since: datetime | None = None, ids: tuple[str, ...] = ()) -> Status:
        """The update that nobody had to write; of these maintenances, or of the scope."""

    def lifecycle(self, scope: Scope) -> Lifecycle:
        """What happens to a node, and where nodes stand."""

    def tellings(self, scope: Scope, maintenance_id: str) -> Tellings:
        """Who tells of this maintenance, and do they contradict each other."""

    def whole_of(self, scope: Scope, maintenance_id: str) -> str:
        """The name under which it goes, where two sources tell of it."""

    def take_apart(self, maintenance_id: str) -> None:
        """Says that it stands by itself."""

    def trust(self, scope: Scope) -> Trust:
        """Can I believe the ETA."""

    def what_comes_in(self, scope: Scope) -> WhatComesIn:
        """Is what I see complete."""
