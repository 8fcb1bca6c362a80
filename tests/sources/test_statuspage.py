"""A Statuspage's maintenances, from announcement to completion, in the shape in which it publishes them."""

from typing import Any

from sqlalchemy import Engine

from dashboard.sources.statuspage import Statuspage
from tests.sources.asked import Asked
from tests.sources.loopback import Loopback

FIRST = {"id": "u1", "status": "scheduled", "body": "We will <b>move</b> racks.",
         "created_at": "2026-03-01T08:00:00.000Z", "display_at": "2026-03-01T08:00:00.000Z"}  # fmt: skip
SECOND = {"id": "u2", "status": "in_progress", "body": "It has begun.", "created_at": "2026-03-01T20:00:00.000+01:00"}


def maintenance(**rest: Any) -> dict[str, Any]:
    said = {
        "id": "p31zjtct2jer", "name": "Rack moves", "status": "scheduled", "impact": "maintenance",
        "created_at": "2026-03-01T08:00:00.000Z", "updated_at": "2026-03-01T08:00:00.000Z",
        "scheduled_for": "2026-03-01T20:00:00.000Z", "scheduled_until": "2026-03-02T04:00:00.000Z",
        "shortlink": "http://stspg.example/p31z",
        "components": [{"id": "c1", "name": "GPU East", "status": "operational"}],
        "incident_updates": [FIRST],
    }  # fmt: skip
    return said | rest


def page(server: Loopback) -> Statuspage:
    told = {"name": "status", "type": "statuspage", "url": server.url, "provider": "nimbus", "timeout": 5}
    return Statuspage.model_validate(told | {"components": {"GPU East": "nimbus-iad-1"}})


def test_a_maintenance_is_told_from_announcement_to_completion(engine: Engine, server: Loopback) -> None:
    """Each word has the page's instant; window and cluster are those of its last edit; seen twice is told once."""
    asked = Asked(engine, page(server))
    steps = [
        maintenance(),
        maintenance(),
        maintenance(status="in_progress", updated_at="2026-03-01T20:00:00+01:00", incident_updates=[SECOND, FIRST]),
        maintenance(status="completed", updated_at="2026-03-02T05:00:00Z", incident_updates=[SECOND, FIRST]),
    ]
    new = []
    for each in steps:
        server.says({"page": {"id": "x"}, "scheduled_maintenances": [each]})
        new.append(asked.again().new)

    assert new[1] == 0
    told = asked.told("maintenance_updates", "recorded_at", "status", "planned_end", "cluster_id")
    assert ("2026-03-01T08:00:00Z", "scheduled", "2026-03-02T04:00:00Z", "nimbus-iad-1") in told
    assert told[-1] == ("2026-03-02T05:00:00Z", "completed", "2026-03-02T04:00:00Z", "nimbus-iad-1")
    assert {row[0] for row in asked.told("maintenance_updates", "maintenance_id")} == {"status:p31zjtct2jer"}
    assert asked.told("provider_messages", "message_id", "received_at", "subject", "body") == [
        ("status:u1", "2026-03-01T08:00:00Z", "Rack moves", "We will <b>move</b> racks."),
        ("status:u2", "2026-03-01T19:00:00Z", "Rack moves", "It has begun."),
    ]
    assert server.asked[0].path == "/api/v2/scheduled-maintenances.json"


def test_a_state_that_is_new_to_us_changes_no_status_and_is_noted(engine: Engine, server: Loopback) -> None:
    asked = Asked(engine, page(server))
    server.says({"scheduled_maintenances": [maintenance(status="pondering", incident_updates=None, components=None)]})
    asked.again()

    assert asked.told("maintenance_updates", "status", "note") == [("", "their word for its state: pondering")]


def test_nonsense_costs_no_neighbour(engine: Engine, server: Loopback) -> None:
    odd = [3, {}, maintenance(id="x", updated_at="soon", created_at=None, incident_updates=["a", {}])]
    server.says({"scheduled_maintenances": [*odd, maintenance()]})

    done = Asked(engine, page(server)).again()

    assert done.new == 4
    assert done.set_aside >= 3


def test_another_page_is_said(engine: Engine, server: Loopback) -> None:
    server.says({"incidents": []})

    assert "is the url a Statuspage's?" in Asked(engine, page(server)).again().error
