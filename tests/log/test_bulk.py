"""Many rows at once say what they say one by one, on both databases."""

from sqlalchemy import Engine, func, select

from dashboard.log import bulk
from dashboard.log.append import append
from dashboard.log.database import appending, reading
from dashboard.log.tables import current_stages, node_transitions
from dashboard.model.stages import Stage
from tests.log.stories import NOW, hours

NODES = [f"n-{i}" for i in range(2 * bulk.MANY)]
ODD = 'ü\\" 😀\t\n'


def test_many_rows_at_once_are_each_there_once(engine: Engine) -> None:
    """All twice in one go, odd characters and unknown clocks among them; then again with half of them new."""
    first = [("M-1", node, Stage.CORDONED, hours(1), hours(2), "test", ODD) for node in NODES]
    later = [("M-1", node, Stage.DRAINED, hours(3), None, "test", "") for node in NODES]
    with appending(engine) as connection:
        append(connection, {"node_transitions": first + first}, NOW, "test")
        again = append(connection, {"node_transitions": first}, NOW, "test")
        append(connection, {"node_transitions": first + later}, NOW, "test")

    with reading(engine) as connection:
        kept = connection.scalar(select(func.count()).select_from(node_transitions))
        refs = set(connection.scalars(select(node_transitions.c.source_ref)))
        stands = set(connection.scalars(select(current_stages.c.stage)))
        out = connection.scalar(select(func.count()).select_from(current_stages).where(current_stages.c.is_out))
    assert again is None
    assert (kept, refs) == (2 * len(NODES), {ODD, ""})
    assert (stands, out) == ({"drained"}, len(NODES))
