"""The door of monitoring: `/metrics`, as Prometheus reads it. Labels are the fleet's clusters and the log's sources."""

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from dashboard.errors import DashboardError
from dashboard.model.stages import CLOSED, Status
from dashboard.views.notifier import NotifierHealth
from dashboard.views.vitals import Vitals
from dashboard.web.whom import answers

own = CollectorRegistry()
requests = Counter(
    "dashboard_http_requests", "Requests of programs that were answered", ["endpoint", "status"], registry=own
)


def count_request(endpoint: str, status: int) -> None:
    """Counts an answer that was given to a program."""
    requests.labels(endpoint, str(status)).inc()


def _fleet(found: Vitals) -> Iterator[Metric]:
    for name, words, gpus in (
        ("dashboard_gpus", "GPUs that the fleet has", found.gpus),
        ("dashboard_gpus_out", "GPUs that maintenance has out", found.out),
        ("dashboard_gpus_lost", "GPUs that will not come back under their node's name", found.lost),
    ):
        family = GaugeMetricFamily(name, words, labels=["provider", "cluster"])
        for place in found.gpus:
            family.add_metric(place, gpus.get(place, 0))
        yield family


def _maintenances(found: Vitals) -> Iterator[Metric]:
    family = GaugeMetricFamily("dashboard_maintenances_open", "Maintenances that are not over", labels=["status"])
    for status in Status:
        if status not in CLOSED:
            family.add_metric([str(status)], found.open.get(str(status), 0))
    yield family
    yield GaugeMetricFamily("dashboard_maintenances_overdue", "Open past their planned end", found.overdue)
    yield GaugeMetricFamily(
        "dashboard_maintenances_without_forecast", "Open, and never forecast", found.without_forecast
    )
    if found.forecast_age is not None:
        words = "Age of the oldest forecast that pages show"
        yield GaugeMetricFamily("dashboard_forecast_age_seconds", words, found.forecast_age)


def _sources(found: Vitals) -> Iterator[Metric]:
    age = GaugeMetricFamily("dashboard_source_age_seconds", "Since a source last told or was well", labels=["source"])
    for source, seconds in found.source_age.items():
        age.add_metric([source], seconds)
    yield age
    tries = GaugeMetricFamily("dashboard_source_failures", "Failed tries in a row", labels=["source"])
    for source, failures in found.source_failures.items():
        tries.add_metric([source], failures)
    yield tries
    yield GaugeMetricFamily("dashboard_set_aside_rows", "Rows that could not become facts", found.set_aside)
    yield GaugeMetricFamily("dashboard_log_position", "How far the log is", found.position)


def _notifier(health: NotifierHealth) -> Iterator[Metric]:
    """Nothing where nobody is to be told."""
    if health.configured:
        yield GaugeMetricFamily("dashboard_notifier_late", "Whether the notifier has missed its turns", health.late)
        yield GaugeMetricFamily("dashboard_notices_waiting", "Notices that should have arrived", health.waiting)
        yield GaugeMetricFamily("dashboard_notices_failed", "Notices that were given up", health.failed)
        if health.age_seconds is not None:
            words = "Since the notifier last looked"
            yield GaugeMetricFamily("dashboard_notifier_beat_age_seconds", words, health.age_seconds)


PARTS: tuple[Callable[[Vitals], Iterable[Metric]], ...] = (_fleet, _maintenances, _sources)
"""What the metrics are made of; whoever has more to tell adds a part, and what it needs to Vitals."""


class _Fleet(Collector):
    """Reads the log at each scrape; one that is out of reach is a metric too."""

    def collect(self) -> Iterator[Metric]:
        words = "Whether the log can be read"
        try:
            found, health = answers().vitals(), answers().notifier_health()
        except DashboardError:
            yield GaugeMetricFamily("dashboard_log_up", words, 0)
            return
        yield GaugeMetricFamily("dashboard_log_up", words, 1)
        for part in PARTS:
            yield from part(found)
        yield from _notifier(health)


own.register(_Fleet())


def metrics(request: Request) -> Response:
    """Everything, in the format that the asker prefers."""
    encode, media = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(own), headers={"Content-Type": media, "Cache-Control": "no-store"})
