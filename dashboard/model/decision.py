"""A decision on a maintenance, as people write it down."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided, why, by whom, who signed off, and what was known then."""

    maintenance_id: str
    what: str
    why: str
    decided_by: str
    signed_off_by: str
    knowing: str
