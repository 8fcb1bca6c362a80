"""The API says what the pages say, describes itself, and refuses in one sentence."""

import json
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from dashboard.errors import LogUnavailable
from dashboard.log.append import append
from dashboard.log.database import appending, reading
from dashboard.model.instants import iso, micros
from dashboard.model.scope import Scope
from dashboard.model.stages import Stage
from dashboard.views.ahead import look_ahead
from dashboard.views.status import status
from dashboard.views.update import as_json
from dashboard.web.whom import connect
from tests.log.stories import transition
from tests.web.conftest import NOW, Standing, World
from tests.web.test_calendar import at, tell, word

ROOT = "/api/v1"
THEN = "2026-11-17T12:00:00Z"
SCOPES: tuple[dict[str, str], ...] = ({}, {"team": "vision"}, {"provider": "nimbus", "certainty": "0.75"})


def get(world: World, path: str, **query: str) -> Any:
    answer = world.served.ask("GET", f"{ROOT}{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def scope_of(query: dict[str, str]) -> Scope:
    told: dict[str, Any] = dict(query)
    if "certainty" in told:
        told["certainty"] = float(told["certainty"])
    return Scope(**told)


def same(text: str | None, instant: datetime | None) -> bool:
    return text is None if instant is None else text is not None and datetime.fromisoformat(text) == instant


@pytest.mark.parametrize("query", SCOPES)
def test_capacity_is_that_of_the_page(sample: World, query: dict[str, str]) -> None:
    page, found = sample.answers.what_is_out(scope_of(query)), get(sample, "/capacity", **query)

    assert (found["gpus"], found["out"], found["lost"]) == (page.gpus, page.out, page.lost)
    assert same(found["likely_back"], page.likely_back)
    assert same(found["plan_on"], page.plan_on)
    assert found["curve"]["gpus_out"]["0.9"] == list(page.fan.curve.gpus_out[0.9])
    assert found["past"]["gpus_out"] == list(page.fan.past_out)
    assert [each["out"] for each in found["clusters"]] == page.clusters["out"].tolist()
    assert get(sample, "/clusters", **query)["items"] == found["clusters"]
    assert found["out"] > 0


@pytest.mark.parametrize("query", SCOPES)
def test_maintenances_are_those_of_the_page(sample: World, query: dict[str, str]) -> None:
    page, found = sample.answers.what_is_planned(scope_of(query)), get(sample, "/maintenances", **query)

    assert found["sentence"] == page.sentence
    assert [each["gpus_out"] for each in found["items"]] == page.table["gpus_out"].tolist()
    for each, bar in zip(found["items"], page.bars, strict=True):
        assert (each["maintenance_id"], each["status"], each["risk"]) == (bar.maintenance_id, bar.status, bar.risk)
        assert same(each["likely_back"], bar.likely_end)
        assert same(each["plan_on"], bar.plan_on_end)
        assert same(each["promised"], bar.planned_end)


def test_a_node_is_that_of_its_page(sample: World) -> None:
    page, found = sample.answers.what_happened(Scope(), "iad1-b01-1"), get(sample, "/nodes/iad1-b01-1")

    assert page is not None
    assert (found["sentence"], found["stage"], found["who"]) == (page.sentence, "repairing", page.who)
    assert (found["outs"], found["repairs"], found["hours_out"]) == (page.outs, page.repairs, page.hours_out)
    assert found["beside"] == list(page.beside)
    assert [each["hours"] for each in found["maintenances"]] == page.maintenances["hours"].tolist()
    assert found["maintenances"][0]["back_at"] is None


def test_a_cluster_is_that_of_its_page(sample: World) -> None:
    """Now, and as it was: its numbers are those that the list of clusters has."""
    for query in ({}, {"as_of": "2026-11-18T00:00:00Z"}):
        found = get(sample, "/clusters/nimbus-iad-1", **query)
        listed = get(sample, "/clusters", **query)["items"]

        (same_,) = [each for each in listed if each["cluster"] == "nimbus-iad-1"]
        assert {name: found[name] for name in ("gpus", "in_service", "out", "lost")} == {
            name: same_[name] for name in ("gpus", "in_service", "out", "lost")
        }
        assert sum(each["gpus"] for each in found["why"]) == found["out"] > 0
        assert found["worst"]


def test_a_search_finds_what_the_page_finds(sample: World) -> None:
    page, found = sample.answers.search(Scope(), "a01"), get(sample, "/search", q="a01")

    assert [(each["kind"], each["id"]) for each in found["items"]] == [(each.kind, each.id) for each in page.hits]
    assert found["more"] == ["node"]
    assert get(sample, "/search") == {"items": [], "more": []}


def test_a_maintenance_is_that_of_its_page(sample: World) -> None:
    page, found = sample.answers.where_it_stands(Scope(), "M-1129"), get(sample, "/maintenances/M-1129")

    assert page is not None
    assert (found["sentence"], found["out"], found["status"]) == (page.sentence, page.out, "in_progress")
    assert {each["stage"]: each["nodes"] for each in found["stages"]} == dict(
        zip(page.stages["stage"], page.stages["nodes"], strict=True)
    )
    assert found["because"] == list(page.because)
    assert all(
        same(row["plan_on"], at_.to_pydatetime()) for row, at_ in zip(found["back"], page.back["plan_on"], strict=True)
    )


def test_the_update_is_that_of_the_command(sample: World) -> None:
    with reading(sample.answers.engine) as connection:
        told = json.loads(json.dumps(as_json(status(connection, Scope(), NOW))))

    assert get(sample, "/status") == told


def test_teams_and_providers_are_listed(sample: World) -> None:
    assert {"id": "vision", "name": "Vision"} in get(sample, "/teams")["items"]
    assert {"id": "nimbus", "name": "Nimbus Cloud"} in get(sample, "/providers")["items"]


def test_a_past_instant_is_answered_as_the_page_shows_it(sample: World) -> None:
    found = get(sample, "/capacity", as_of=THEN)
    page = sample.answers.what_is_out(Scope(as_of=datetime.fromisoformat(THEN)))

    assert found["as_of"] == THEN
    assert (found["out"], found["sentence"]) == (page.out, page.sentence)


# -- Signals ---------------------------------------------------------------------------------------------------------


def test_signals_are_what_the_simulated_futures_bear_out(sample: World) -> None:
    """At 90 %, at least so many GPUs are in service in 9 of 10 futures; counted again from the futures themselves."""
    found = get(sample, "/signals", cluster="nimbus-iad-1")
    with reading(sample.answers.engine) as connection:
        ahead = look_ahead(connection, Scope(), NOW)
    futures = ahead.fleet.by_cluster["nimbus-iad-1"] - ahead.together.gone("nimbus-iad-1")

    (cluster,) = found["clusters"]
    for level, line in cluster["in_service"].items():
        kept = (futures >= np.array(line)[None, :]).mean(axis=0)
        assert (kept >= float(level)).all()
        more = (futures >= np.array(line)[None, :] + 8).mean(axis=0)  # a node more is not as certain, where it varies
        assert (more[np.ptp(futures, axis=0) > 0] < 1).any()
    assert cluster["in_service_now"] + sample.answers.what_is_out(Scope(cluster="nimbus-iad-1")).out == cluster["gpus"]
    assert cluster["in_service"]["0.95"] <= cluster["in_service"]["0.5"]
    assert len(found["at"]) == len(cluster["in_service"]["0.5"])


def test_nodes_are_avoided_from_before_they_go_until_they_serve(small: World) -> None:
    """Four nodes: in service again, out, to go with a plan, and in no maintenance."""
    told = [
        transition("n-1", Stage.IN_MAINTENANCE, 0)[1],
        transition("n-1", Stage.IN_SERVICE, 1)[1],
        ("M-2", "n-2", "cordoned", at(-1), at(-1), "test", ""),
    ]
    tell(
        small,
        word(-9, "M-1", status="in_progress", cluster="c", start=-2, end=30),
        word(-9, "M-2", status="in_progress", cluster="d", start=-2, end=30),
        word(-9, "M-3", status="confirmed", cluster="c", start=24, end=30),
    )
    with appending(small.answers.engine) as connection:
        more: dict[str, list[tuple[Any, ...]]] = {
            "nodes": [("n-3", "c", "r", 8, "red"), ("n-4", "c", "r", 8, "red")],
            "maintenance_nodes": [("M-3", "n-3", micros(NOW - timedelta(hours=9)), False)],
            "node_transitions": told,
        }
        append(connection, more, NOW, "test")

    found = {each["cluster"]: each for each in get(small, "/signals")["clusters"]}

    (going,), (gone,) = found["c"]["avoid"], found["d"]["avoid"]
    assert (going["node_id"], going["since"], going["draining"]) == ("n-3", iso(NOW + timedelta(hours=24)), True)
    assert (gone["node_id"], gone["since"], gone["stage"]) == ("n-2", iso(NOW - timedelta(hours=1)), "cordoned")


# -- What it says of itself ------------------------------------------------------------------------------------------


def test_the_document_is_valid_openapi(sample: World) -> None:
    document = get(sample, "/openapi.json")

    validate(document)
    assert document["openapi"].startswith("3.1")
    assert {f"{ROOT}/signals", f"{ROOT}/maintenances/{{id}}", f"{ROOT}/capacity"} <= set(document["paths"])


@pytest.fixture
def document(sample: World) -> Any:
    return get(sample, "/openapi.json")


@pytest.mark.parametrize(
    "path", ["capacity", "maintenances", "maintenances/{id}", "signals", "status", "clusters", "teams", "providers"]
)
def test_every_answer_is_as_the_document_says(sample: World, document: dict[str, Any], path: str) -> None:
    """And so is every refusal."""
    told = document["paths"][f"{ROOT}/{path}"]["get"]["responses"]
    url = f"/{path.format(id='M-1129')}"

    refused = sample.served.ask("GET", f"{ROOT}{url}?nonsense=1")

    for code, answer in (("200", get(sample, url)), ("400", refused.json())):
        schema = told[code]["content"]["application/json"]["schema"] | {"components": document["components"]}
        Draft202012Validator(schema).validate(answer)
    assert refused.status_code == 400


# -- No, in a sentence -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "code", "why"),
    [
        ("/capacity?gpus=8", 400, "no parameter 'gpus'; there is team, provider, cluster, sku, as_of, certainty"),
        ("/teams?team=vision", 400, "there is no parameter 'team'; there are none"),
        ("/capacity?as_of=yesterday", 400, "write it like 2026-01-14T12:00:00Z"),
        ("/capacity?as_of=2026-11-17T12:00:00", 400, "write it like 2026-01-14T12:00:00Z"),
        ("/capacity?as_of=2036-11-17T12:00:00Z", 400, "as_of lies in the future; leave it out for live"),
        ("/capacity?certainty=2", 400, "certainty: input should be less than or equal to 0.95"),
        ("/capacity?team=vision&team=speech", 400, "team is given twice; give it once"),
        ("/capacity?team=nobody", 400, "no team is called 'nobody'"),
        ("/maintenances/M-none", 404, "no maintenance 'M-none' was known then"),
        ("/nodes/iad9", 404, "no node 'iad9' was known then; /api/v1/search?q=… finds it by a part of it"),
        ("/clusters/iad9", 404, "no cluster 'iad9' was known then; /api/v1/clusters lists them"),
        ("/nodes/iad1-a01-1?team=vision", 400, "no parameter 'team'; there is as_of, certainty"),
        ("/nothing", 404, "there is nothing at /api/v1/nothing; /api/v1/openapi.json says what there is"),
        ("/status?since=2026-11-18T16:00:00Z", 400, "is not before"),
    ],
)  # fmt: skip
def test_no_is_a_sentence(sample: World, path: str, code: int, why: str) -> None:
    answer = sample.served.ask("GET", ROOT + path)

    assert answer.status_code == code
    assert set(answer.json()) == {"error"}
    assert why in answer.json()["error"]
    assert len(answer.json()["error"].splitlines()) == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_can_be_changed(sample: World, method: str) -> None:
    answer = sample.served.ask(method, f"{ROOT}/capacity")

    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD"
    assert "only reads" in answer.json()["error"]


def test_a_name_may_hold_anything(sample: World) -> None:
    """A slash is no path, and what is hostile comes back as letters of JSON."""
    answer = sample.served.ask("GET", f"{ROOT}/maintenances/{quote('a/b<script>', safe='')}")

    assert answer.status_code == 404
    assert "'a/b<script>'" in answer.json()["error"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_database_out_of_reach_is_said(sample: World) -> None:
    """503, when to try again, and no stack trace."""

    def nobody() -> Standing:
        raise LogUnavailable("database postgresql://***@db: connection refused")

    before = connect(nobody)
    try:
        answer = sample.served.ask("GET", f"{ROOT}/capacity")
    finally:
        connect(before)

    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert answer.json() == {"error": "database postgresql://***@db: connection refused"}


def test_what_is_asked_for_again_is_not_made_again(sample: World) -> None:
    """By its tag not even sent."""
    first = sample.served.ask("GET", f"{ROOT}/signals")

    again = sample.served.ask("GET", f"{ROOT}/signals")
    same_ = sample.served.ask("GET", f"{ROOT}/signals", headers={"If-None-Match": first.headers["ETag"]})

    assert again.content == first.content
    assert (same_.status_code, same_.content) == (304, b"")
