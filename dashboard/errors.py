"""Every exception raised on purpose, named by what the caller does next.

DashboardError
├── UsageError         exit 2, one line; includes unusable configuration
├── UnreadableRecord   set aside with file and line; go on; exit 1
├── InvalidFact        (also ValueError) a fact that cannot be true
└── LogUnavailable     /readyz says 503 and why; commands exit 2, pages show "failed"
"""


class DashboardError(Exception):
    """The root: catching it catches everything this project raises on purpose."""


class UsageError(DashboardError):
    """The command or its configuration cannot work; the message says what to change."""


class UnreadableRecord(DashboardError):
    """One record cannot become a fact; its neighbours still can."""


class InvalidFact(DashboardError, ValueError):
    """A fact that cannot be true, whoever told it."""


class LogUnavailable(DashboardError):
    """The database is out of reach, or it is not one of ours."""
