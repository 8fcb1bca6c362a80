"""How the plans of maintenances came about, as the log has it."""

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import Connection

from dashboard.log.derive import read_updates
from dashboard.log.messages import Claim, claims
from dashboard.log.wholes import read_wholes
from dashboard.model.plan import Revision, revisions


def plans_of(connection: Connection, ids: Iterable[str], at: int | None) -> dict[str, tuple[Revision, ...]]:
    """Every revision of the plans of these maintenances, as known at `at`."""
    wanted, joined = sorted(set(ids)), read_wholes(connection, at)
    said: dict[str, list[Claim]] = defaultdict(list)
    for name, some in claims(connection, joined.parts(wanted)).items():
        said[joined.whole(name)] += [_as_known(each, at) for each in some if at is None or each.known_at <= at]
    updates = read_updates(connection, wanted, joined, until=at)
    return {name: revisions(name, updates.get(name, ()), said.get(name, ())) for name in wanted}


def _as_known(claim: Claim, at: int | None) -> Claim:
    """That it would be untied was not known before."""
    return claim if at is None or claim.until is None or claim.until <= at else claim._replace(until=None)
