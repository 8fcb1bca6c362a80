"""The facts that the log keeps: their columns, their keys, and which clock says when we knew.

A fact's name is also its file in a dataset directory and its table in the log.
"""

from dataclasses import dataclass
from enum import Enum, auto

from dashboard.model.stages import Role, Stage, Status


class Kind(Enum):
    """What a column holds."""

    ID = auto()  # short text that names something
    TEXT = auto()  # any text
    INSTANT = auto()
    COUNT = auto()  # a whole number, zero or more
    FLAG = auto()
    STAGE = auto()
    STATUS = auto()
    ROLE = auto()


WORDS = {Kind.STAGE: frozenset(Stage), Kind.STATUS: frozenset(Status), Kind.ROLE: frozenset(Role)}
"""The closed vocabularies."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a fact; a needed one is never empty."""

    name: str
    kind: Kind = Kind.ID
    needed: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """One kind of fact.

    `key`: rows with the same key speak of the same thing; the one recorded last is in force.
    `recorded`: the column that is the clock of knowledge. None: reference data without a clock of its own, whose first
    word counts as always known, and whose every later, different word counts from when it was brought.
    `occurred`: stands in for `recorded` where that is empty.
    `folds`: an empty field means unchanged, so that all rows of a key count, oldest first.
    `by_ourselves`: concluded here, not told by anyone; a dataset has it only where there is any.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    recorded: str | None = None
    occurred: str | None = None
    folds: bool = False
    by_ourselves: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The columns as a dataset has them."""
        return tuple(column.name for column in self.columns)

    @property
    def needed(self) -> tuple[str, ...]:
        """The columns without which a row says nothing."""
        return tuple(column.name for column in self.columns if column.needed)


def _columns(spec: str, **kinds: Kind) -> tuple[Column, ...]:
    """Columns from a line of words; `*` marks a needed one, `kinds` all that is not an id."""
    words = [word.rstrip(",") for word in spec.split()]
    return tuple(Column(w.rstrip("*"), kinds.get(w.rstrip("*"), Kind.ID), w.endswith("*")) for w in words)


_I, _C, _T = Kind.INSTANT, Kind.COUNT, Kind.TEXT

FACTS: dict[str, Fact] = {
    fact.name: fact
    for fact in (
        Fact("providers", _columns("provider_id* name", name=_T), key=("provider_id",)),
        Fact(
            "clusters",
            _columns("cluster_id* provider_id* region sku gpus_per_node", gpus_per_node=_C),
            key=("cluster_id",),
        ),
        Fact("teams", _columns("team_id* name", name=_T), key=("team_id",)),
        Fact("nodes", _columns("node_id* cluster_id* rack gpus* team_id", gpus=_C), key=("node_id",)),
        Fact(
            "allocations",
            _columns("team_id* cluster_id* gpus* starts_at ends_at", gpus=_C, starts_at=_I, ends_at=_I),
            key=("team_id", "cluster_id", "starts_at"),
        ),
        Fact(
            "parties",
            _columns(
                "party_id* name role* provider_id cluster_id team_id channel escalates_to timezone",
                name=_T,
                role=Kind.ROLE,
                channel=_T,
            ),
            key=("party_id",),
        ),
        Fact(
            "maintenance_updates",
            _columns(
                "maintenance_id* recorded_at* source status kind title provider_id cluster_id "
                "planned_start planned_end max_unavailable provider_ref note",
                recorded_at=_I,
                status=Kind.STATUS,
                title=_T,
                planned_start=_I,
                planned_end=_I,
                max_unavailable=_C,
                provider_ref=_T,
                note=_T,
            ),
            key=("maintenance_id",),
            recorded="recorded_at",
            folds=True,
        ),
        Fact(
            "joins",
            _columns("maintenance_id* recorded_at* whole_id rule why", recorded_at=_I, rule=_T, why=_T),
            key=("maintenance_id",),
            recorded="recorded_at",
            by_ourselves=True,
        ),
        Fact(
            "maintenance_nodes",
            _columns("maintenance_id* node_id* recorded_at removed", recorded_at=_I, removed=Kind.FLAG),
            key=("maintenance_id", "node_id"),
            recorded="recorded_at",
        ),
        Fact(
            "node_transitions",
            _columns(
                "maintenance_id* node_id* stage* occurred_at* recorded_at source source_ref",
                stage=Kind.STAGE,
                occurred_at=_I,
                recorded_at=_I,
            ),
            key=("maintenance_id", "node_id", "stage", "occurred_at"),
            recorded="recorded_at",
            occurred="occurred_at",
        ),
        Fact(
            "provider_messages",
            _columns(
                "message_id* maintenance_id provider_id received_at* sender subject body claimed_end",
                received_at=_I,
                sender=_T,
                subject=_T,
                body=_T,
                claimed_end=_I,
            ),
            key=("message_id",),
            recorded="received_at",
        ),
        Fact(
            "support_cases",
            _columns(
                "case_id* recorded_at* maintenance_id node_id provider_id status severity opened_at response_due_at "
                "resolution_due_at note",
                recorded_at=_I,
                opened_at=_I,
                response_due_at=_I,
                resolution_due_at=_I,
                note=_T,
            ),
            key=("case_id",),
            recorded="recorded_at",
            folds=True,
        ),
        Fact(
            "commitments",
            _columns(
                "commitment_id* recorded_at* maintenance_id party_id what due_at met_at withdrawn",
                recorded_at=_I,
                what=_T,
                due_at=_I,
                met_at=_I,
                withdrawn=Kind.FLAG,
            ),
            key=("commitment_id",),
            recorded="recorded_at",
            folds=True,
        ),
        Fact(
            "decisions",
            _columns(
                "decision_id* recorded_at* maintenance_id what why decided_by signed_off_by knowing",
                recorded_at=_I,
                what=_T,
                why=_T,
                decided_by=_T,
                signed_off_by=_T,
                knowing=_T,
            ),
            key=("decision_id",),
            recorded="recorded_at",
            folds=True,
            by_ourselves=True,
        ),
    )
}
"""Every kind of fact by name, in the order in which one may refer to another."""
