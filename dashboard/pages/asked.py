"""What the page Notices asks, and what it passes on."""

from typing import Protocol

from dashboard.model.scope import Scope
from dashboard.views.notices import WhoWasTold
from dashboard.views.notifier import NotifierHealth


class AskedOfNotices(Protocol):
    """Who answers for notices. Raises DashboardError where it cannot."""

    def who_was_told(self, scope: Scope, maintenance_id: str | None = None) -> WhoWasTold:
        """Who was told what, who has not confirmed."""

    def notifier_health(self) -> NotifierHealth:
        """Is anyone told at all."""

    def acknowledge(self, message: str, who: str) -> None:
        """Somebody has seen a message."""
