"""The door of programs: `/api/v1/…`, read-only JSON. What it answers are the views that pages draw."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from pydantic import AwareDatetime, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dashboard.views.freshness import Choices
from dashboard.views.update import as_json
from dashboard.web import duties, places, reviewing, shapes, shaping
from dashboard.web.asking import Asked, Dated, Handler, Instant, answering, asked, conditional, edition, make, refused
from dashboard.web.shapes import Shape
from dashboard.web.whom import answers

ROOT = "/api/v1"
JSON = "application/json"
MINUTE = timedelta(minutes=1)


class Since(Dated):
    """Whose GPUs, as of when, and since when."""

    since: AwareDatetime | None = Field(None, description="what changed since then; a day before without it")


class Sought(Asked):
    """A name, or a part of one."""

    q: str = Field("", max_length=120, description="words or numbers of a name, each from its beginning")


class Update(Shape):
    """The status update, as `dashboard status --format json` prints it."""

    as_of: str
    since: str
    certainty: float
    scope: dict[str, str]
    sentence: str
    warning: str
    gpus: dict[str, int]
    since_then: dict[str, int]
    changed: list[dict[str, str | int]]
    out: list[dict[str, str | int | float | None]]
    moved: list[dict[str, str]]
    has_the_ball: list[dict[str, str | int | list[str]]]
    owed: list[dict[str, str | bool | None]]
    coming: list[dict[str, str | int | float | None]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One question that programs can ask."""

    path: str  # below ROOT; {id} stands for what is named in it
    words: str
    asks: type[Asked]
    gives: type[Shape]
    find: Callable[[Asked, str], Shape]

    @property
    def name(self) -> str:
        """Its label in metrics, and its name in the OpenAPI document."""
        return self.path.strip("/").replace("/", "_").replace("{id}", "one")


def _one(told: Asked, maintenance_id: str) -> Shape:
    scope = told.scope()
    name = answers().whole_of(scope, maintenance_id)
    found = answers().where_it_stands(scope, name)
    if found is None:
        raise HTTPException(
            404, f"no maintenance {maintenance_id[:80]!r} was known then; {ROOT}/maintenances lists some"
        )
    return shaping.in_full(found)


def _node(told: Asked, node_id: str) -> Shape:
    found = answers().what_happened(told.scope(), node_id)
    if found is None:
        raise HTTPException(404, f"no node {node_id[:80]!r} was known then; {ROOT}/search?q=… finds it by a part of it")
    return shaping.node(found)


def _cluster(told: Asked, cluster: str) -> Shape:
    found = answers().how_is_cluster(told.scope(), cluster)
    if found is None:
        raise HTTPException(404, f"no cluster {cluster[:80]!r} was known then; {ROOT}/clusters lists them")
    return shaping.cluster(found)


def _search(told: Asked, _id: str) -> Shape:
    return shaping.hits(answers().search(told.scope(), told.q if isinstance(told, Sought) else ""))


def _names(choose: Callable[[Choices], tuple[tuple[str, str], ...]]) -> Callable[[Asked, str], Shape]:
    def find(_told: Asked, _id: str) -> Shape:
        chosen = choose(answers().choices())
        return shapes.Names(items=[shapes.Named(id=name, name=words) for name, words in chosen])

    return find


def _update(told: Asked, _id: str) -> Shape:
    since = told.since if isinstance(told, Since) else None
    return Update.model_validate(as_json(answers().status(told.scope(), since)))


