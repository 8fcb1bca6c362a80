"""The calendar's event of each maintenance that an audience is told of: what a subscription shows, for its e-mail."""

from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import Connection

from dashboard.log.plans import plans_of
from dashboard.model.calendar import Event, about, of_plan, planned
from dashboard.notices.audiences import Directory
from dashboard.notices.compose import Draft, Events
from dashboard.notices.story import Phase


def events_of(connection: Connection, drafts: Iterable[Draft], directory: Directory) -> Events:
    """By maintenance and audience; none without a start. What is no longer an audience's is cancelled to it."""
    some = list(drafts)
    plans = plans_of(connection, {each.maintenance_id for each in some}, None)
    found: dict[tuple[str, str], Event] = {}
    for each in some:
        told, revised = each.facts.told, plans[each.maintenance_id]
        clusters = {row.cluster for row in each.facts.held} or {told.cluster_id}
        cluster = next(iter(clusters)) if len(clusters) == 1 else f"{len(clusters)} clusters"
        provider = told.provider_id or directory.clusters.get(told.cluster_id, "")
        said = of_plan(told.status, each.story.gpus, revised)
        places = (cluster, directory.providers.get(provider, provider))
        named = about(
            told.maintenance_id, told.title or told.maintenance_id, places, told.kind, said, told.provider_ref
        )
        event = planned(named, revised)
        if event is not None:
            gone = each.story.course.phase is Phase.RELEASED
            found[each.maintenance_id, each.audience.key] = replace(event, status="CANCELLED") if gone else event
    return found
