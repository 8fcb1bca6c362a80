"""Every exception raised on purpose, named by what the caller does next.

DashboardError
├── UsageError         exit 2, one line; includes unusable configuration
├── UnreadableRecord   set aside with file and line; go on; exit 1
├── InvalidFact        (also ValueError) a fact that cannot be true
├── SourceFailed       one source brought nothing this time; the others go on
│   ├── SourceUnavailable  it may work by itself next time
│   │   └── SourceGone     it has dropped what it was asked to go on from: ask from the beginning
│   ├── SourceRefused      somebody must change something first; the message says what
│   └── SourceInPart       it brought what it could reach: that counts, and the next poll comes at its usual time
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


class SourceFailed(DashboardError):
    """One source brought nothing this time; the message says why, and holds no secret.

    `retry_after`: seconds that the source asked to be left alone for; None where it did not say.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class SourceUnavailable(SourceFailed):
    """The source may work by itself next time."""


class SourceGone(SourceUnavailable):
    """The source no longer has what it was asked to go on from; from its beginning it works."""


class SourceRefused(SourceFailed):
    """The source will not work until somebody changes what the message says."""


class SourceInPart(SourceFailed):
    """The source answered for a part of what it tells of; what it brought counts, the message says what is missing."""


class LogUnavailable(DashboardError):
    """The database is out of reach, or it is not one of ours."""
