"""One fleet with one maintenance, and what notices make of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, select

from dashboard.jobs.deliver import Courier
from dashboard.log.append import append
from dashboard.log.database import appending, reading
from dashboard.log.notice_tables import notices
from dashboard.model.instants import micros
from dashboard.notices.channels.seam import Channel
from dashboard.notices.plan import Notices

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
START = NOW + timedelta(hours=20)

FLEET: dict[str, list[tuple[Any, ...]]] = {
    "providers": [("p", "Nimbus Cloud")],
    "teams": [("t-fm", "Foundation models"), ("t-vis", "Vision")],
    "clusters": [("c", "p", "region", "sku", 8)],
    "nodes": [("n-1", "c", "r", 8, "t-fm"), ("n-2", "c", "r", 8, "")],
    "allocations": [("t-fm", "c", 12, micros(NOW), None), ("t-vis", "c", 4, micros(NOW), None)],
    "parties": [
        ("oncall", "On call", "cluster_oncall", "p", "c", "", "mailto:oncall@fleet.example", "", "Europe/Berlin"),
        ("vis", "Nadia", "customer", "", "", "t-vis", "slack:#vision", "", "Europe/Paris"),
    ],
}


def tell(engine: Engine, at: datetime, name: str = "M-1", **told: Any) -> None:
    """A word on a maintenance, recorded at `at`."""
    row = (name, micros(at), "nimbus", told.get("status", ""), "firmware", told.get("title", "Firmware"), "p", "c",
           told.get("start"), told.get("end"), None, "", "")  # fmt: skip
    with appending(engine) as connection:
        append(connection, {"maintenance_updates": [row]}, at, "test")


def settled(engine: Engine, **told: Any) -> None:
    """The fleet, and a maintenance of both nodes that is confirmed for 20 hours from now."""
    rows = FLEET | {"maintenance_nodes": [("M-1", node, micros(NOW), False) for node in ("n-1", "n-2")]}
    with appending(engine) as connection:
        append(connection, rows, NOW, "test")
    plan = {"start": micros(START), "end": micros(START + timedelta(hours=30))}
    tell(engine, NOW, **({"status": "confirmed"} | plan | told))


def plan_of(*channels: Channel, over: list[str] | None = None, **told: Any) -> Notices:
    """A configuration that tells the on-call of clusters over these channels, one after the other."""
    names = over or [each.name for each in channels]
    audience = {"name": "oncall", "for": "clusters", "channels": names}
    return Notices.model_validate({"channels": list(channels), "audiences": [audience]} | told)


def courier(engine: Engine, plan: Notices, name: str, now: datetime = NOW, **more: Any) -> Courier:
    channel = next(each for each in plan.channels if each.name == name)
    return Courier(engine, name, channel, plan, "w", lambda: now, lambda: 0.5, **more)


def written(engine: Engine) -> list[Any]:
    """Every notice, in order."""
    with reading(engine) as connection:
        return list(connection.execute(select(notices).order_by(notices.c.number)))
