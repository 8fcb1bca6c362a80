"""The OpenAPI document of the API, made from the same table that it is served from."""

import json
from functools import cache
from typing import Any

from pydantic.json_schema import models_json_schema
from starlette.requests import Request
from starlette.responses import Response

from dashboard.web.api import ENDPOINTS, ROOT, Endpoint
from dashboard.web.asking import SAFE, Asked, answering
from dashboard.web.shapes import Problem

REFERENCE = "#/components/schemas/{model}"
REFUSALS = {
    "400": "A parameter is unknown or cannot be read",
    "404": "Nothing goes by that name",
    "503": "The database is out of reach",
}


@cache
def document() -> dict[str, Any]:
    """The document."""
    models = sorted({each.gives for each in ENDPOINTS} | {Problem}, key=lambda each: each.__name__)
    _, schemas = models_json_schema([(each, "serialization") for each in models], ref_template=REFERENCE)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Maintenance dashboard",
            "version": "1",
            "description": "What is out, when it is back and how sure that is. Likely is the median; plan on is the "
            "certainty asked for. Every instant is in UTC.",
        },
        "paths": {f"{ROOT}{each.path}": {"get": _operation(each)} for each in ENDPOINTS},
        "components": {"schemas": schemas["$defs"]},
    }


def _operation(each: Endpoint) -> dict[str, Any]:
    refusals = {code: words for code, words in REFUSALS.items() if code != "404" or "{id}" in each.path}
    return {
        "operationId": each.name,
        "summary": each.words,
        "parameters": [*_named(each), *_parameters(each.asks)],
        "responses": {
            "200": _content(each.words, each.gives.__name__),
            "304": {"description": "Nothing is new since the ETag, or the date, that was sent"},
            **{code: _content(words, Problem.__name__) for code, words in refusals.items()},
        },
    }


def _content(words: str, model: str) -> dict[str, Any]:
    schema = {"$ref": REFERENCE.format(model=model)}
    return {"description": words, "content": {"application/json": {"schema": schema}}}


def _named(each: Endpoint) -> list[dict[str, Any]]:
    if "{id}" not in each.path:
        return []
    words = "the name under which it is, or was, told"
    return [{"name": "id", "in": "path", "required": True, "description": words, "schema": {"type": "string"}}]


def _parameters(asks: type[Asked]) -> list[dict[str, Any]]:
    """What may be left out has a default, or none."""
    found = []
    for name, schema in asks.model_json_schema().get("properties", {}).items():
        told = {key: value for key, value in schema.items() if key not in ("title", "description", "anyOf")}
        kinds = [kind for kind in schema.get("anyOf", ()) if kind.get("type") != "null"]
        told = {key: value for key, value in (told | (kinds[0] if kinds else {})).items() if value is not None}
        found.append({"name": name, "in": "query", "description": schema["description"], "schema": told})
    return found


@answering("openapi")
def described(_request: Request) -> Response:
    """The document, as JSON."""
    return Response(json.dumps(document()), media_type="application/json", headers=SAFE)
