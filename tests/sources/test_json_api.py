"""Records over HTTP become facts by the mapping, page by page, and what has not changed is not read again."""

from typing import Any

import pytest
from sqlalchemy import Engine

from dashboard.jobs.collect import How
from dashboard.sources.json_api import JsonApi
from tests.sources.asked import Asked
from tests.sources.loopback import Handler, Loopback

TEAMS = {"teams": {"team_id": "id", "name": "about.name"}}
RECORDS = [{"id": f"t-{i}", "about": {"name": f"Team {i}"}} for i in range(1, 6)]


def api(server: Loopback, **options: Any) -> JsonApi:
    told = {"name": "api", "type": "json", "url": f"{server.url}/v1", "records": "items", "facts": TEAMS, "timeout": 5}
    return JsonApi.model_validate(told | options)


def paged(server: Loopback, size: int, link: str) -> None:
    """Serves RECORDS in pages of this size, with what leads to the next page in this way."""

    def reply(handler: Handler) -> None:
        asked = server.asked[-1].params
        start = int(asked.get("page") or asked.get("offset") or 0)
        following = start + size if start + size < len(RECORDS) else None
        answer: dict[str, Any] = {"items": RECORDS[start : start + size]}
        headers: dict[str, str] = {}
        if following is not None:
            leads: dict[str, dict[str, object]] = {
                "token": {"token": following},
                "body": {"next": f"/v1?page={following}"},
            }
            answer.update(leads.get(link, {}))
            headers = {"Link": f'</v1?page={following}>; rel="next", </v1>; rel="first"'} if link == "header" else {}
        handler.send_json(answer, **headers)

    server.reply = reply


@pytest.mark.parametrize(
    ("link", "paging"),
    [
        ("header", {}),
        ("body", {"next_link": "next"}),
        ("token", {"next_token": "token", "token_param": "page"}),
        ("offset", {"offset_param": "offset", "limit": 2}),
    ],
)
def test_every_usual_way_of_paging_is_followed_to_its_end(
    engine: Engine, server: Loopback, link: str, paging: dict[str, Any]
) -> None:
    paged(server, 2, link)

    done = Asked(engine, api(server, paging=paging)).again()

    assert done.new == 5
    assert len(server.asked) == 3


def test_paging_in_circles_is_said(engine: Engine, server: Loopback) -> None:
    server.says({"items": RECORDS, "next": "/v1"})

    done = Asked(engine, api(server, paging={"next_link": "next"})).again()

    assert done.how is How.FAILED
    assert "its next page is one that it gave already" in done.error


def test_an_empty_answer_is_no_fault(engine: Engine, server: Loopback) -> None:
    server.says({"items": []})

    assert Asked(engine, api(server)).again().how is How.DONE


def test_only_what_is_new_is_asked_for_where_the_interface_can_tell(engine: Engine, server: Loopback) -> None:
    """The largest value of the field is sent with the next request; numbers count as numbers."""
    asked = Asked(engine, api(server, since_param="after", since_field="version"))
    for versions in ([9, 10], [10], [10, 11], []):
        server.says({"items": [{"id": f"t-{each}", "version": each} for each in versions]})
        asked.again()

    assert [each.params.get("after") for each in server.asked] == [None, "10", "10", "11"]
    assert {row[0] for row in asked.told("teams", "team_id")} == {"t-9", "t-10", "t-11"}


def test_their_words_and_times_become_ours(engine: Engine, server: Loopback) -> None:
    """Epochs, RFC 1123, a clock without a zone; words by a table; a constant."""
    when = {
        "s": 1772323200,
        "ms": 1772323200500,
        "mail": "Sun, 01 Mar 2026 00:00:00 GMT",
        "local": "2026-03-01T01:00:00",
    }
    columns = {
        "case_id": {"value": "C-1"},
        "status": {"field": "state", "values": {"OPEN!": "open"}},
        "recorded_at": {"field": "when.s", "time": "epoch_s"},
        "opened_at": {"field": "when.ms", "time": "epoch_ms"},
        "response_due_at": {"field": "when.mail", "time": "rfc1123"},
        "resolution_due_at": {"field": "when.local", "zone": "Europe/Berlin"},
    }
    server.says([{"state": "OPEN!", "when": when}])
    asked = Asked(engine, api(server, records="", facts={"support_cases": columns}))
    asked.again()

    (case,) = asked.told("support_cases", "status", "recorded_at", "opened_at", "response_due_at", "resolution_due_at")
    midnight = "2026-03-01T00:00:00Z"
    assert case == ("open", midnight, "2026-03-01T00:00:00.500000Z", midnight, midnight)


@pytest.mark.parametrize("at", ["2026-03-01T01:00:00", "soon", "1e400", {"a": 1}, "2026-02-30T00:00:00Z"])
def test_a_time_that_is_none_sets_its_record_aside(engine: Engine, server: Loopback, at: Any) -> None:
    columns = {"case_id": "id", "opened_at": "at"}
    server.says({"items": [{"id": "C-1", "at": at}, {"id": "C-2", "at": "2026-03-01T01:00:00Z"}]})

    done = Asked(engine, api(server, facts={"support_cases": columns})).again()

    assert (done.new, done.set_aside) == (1, 1)
