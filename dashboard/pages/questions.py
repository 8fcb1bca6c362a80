"""What pages ask, and are told; who answers is said by the door."""

from datetime import datetime
from typing import Protocol

from dashboard.model.decision import Decision
from dashboard.model.planning import Alternative
from dashboard.model.scope import Scope
from dashboard.views.can_i_run import CanIRun
from dashboard.views.capacity import WhatIsOut
from dashboard.views.cluster import HowIsCluster
from dashboard.views.expectations import WhoIsUp
from dashboard.views.freshness import Choices, Freshness, Head
from dashboard.views.lifecycle import Lifecycle
from dashboard.views.maintenance import WhereItStands
from dashboard.views.maintenances import WhatIsPlanned
from dashboard.views.messages import Unread
from dashboard.views.node import WhatHappened
from dashboard.views.notices import WhoWasTold
from dashboard.views.notifier import NotifierHealth
from dashboard.views.partner import Partner
from dashboard.views.plan import Plan
from dashboard.views.review import Review
from dashboard.views.search import Found
from dashboard.views.sources import WhatComesIn
from dashboard.views.status import Status
from dashboard.views.tellings import Tellings
from dashboard.views.trust import Trust
from dashboard.views.watch import Watch


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

    def who_is_up(self, scope: Scope) -> WhoIsUp:
        """Whom do we wait for, since when, and what is overdue."""

    def between_us(self, scope: Scope, provider: str) -> Partner | None:
        """What a provider and we owe each other; None where it is not known."""

    def tellings(self, scope: Scope, maintenance_id: str) -> Tellings:
        """Who tells of this maintenance, and do they contradict each other."""

    def whole_of(self, scope: Scope, maintenance_id: str) -> str:
        """The name under which it goes, where two sources tell of it."""

    def take_apart(self, maintenance_id: str) -> None:
        """Says that it stands by itself."""

    def plan(self, scope: Scope, maintenance_id: str, change: Alternative) -> Plan | None:
        """What if it went another way; None where nothing is open. Another one where this one cannot be planned."""

    def decide(self, decision: Decision) -> None:
        """Writes down what was decided."""

    def watch(self, scope: Scope) -> Watch:
        """Is anything stuck or wrong right now."""

    def what_happened(self, scope: Scope, node_id: str) -> WhatHappened | None:
        """What happened to this machine; None where it is not known."""

    def how_is_cluster(self, scope: Scope, cluster: str) -> HowIsCluster | None:
        """How is this cluster; None where it is not known."""

    def search(self, scope: Scope, text: str) -> Found:
        """What goes by this name, or has it in its name."""

    def trust(self, scope: Scope) -> Trust:
        """Can I believe the ETA."""

    def what_comes_in(self, scope: Scope) -> WhatComesIn:
        """Is what I see complete."""

    def review(self, scope: Scope, period: str) -> Review:
        """How did it go, and what did it cost."""

    def who_was_told(self, scope: Scope, maintenance_id: str | None = None) -> WhoWasTold:
        """Who was told what, who has not confirmed."""

    def notifier_health(self) -> NotifierHealth:
        """Is anyone told at all."""

    def acknowledge(self, message: str, who: str) -> None:
        """Somebody has seen a message."""

    def what_is_unread(self, scope: Scope) -> Unread:
        """Which messages are of no maintenance."""

    def may_be_of(self) -> tuple[tuple[str, str], ...]:
        """The maintenances that a message may be given to: id and words."""

    def tie(self, message_id: str, maintenance_id: str) -> None:
        """Says that a message is of a maintenance, or of none ('')."""

    def read_again(self, source: str) -> None:
        """Has a source read from its beginning at its next turn."""
