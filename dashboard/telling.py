"""The door of the update that nobody had to write: `dashboard status`."""

import json
from datetime import UTC, datetime

import click

from dashboard.errors import UsageError
from dashboard.parameters import Instant


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
