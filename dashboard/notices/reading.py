"""What the log says of maintenances, as notices need it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

from sqlalchemy import Connection, func, select

from dashboard.log.bulk import in_chunks
from dashboard.log.derive import read_updates
from dashboard.log.forecasts import latest_words
from dashboard.log.outbox import read_notices
from dashboard.log.read import fleet_totals, in_force
from dashboard.log.source_states import read_states
from dashboard.log.state import Known, maintenances, tallies
from dashboard.log.tables import FACT_TABLES, current_maintenances, touched
from dashboard.log.wholes import read_wholes
from dashboard.model.instants import HOUR, micros
from dashboard.model.maintenance import Maintenance, stage_by_status
from dashboard.model.outlook import LIKELY, PLAN_ON, Forecast
from dashboard.model.stages import OUT
from dashboard.notices.audiences import Directory, Held, Party
from dashboard.notices.story import Course, Kept, Mood, Phase, Said, course_of, said_next

ALMOST = 0.95  # the share of GPUs that counts as back in one line
HEARD_WITHIN = 48 * HOUR
LATELY = 5_000  # positions of the log that are looked back over


@dataclass(frozen=True, slots=True)
class Facts:
    """One maintenance as the log has it."""

    told: Maintenance
    course: Course
    held: tuple[Held, ...]
    likely: int | None
    plan_on: int | None
    eta_at: int
    all_likely: int | None = None
    all_plan_on: int | None = None

    def back(self, now: int) -> tuple[str, int | None, int | None]:
        """What share comes back, when that is likely and when to plan on it: 95 %, or all once so many should be."""
        if self.likely is not None and self.likely <= now:
            return "all", self.all_likely, self.all_plan_on
        return f"{round(ALMOST * 100)} %", self.likely, self.plan_on

    @property
    def eta(self) -> int | None:
        """When 95 % are likely back; without a forecast, the planned end."""
        return self.likely if self.likely is not None else self.course.end


def read_facts(connection: Connection, ids: Iterable[str]) -> dict[str, Facts]:
    """Each of these maintenances that the log knows."""
    chosen = sorted(set(ids))
    known = maintenances(connection, None, chosen)
    joined = read_wholes(connection)
    last = _last_words(connection, chosen)
    updates = read_updates(connection, chosen, joined)
    rows = defaultdict(list)
    for tally in tallies(connection, chosen):
        rows[tally.maintenance_id].append(tally)
    forecasts = latest_words(connection, chosen)
    found = {}
    for name, each in known.items():
        mine = rows.get(name, [])
        if not each.by_node:
            stage = str(stage_by_status(each.maintenance.status))
            mine = [row._replace(stage=stage) for row in mine]
        out = sum(row.nodes for row in mine if row.stage in OUT)
        first = min((row.first_out_at for row in mine if row.first_out_at is not None), default=None)
        course = course_of(updates.get(name, ()), first, out if each.by_node else 0, last.get(name, 0))
        held = tuple(Held(row.stage, row.cluster_id, row.team_id, row.gpus) for row in mine)
        found[name] = _facts(each, course, held, forecasts.get(name))
    return found


def _facts(known: Known, course: Course, held: tuple[Held, ...], forecast: Forecast | None) -> Facts:
    if forecast is None or course.phase in (Phase.COMPLETED, Phase.CANCELLED):
        return Facts(known.maintenance, course, held, None, None, course.planned_at)
    levels = [(fraction, level) for fraction in (ALMOST, 1.0) for level in (LIKELY, PLAN_ON)]
    likely, plan_on, *of_all = (micros(forecast.quantile(fraction, level)) for fraction, level in levels)
    return Facts(known.maintenance, course, held, likely, plan_on, micros(forecast.as_of), *of_all)


def _last_words(connection: Connection, ids: Sequence[str]) -> dict[str, int]:
    columns = current_maintenances.c
    query = select(columns.maintenance_id, columns.last_recorded_at)
    parts = (query.where(columns.maintenance_id.in_(part)) for part in in_chunks(ids))
    return {row[0]: row[1] for part in parts for row in connection.execute(part)}


def read_words(connection: Connection, ids: Iterable[str]) -> list[tuple[str, int]]:
    """The source of each of these maintenances, and when anything of it was recorded last (µs)."""
    columns = current_maintenances.c
    query = select(columns.source, columns.last_recorded_at)
    parts = (query.where(columns.maintenance_id.in_(part)) for part in in_chunks(sorted(set(ids))))
    return [(row[0], row[1]) for part in parts for row in connection.execute(part)]


@dataclass(frozen=True, slots=True)
class Told:
    """What an audience was told of a maintenance: the last word, and the number of the notice that said it."""

    said: Said | None = None
    number: int = 0


def read_told(connection: Connection, ids: Iterable[str]) -> dict[tuple[str, str], Told]:
    """Of each of these maintenances and each audience ever told of it, under any name: what it was told last."""
    found: dict[tuple[str, str], Told] = {}
    joined = read_wholes(connection)
    for row in read_notices(connection, joined.parts(ids)):
        key = (joined.whole(row.maintenance_id), row.audience)
        said = Said(row.written_at, Phase(row.phase), Mood(row.mood), row.start, row.end, row.eta, row.back, row.gpus)
        kept = Kept(said, row.urgent, row.escalates, row.acknowledged_at is not None)
        before = found.get(key)
        found[key] = Told(said_next(before.said if before else None, kept), row.number)
    return found


def read_directory(connection: Connection, now: int) -> Directory:
    """Names, parties, allocations that are not over, and what is where."""
    allocated: dict[tuple[str, str], int] = defaultdict(int)
    for row in in_force(connection, "allocations"):
        if row["ends_at"] is None or row["ends_at"] > now:
            allocated[row["cluster_id"], row["team_id"]] += row["gpus"]
    names = [each.name for each in fields(Party)]
    return Directory(
        {row["provider_id"]: row["name"] or row["provider_id"] for row in in_force(connection, "providers")},
        {row["team_id"]: row["name"] or row["team_id"] for row in in_force(connection, "teams")},
        {row["cluster_id"]: row["provider_id"] for row in in_force(connection, "clusters")},
        tuple(Party(**{name: row[name] for name in names}) for row in in_force(connection, "parties")),
        dict(allocated),
        {(cluster, team): gpus for cluster, team, _, gpus in fleet_totals(connection, None)},
    )


def read_heard(connection: Connection, now: int) -> dict[str, int]:
    """Of each source that told of a maintenance lately, when it was last heard of (µs)."""
    newest = connection.scalar(select(func.max(touched.c.position))) or 0
    columns = current_maintenances.c
    lately = select(touched.c.maintenance_id).where(touched.c.position > newest - LATELY)
    said = select(columns.source, func.max(columns.last_recorded_at)).where(columns.maintenance_id.in_(lately))
    found: dict[str, int] = {row[0]: row[1] for row in connection.execute(said.group_by(columns.source))}
    moved = FACT_TABLES["node_transitions"]
    recent = select(moved.c.source, func.max(moved.c.recorded_at)).where(moved.c.occurred_at > now - HEARD_WITHIN)
    for source, at in connection.execute(recent.group_by(moved.c.source)):
        found[source] = max(at, found.get(source, at))
    for state in read_states(connection):
        # One that is asked and answers is not silent, however little there is to tell; one that fails is.
        if state.succeeded_at:
            found[state.source] = (
                state.succeeded_at if state.error else max(state.succeeded_at, found.get(state.source, 0))
            )
    return found


def silent_since(heard: Mapping[str, int], source: str, word: int, now: int, after: int) -> int | None:
    """Since when the source of a maintenance, whose last word on it was at `word`, has said nothing at all, where that
    is too long; None where it speaks."""
    at = max(heard.get(source, word), word)
    return at if at < now - after else None
