"""The door of the update that nobody had to write: `dashboard status`, and what is posted of it by schedule."""

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import click

from dashboard.errors import UsageError
from dashboard.parameters import Instant

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from dashboard.jobs.post import Writer
    from dashboard.notices.plan import Notices, Update
    from dashboard.notices.updates import Written


@click.command()
@click.argument("maintenances", nargs=-1, metavar="[MAINTENANCE]...")
@click.option("--as-of", type=Instant(), help="as known at T, with nothing recorded later")
@click.option("--since", type=Instant(), help="what changed since T [default: a day before]")
@click.option("--team", metavar="ID", help="only its GPUs")
@click.option("--provider", metavar="ID", help="only its GPUs")
@click.option("--cluster", metavar="ID", help="only its GPUs")
@click.option("--zone", default="UTC", show_default=True, metavar="ZONE", help="whose clock: Europe/Berlin")
@click.option("--format", "shape", type=click.Choice(["markdown", "text", "json"]), default="markdown")
def status(
    maintenances: tuple[str, ...],
    as_of: datetime | None,
    since: datetime | None,
    team: str | None,
    provider: str | None,
    cluster: str | None,
    zone: str,
    shape: str,
    database: str,
) -> None:
    """The update to send: what changed, what is out, when it is back, what moved and why, who owes what."""
    from dashboard.jobs.forecast import Forecaster
    from dashboard.log.database import opened, reading
    from dashboard.model.scope import Scope
    from dashboard.views.freshness import choices, unknown
    from dashboard.views.status import status as told
    from dashboard.views.update import written

    now = datetime.now(UTC)
    scope = Scope(team, provider, cluster, as_of=as_of, zone=zone)
    with opened(database) as engine:
        if as_of is None:
            Forecaster(engine).step(now)
        with reading(engine) as connection:
            if wrong := unknown(choices(connection), scope):
                raise UsageError(f"status: {wrong}")
            found = written(told(connection, scope, now, since, maintenances), shape)
    click.echo(json.dumps(found, indent=1) if shape == "json" else found, nl=shape == "json")


def writer(plan: "Notices") -> "Writer":
    """Writes the updates that are posted. It raises UsageError for one that is of what there is not."""
    from dashboard.model.scope import Scope
    from dashboard.notices.updates import Written
    from dashboard.views.freshness import choices, unknown
    from dashboard.views.status import status as told
    from dashboard.views.update import as_json, posted

    def write(connection: "Connection", update: "Update", since: datetime, now: datetime) -> "Written":
        of = {"team": update.team, "provider": update.provider, "cluster": update.cluster}
        scope = Scope(update.team, update.provider, update.cluster, zone=update.zone or plan.zone)
        if wrong := unknown(choices(connection), scope):
            raise UsageError(f"update {update.name}: {wrong}")
        found = told(connection, scope, now, since)
        subject, text = posted(found)
        query = urlencode({name: value for name, value in of.items() if value})
        page = f"\n\n{plan.link}/{f'?{query}' if query else ''}" if plan.link else ""
        return Written(subject, f"{text}{page}", as_json(found))

    return write
