"""A review by the API is that of the page, and of plain SQL on the log, at five instants."""

from datetime import datetime, timedelta
from math import isnan
from typing import Any

import pytest
from sqlalchemy import text

from dashboard.log.database import reading
from dashboard.model.instants import iso, micros
from dashboard.model.scope import Scope
from dashboard.views.ledgers import figures
from tests.web.conftest import NOW, World
from tests.web.test_api import get

INSTANTS = [None, *(NOW - timedelta(days=days, hours=5) for days in (1, 20, 100, 200))]
PERIOD = "90d"

HOURS = """
WITH told AS (
  SELECT DISTINCT maintenance_id, node_id, stage, occurred_at FROM node_transitions WHERE recorded_at <= :at
), moves AS (
  SELECT told.maintenance_id, told.stage, gpus, occurred_at AS since,
    LEAD(occurred_at, 1, :at) OVER (PARTITION BY told.maintenance_id, told.node_id ORDER BY occurred_at) AS until
  FROM told JOIN current_nodes ON current_nodes.node_id = told.node_id
), words AS (
  SELECT maintenance_id, status, recorded_at AS since,
    LEAD(recorded_at, 1, :at) OVER (PARTITION BY maintenance_id ORDER BY recorded_at) AS until
  FROM maintenance_updates
  WHERE status <> '' AND recorded_at <= :at AND maintenance_id NOT IN (SELECT maintenance_id FROM told)
), members AS (
  SELECT maintenance_id, SUM(gpus) AS gpus FROM (
    SELECT maintenance_id, node_id, removed, MAX(recorded_at) FROM maintenance_nodes WHERE recorded_at <= :at
    GROUP BY maintenance_id, node_id
  ) AS named JOIN current_nodes ON current_nodes.node_id = named.node_id WHERE NOT removed GROUP BY maintenance_id
), out AS (
  SELECT maintenance_id, since, until, gpus FROM moves
  WHERE stage IN ('cordoned', 'drained', 'in_maintenance', 'returned', 'validating', 'repairing')
  UNION ALL
  SELECT words.maintenance_id, since, until, gpus FROM words
  JOIN members ON members.maintenance_id = words.maintenance_id WHERE status IN ('in_progress', 'recovering')
)
SELECT SUM((MIN(until, :at) - MAX(since, :begins)) * gpus) / 3.6e9 FROM out WHERE MIN(until, :at) > MAX(since, :begins)
"""
"""GPU-hours out: what nodes are reported, else what is told of the whole maintenance."""

ENDED = """
WITH last AS (
  SELECT maintenance_id, status, recorded_at,
    ROW_NUMBER() OVER (PARTITION BY maintenance_id ORDER BY recorded_at DESC) AS age
  FROM maintenance_updates WHERE status <> '' AND recorded_at <= :at
), ended AS (
  SELECT maintenance_id FROM last
  WHERE age = 1 AND status = 'completed' AND recorded_at >= :begins AND recorded_at < :at
), stays AS (
  SELECT maintenance_id, stage, LEAD(stage) OVER (PARTITION BY maintenance_id, node_id ORDER BY occurred_at) AS next
  FROM (SELECT DISTINCT maintenance_id, node_id, stage, occurred_at FROM node_transitions WHERE recorded_at <= :at)
  WHERE maintenance_id IN (SELECT maintenance_id FROM ended)
)
SELECT (SELECT COUNT(*) FROM ended),
  (SELECT COUNT(*) FROM stays WHERE stage = 'validating' AND next IS NOT NULL),
  (SELECT COUNT(*) FROM stays WHERE stage = 'validating' AND next = 'repairing')
"""


def asked(at: datetime | None) -> dict[str, str]:
    return {"period": PERIOD} | ({} if at is None else {"as_of": iso(at)})


def same(told: Any, value: Any) -> bool:
    return isnan(value) if told is None else told == pytest.approx(value)


@pytest.mark.parametrize("at", INSTANTS)
def test_api_page_and_sql_say_the_same(sample: World, at: datetime | None) -> None:
    found, page = get(sample, "/review", **asked(at)), sample.answers.review(Scope(as_of=at), PERIOD)
    with reading(sample.answers.engine) as connection:
        instants = {"at": micros(at or NOW), "begins": micros(page.period.begins)}
        hours = connection.scalar(text(HOURS), instants)
        ended = tuple(connection.execute(text(ENDED), instants).one())

    assert found["sentence"] == page.sentence
    assert found["all"]["gpu_hours"] == pytest.approx(page.all.gpu_hours)
    assert found["all"]["gpu_hours"] == pytest.approx(hours, rel=1e-9)
    assert tuple(found["all"][name] for name in ("maintenances", "validated", "failed")) == ended
    assert ended[0] > 0
    shown = figures(page.lines)
    for row, line in zip(found["kinds"], shown.to_dict("records"), strict=True):
        assert (row["provider"], row["kind"]) == (line["provider_id"], line["kind_id"])
        for name in set(line) & set(row["measures"]):
            assert same(row["measures"][name], line[name]), name
        for role, gpu_hours in row["measures"]["waiting"].items():
            assert gpu_hours == pytest.approx(line[f"waiting_{role}"])


def test_parts_add_up(sample: World) -> None:
    """Who had the ball, planned and unplanned, providers and maintenances: each comes to the same hours."""
    found = get(sample, "/review", period="2026-Q3")
    whole = found["all"]["gpu_hours"]

    assert sum(found["all"]["waiting"].values()) == pytest.approx(whole)
    assert found["all"]["planned"] + found["all"]["unplanned"] == pytest.approx(whole)
    for parts in (found["providers"], found["kinds"]):
        assert sum(each["measures"]["gpu_hours"] for each in parts) == pytest.approx(whole)
    assert sum(each["gpu_hours"] for each in found["maintenances"]) == pytest.approx(whole)
    teams = [each["id"] for each in get(sample, "/teams")["items"]]
    by_team = [get(sample, "/review", period="2026-Q3", team=each)["all"]["gpu_hours"] for each in teams]
    assert sum(by_team) == pytest.approx(whole)


def test_a_link_that_was_fixed_shows_the_same_later(sample: World) -> None:
    """What a deck's links say, as of when it was made, is what was seen then."""
    page = sample.answers.review(Scope(), "30d")

    found = get(sample, "/review", period=page.period.fixed, as_of=iso(page.now))

    assert found["all"]["gpu_hours"] == pytest.approx(page.all.gpu_hours)
    assert found["begins"] == iso(page.period.begins)


@pytest.mark.parametrize("period", ["soon", "2027-Q1", "2026-09-30..2026-09-01"])
def test_what_is_no_period_is_refused_in_a_sentence(sample: World, period: str) -> None:
    answer = sample.served.ask("GET", "/api/v1/review", params={"period": period})

    assert answer.status_code == 400
    assert "write 90d, 2026-Q3, or 2026-07-01..2026-09-30" in answer.json()["error"]
