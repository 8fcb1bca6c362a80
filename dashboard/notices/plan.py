"""The section [notices] of the configuration: who is told, over what, by which rules, in which words."""

from datetime import time
from typing import Annotated, Any, Literal

from pydantic import AnyHttpUrl, BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from dashboard.model import words
from dashboard.notices.channels.seam import Channel
from dashboard.notices.ladder import Ladder
from dashboard.notices.templates import Kind, unusable
from dashboard.options import Name, Secret, Span

SECOND = 1_000_000
Fraction = Annotated[float, Field(gt=0, lt=1)]
AUDIENCES: dict[str, Kind] = {"teams": "team", "schedulers": "scheduler", "clusters": "cluster"}


class Rules(BaseModel):
    """The ladder as it is written; what is left out is the default."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    before: tuple[Span, ...] = (7 * 86400.0, 5 * 86400.0, 86400.0)
    urgent: Span = 86400.0
    repeat: Span = 4 * 3600.0
    escalate_after: Span = 2 * 3600.0
    moved: Span = 15 * 60.0
    eta_moved: Span = 4 * 3600.0
    back: tuple[Fraction, ...] = (0.5, 0.9)
    resized: Fraction = 0.25
    may_happen: Span = 7 * 86400.0
    stale: Span = 86400.0
    late: Span = 7 * 86400.0
    silent_after: Span = 12 * 3600.0

    @property
    def ladder(self) -> Ladder:
        """The rules as the ladder has them."""
        names = ("urgent", "repeat", "escalate_after", "moved", "eta_moved", "may_happen", "stale", "late")
        spans = {name: round(getattr(self, name) * SECOND) for name in names}
        leads = tuple(sorted({round(each * SECOND) for each in self.before}, reverse=True))
        return Ladder(leads=leads, back=tuple(sorted(self.back)), resized=self.resized, **spans)


class Rule(BaseModel):
    """One [[notices.audiences]] table: some teams, clusters, or the scheduling on-call, and over what they are told."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    name: Name
    whom: Literal["teams", "schedulers", "clusters"] = Field(alias="for")
    only: tuple[str, ...] = ()  # ids; empty: every one
    channels: tuple[Name, ...] = Field(min_length=1)  # the first; the next where it fails
    escalation: tuple[Name, ...] = ()  # beside them, where nobody acknowledges
    zone: str = ""  # of the times in its notices; else its party's, else that of all

    @property
    def kind(self) -> Kind:
        """Which words it gets."""
        return AUDIENCES[self.whom]

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        if name and words.zone_of(name).key != name:
            raise ValueError("there is no such time zone; write it like Europe/Berlin")
        return name


Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Update(BaseModel):
    """One [[notices.updates]] table: the update that writes itself, when it is posted, and of what."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    at: time  # by the clock of `zone`
    days: tuple[Day, ...] = Field(DAYS, min_length=1)
    zone: str = ""  # of that clock and of the times in it; else that of all
    channels: tuple[Name, ...] = Field(min_length=1)  # the first; the next where it fails
    contact: str = ""  # for channels that send to "contact"
    team: str | None = None
    provider: str | None = None
    cluster: str | None = None

    _zone = field_validator("zone")(Rule._known_zone.__func__)  # type: ignore[attr-defined]

    @field_validator("at")
    @classmethod
    def _on_a_wall(cls, at: time) -> time:
        if at.tzinfo is not None:
            raise ValueError("write it without an offset, like 08:30; zone says whose clock it is")
        return at


def _channels(tables: Any) -> Any:
    return tables if isinstance(tables, list | tuple) else [tables]


class Notices(BaseModel):
    """The whole section."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    base_url: AnyHttpUrl | None = None  # of the app as its readers reach it: links need it
    secret: Secret | None = None  # signs the links that acknowledge
    link_expires: Span = 14 * 86400.0
    zone: str = "UTC"
    every: Span = 15.0  # seconds from one look at the log to the next
    ladder: Rules = Rules()
    channels: Annotated[tuple[Channel, ...], BeforeValidator(_channels)] = ()
    audiences: tuple[Rule, ...] = ()
    updates: tuple[Update, ...] = ()
    templates: dict[Kind, dict[str, str]] = {}

    _zone = field_validator("zone")(Rule._known_zone.__func__)  # type: ignore[attr-defined]

    @field_validator("templates")
    @classmethod
    def _usable(cls, templates: dict[Kind, dict[str, str]]) -> dict[Kind, dict[str, str]]:
        for kind, by_rung in templates.items():
            for rung, text in by_rung.items():
                why = unusable(rung, text)
                if why:
                    raise ValueError(f"{kind}.{rung}: {why}")
        return templates

    @model_validator(mode="after")
    def _whole(self) -> "Notices":
        for what, names in (
            ("channels", [each.name for each in self.channels]),
            ("audiences", [each.name for each in self.audiences]),
            ("updates", [each.name for each in self.updates]),
        ):
            twice = sorted({each for each in names if names.count(each) > 1})
            if twice:
                raise ValueError(f"two {what} are named {twice[0]!r}; give each a name of its own")
        known = {each.name for each in self.channels}
        used = {f"audience {each.name!r}": {*each.channels, *each.escalation} for each in self.audiences}
        used |= {f"update {each.name!r}": {*each.channels} for each in self.updates}
        for who, over in used.items():
            if over - known:
                raise ValueError(f"{who}: there is no channel {min(over - known)!r}")
        if self.base_url is not None and self.secret is None:
            raise ValueError("links that acknowledge have to be signed: write secret_env or secret_file")
        return self

    @property
    def anyone(self) -> bool:
        """Whether anyone is to be told of anything."""
        return bool(self.audiences or self.updates)

    @property
    def link(self) -> str:
        """The app's address without a slash at its end; '' where nobody told."""
        return str(self.base_url).rstrip("/") if self.base_url else ""