ENDPOINTS = (
    Endpoint("/capacity", "What is out, when it is back, and the curve of GPUs out", Dated, shapes.Capacity,
             lambda told, _: shaping.capacity(answers().what_is_out(told.scope()))),
    Endpoint("/maintenances", "What is running, announced, or over for less than 14 days", Dated, shapes.Maintenances,
             lambda told, _: shaping.maintenances(answers().what_is_planned(told.scope()))),
    Endpoint("/maintenances/{id}", "Where one maintenance stands", Dated, shapes.MaintenanceInFull, _one),
    Endpoint("/signals", "For schedulers: coming capacity at stated certainties, and the nodes to avoid from when",
             Dated, shapes.SchedulerSignals, lambda told, _: shaping.signals(answers().signals(told.scope()))),
    Endpoint("/status", "The update that nobody had to write", Since, Update, _update),
    Endpoint("/review", "How a period of maintenances went, by provider and kind; what was put off", reviewing.Within,
             reviewing.PeriodReview, reviewing.find),
    Endpoint("/clusters", "The clusters: GPUs in service, out and lost", Dated, shapes.Clusters,
             lambda told, _: shaping.clusters(answers().what_is_out(told.scope()))),
    Endpoint("/clusters/{id}", "How one cluster is: what is out and why, what is next, its teams, its worst nodes",
             Instant, places.ClusterInFull, _cluster),
    Endpoint("/nodes/{id}", "What happened to one machine, through every maintenance, and who has it now", Instant,
             places.Node, _node),
    Endpoint("/search", "What goes by a name, or by a part of one", Sought, places.Hits, _search),
    Endpoint("/owed", "Who owes what by when, and what is overdue", Dated, duties.Duties,
             lambda told, _: duties.duties(answers().who_is_up(told.scope()))),
    Endpoint("/watch", "What is stuck, late, contradictory or silent", Dated, duties.Troubles,
             lambda told, _: duties.troubles(answers().watch(told.scope()))),
    Endpoint("/lifecycle", "Where the nodes of open maintenances stand, stage by stage", Dated, duties.Stages,
             lambda told, _: duties.stages(answers().lifecycle(told.scope()))),
    Endpoint("/trust", "How the forecasts of the last year did", Dated, duties.Record,
             lambda told, _: duties.record(answers().trust(told.scope()))),
    Endpoint("/notices", "Who was told what, now", Asked, duties.Told,
             lambda told, _: duties.told(answers().who_was_told(told.scope()))),
    Endpoint("/sources", "What each source brings, now", Asked, duties.Intake,
             lambda told, _: duties.intake(answers().what_comes_in(told.scope()))),
    Endpoint("/teams", "The teams", Asked, shapes.Names, _names(lambda known: known.teams)),
    Endpoint("/providers", "The providers", Asked, shapes.Names, _names(lambda known: known.providers)),
)  # fmt: skip


def _handler(endpoint: Endpoint) -> Handler:
    @answering(endpoint.name)
    def handle(request: Request) -> Response:
        told = asked(request, endpoint.asks)
        scope, name = told.scope(), request.path_params.get("id", "")
        # Live, words such as "in 14 h" and what is late change by the minute without any news.
        of = edition(f"{endpoint.path} {name} {told.model_dump_json()}", None if scope.as_of else MINUTE)

        def body() -> bytes:
            return endpoint.find(told, name).model_dump_json().encode()

        return conditional(request, of, JSON, lambda: make(scope, of.key, body))

    return handle


@answering("nothing")
def nothing(request: Request) -> Response:
    """Whatever is not there, or is asked to change something."""
    if request.method not in ("GET", "HEAD"):
        return refused(405, f"the API only reads; {request.method} is not among what it does", Allow="GET, HEAD")
    return refused(404, f"there is nothing at {request.url.path[:200]}; {ROOT}/openapi.json says what there is")


def api_routes(described: Callable[[Request], Response]) -> list[Route]:
    """The routes of the API; `described` answers with the document that describes it."""
    paths = [(each, each.path.replace("{id}", "{id:path}")) for each in ENDPOINTS]  # a name may hold a slash
    made = [Route(f"{ROOT}{path}", _handler(each), methods=["GET"]) for each, path in paths]
    rest = Route("/api/{rest:path}", nothing, methods=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
    return [*made, Route(f"{ROOT}/openapi.json", described, methods=["GET"]), rest]
