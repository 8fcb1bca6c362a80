"""What monitoring reads: parsed by Prometheus's own parser, and equal to what the pages say."""

import re

from prometheus_client.parser import text_string_to_metric_families

from dashboard.errors import LogUnavailable
from dashboard.model.scope import Scope
from dashboard.web.whom import connect
from tests.web.conftest import Standing, World

Samples = dict[str, dict[tuple[str, ...], float]]


def read(world: World) -> Samples:
    answer = world.served.ask("GET", "/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    found: Samples = {}
    for family in text_string_to_metric_families(answer.text):
        assert family.documentation, family.name
        assert re.fullmatch(r"dashboard_[a-z_]+", family.name)
        for each in family.samples:
            labels = tuple(value for _, value in sorted(each.labels.items()))
            found.setdefault(each.name, {})[labels] = each.value
    return found


def test_the_fleet_is_that_of_the_pages(sample: World) -> None:
    page, found = sample.answers.what_is_out(Scope()), read(sample)

    out, lost = found["dashboard_gpus_out"], found["dashboard_gpus_lost"]
    assert sum(out.values()) == page.out > 0
    assert sum(lost.values()) == page.lost > 0
    assert sum(found["dashboard_gpus"].values()) == page.gpus
    assert out["nimbus-iad-1", "nimbus"] == 1024
    assert len(out) == 12, "a cluster with nothing out is there too, so that an alert on it has a line to look at"


def test_maintenances_and_the_machinery_are_told(sample: World) -> None:
    found = read(sample)

    assert sum(found["dashboard_maintenances_open"].values()) == 11
    assert found["dashboard_maintenances_open"]["deferred",] == 1
    assert found["dashboard_forecast_age_seconds"][()] == 0
    assert found["dashboard_maintenances_without_forecast"][()] == 0
    assert found["dashboard_set_aside_rows"][()] == 0
    assert found["dashboard_log_position"][()] == sample.answers.head().position
    assert found["dashboard_source_age_seconds"]["halden-portal",] > 6 * 3600
    assert found["dashboard_log_up"][()] == 1


def test_requests_are_counted_by_door_not_by_address(sample: World) -> None:
    """However many names are tried, the labels stay as many as there are doors."""
    before = read(sample).get("dashboard_http_requests_total", {})
    for i in range(5):
        sample.served.ask("GET", f"/api/v1/maintenances/M-none-{i}")

    after = read(sample)["dashboard_http_requests_total"]

    assert after["maintenances_one", "404"] - before.get(("maintenances_one", "404"), 0) == 5
    assert len(set(after) - set(before)) <= 1


def test_a_log_out_of_reach_is_a_metric(sample: World) -> None:
    """Monitoring that fails along with what it watches tells nobody why."""

    def nobody() -> Standing:
        raise LogUnavailable("no")

    before = connect(nobody)
    try:
        found = read(sample)
    finally:
        connect(before)

    assert found["dashboard_log_up"][()] == 0
    assert "dashboard_gpus_out" not in found


def test_an_empty_log_has_metrics_too(small: World) -> None:
    assert read(small)["dashboard_log_position"][()] == 0
