"""Rows of a Kusto query become facts by the mapping; of an answer that failed half-way, nothing does."""

import json
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError
from sqlalchemy import Engine

from dashboard.jobs.collect import How
from dashboard.sources.kusto import Kusto, value_of
from dashboard.sources.seam import Secret
from tests.sources.asked import Asked
from tests.sources.faults import TOKEN
from tests.sources.kusto_cluster import COLUMNS, TOO_LARGE, Cluster, failure, frames
from tests.sources.loopback import Loopback

FACTS = {"node_transitions": {"maintenance_id": "change", "node_id": "host", "stage": "state", "occurred_at": "at"}}
NODES = [f"n-{i}" for i in range(40)]


def kusto(server: Loopback, **options: Any) -> Kusto:
    held = Secret(where="the environment variable THEIR_TOKEN", held=SecretStr(TOKEN))
    told = {"name": "adx", "type": "kusto", "url": server.url, "database": "fleet", "query": "NodeEvents // all\n;"}
    return Kusto.model_validate(told | {"facts": FACTS, "token": held, "timeout": 5, "watermark": "seen"} | options)


def test_rows_come_once_from_the_watermark_on_which_is_a_parameter(engine: Engine, server: Loopback) -> None:
    """All seven of its decimals: the row of that very instant is asked for again, and tells nothing new."""
    cluster = Cluster(server)
    asked = Asked(engine, kusto(server), NODES)
    new = [asked.again().new]
    for host, minutes in (("n-1", 1), ("n-2", 2)):
        cluster.moved(host, minutes)
        new += [asked.again().new, asked.again().new]

    assert new == [0, 1, 0, 1, 0]
    assert asked.told("node_transitions", "node_id", "occurred_at") == [
        ("n-1", "2026-03-01T00:01:00.123456Z"), ("n-2", "2026-03-01T00:02:00.123456Z")
    ]  # fmt: skip
    first, last = cluster.questions[0], cluster.questions[-1]
    assert "Parameters" not in first["properties"]
    assert last["properties"]["Parameters"] == {"since": "datetime(2026-03-01T00:02:00.1234567Z)"}
    assert last["csl"] == (
        "declare query_parameters(since:datetime);\nlet dashboard_told = () {\nNodeEvents // all\n\n};\n"
        "dashboard_told()\n| where ['seen'] >= since\n| order by ['seen'] asc\n| take 10000"
    )
    assert (last["db"], last["properties"]["Options"]["servertimeout"]) == ("fleet", "00:00:05")
    request = server.asked[-1]
    assert (request.path, request.headers["authorization"]) == ("/v2/rest/query", f"Bearer {TOKEN}")
    assert request.headers["x-ms-app"] == "dashboard"
    assert request.headers["x-ms-client-request-id"].startswith("dashboard.adx;")


def test_without_a_watermark_only_what_differs_is_told(engine: Engine, server: Loopback) -> None:
    cluster = Cluster(server)
    asked = Asked(engine, kusto(server, watermark=""), NODES)
    cluster.moved("n-1", 1)
    first, idle = asked.again(), asked.again()
    cluster.moved("n-2", 2)

    assert (first.new, idle.new, asked.again().new) == (1, 0, 1)


def test_many_rows_come_page_by_page_and_a_page_that_is_too_large_shrinks_by_itself(
    engine: Engine, server: Loopback
) -> None:
    """Kusto cuts an answer with an error: nothing of it counts, a quarter is asked for, and remembered."""
    cluster = Cluster(server, limit=600)
    for i in range(1300):
        cluster.moved(NODES[i % 40], i)
    asked = Asked(engine, kusto(server, page=2000), NODES)

    first, again = asked.again(), asked.again()
    takes = [int(each["csl"].rpartition(" ")[2]) for each in cluster.questions]

    assert (first.how, first.new, again.new) == (How.DONE, 1300, 0)
    assert takes == [2000, 500, 500, 500, 500]  # the last by the second poll


def test_a_page_of_one_instant_is_passed_by_a_larger_one(engine: Engine, server: Loopback) -> None:
    """And where Kusto does not give so many, it is said; what came before counts."""
    cluster = Cluster(server)
    for host in NODES[:9]:
        cluster.moved(host, 5)
    cluster.moved("n-9", 6)
    asked = Asked(engine, kusto(server, page=2), NODES)

    assert asked.again().new == 10


@pytest.mark.parametrize("watermark", ["seen", ""])
def test_an_answer_that_stays_too_large_is_said(engine: Engine, server: Loopback, watermark: str) -> None:
    cluster = Cluster(server, limit=1)
    cluster.moved("n-1", 1)
    cluster.moved("n-2", 2)

    done = Asked(engine, kusto(server, watermark=watermark), NODES).again()

    assert done.how is How.FAILED
    change = "ask for fewer columns" if watermark else "give it a watermark, to be read in pages"
    assert done.error == f"adx: its answer is larger than Kusto gives at once: {change}"


def test_a_row_that_came_late_is_within_the_overlap(engine: Engine, server: Loopback) -> None:
    cluster = Cluster(server)
    asked = Asked(engine, kusto(server, overlap="5m"), NODES)
    cluster.moved("n-1", 10)
    asked.again()
    cluster.moved("n-2", 6)

    assert (asked.again().new, asked.again().new) == (1, 0)
    assert cluster.questions[-1]["properties"]["Parameters"] == {"since": "datetime(2026-03-01T00:05:00.123456Z)"}


ROW = ["M-1", "n-1", "cordoned", "2026-03-01T10:00:00Z", "2026-03-01T10:00:00Z"]
WHOLE = frames(COLUMNS, [ROW])


@pytest.mark.parametrize(
    ("answer", "words", "fatal"),
    [
        (frames(COLUMNS, [ROW], HasErrors=True, OneApiErrors=[failure("Node is gone", permanent=False)]),
         "Kusto cannot answer now (General_BadRequest: Node is gone): it is asked again by itself", False),
        (frames(COLUMNS, [ROW], HasErrors=True, OneApiErrors=[failure("No such column")]),
         "Kusto refuses the query (General_BadRequest: No such column): correct it", True),
        (frames(COLUMNS, [ROW, {"OneApiErrors": [failure("Ran away")]}]), "Ran away", True),
        ([*frames(COLUMNS, [ROW, {"OneApiErrors": [failure("Ran away")]}])[:-1]], "Ran away", True),
        (frames(COLUMNS, [ROW], HasErrors=True), "failed without a word half-way", False),
        (frames(COLUMNS, [ROW], Cancelled=True), "was cancelled half-way", False),
        (WHOLE[:-1], "was cut off before its end", False),
        (WHOLE[:1], "was cut off before its end", False),
        ([*WHOLE[:3], *WHOLE[2:]], "brings 2 tables", True),
        ([*WHOLE[:2], *WHOLE[3:]], "brings 0 tables", True),
        ({"Tables": []}, "its answer has no frames", False),
        ([], "its answer has no frames", False),
        ([1], "its answer has no frames", False),
        (frames(COLUMNS[:3], []), "its query brings no column 'at', only change, host, state", True),
        (frames([*COLUMNS[:4], ("seen", "string")], [ROW]), "its watermark seen is a string, which has no order", True),
    ],
)  # fmt: skip
def test_of_an_answer_that_is_no_whole_one_nothing_counts(
    engine: Engine, server: Loopback, answer: Any, words: str, fatal: bool
) -> None:
    """HTTP said 200 before the query failed. What may pass is asked again soon; what cannot, at the next turn."""
    asked = Asked(engine, kusto(server), NODES)
    server.says(answer)
    failed = asked.again()
    server.says(WHOLE)

    assert (failed.how, failed.new) == (How.FAILED, 0)
    assert words in failed.error
    assert ((failed.due_at - asked.now).total_seconds() >= 60) is fatal
    assert asked.again().new == 1


@pytest.mark.parametrize(
    ("status", "body", "words", "fatal"),
    [
        (400, failure(f"Syntax error\n near {TOKEN}"), "(General_BadRequest: Syntax error near •••)", True),
        (400, failure("Busy", permanent=False), "Kusto cannot answer now", False),
        (503, failure("Starting", "Unavailable", permanent=False), "cannot answer now (Unavailable: Starting)", False),
        (400, {"error": "other"}, "answered 400", True),
        (500, {}, "has a fault of its own (500)", False),
        (401, failure("Token expired", "Unauthorized"), "refused the credential (401)", True),
        (429, failure("Throttled", "TooManyRequests", permanent=False), "is asked too often (429)", False),
    ],
)  # fmt: skip
def test_what_kusto_refuses_is_said_in_its_words(
    engine: Engine, server: Loopback, status: int, body: Any, words: str, fatal: bool
) -> None:
    asked = Asked(engine, kusto(server), NODES)
    server.reply = lambda handler: handler.send_body(status, json.dumps(body).encode())

    failed = asked.again()

    assert words in failed.error
    assert TOKEN not in failed.error
    assert ((failed.due_at - asked.now).total_seconds() >= 60) is fatal


def test_a_larger_page_refused_before_the_first_row_shrinks_too(engine: Engine, server: Loopback) -> None:
    asked = Asked(engine, kusto(server, page=2000), NODES)

    def reply(handler: Any) -> None:
        if b"take 2000" in server.asked[-1].body:
            handler.send_body(400, json.dumps(TOO_LARGE).encode())
        else:
            handler.send_json(WHOLE)

    server.reply = reply

    assert asked.again().new == 1


@pytest.mark.parametrize(
    ("kind", "said", "value"),
    [
        ("datetime", "2026-03-01T10:00:00.1234567Z", "2026-03-01 10:00:00.123456+00:00"),
        ("datetime", "2026-03-01T10:00:00", "2026-03-01 10:00:00+00:00"),
        ("datetime", "soon", "soon"),
        ("timespan", "1.02:03:04.5000000", "93784.5"),
        ("timespan", "-00:00:30", "-30.0"),
        ("timespan", "soon", "soon"),
        ("decimal", "8.000", "8"),
        ("decimal", "0.10", "0.10"),
        ("decimal", "much", "much"),
        ("real", "NaN", "None"),
        ("real", "-Infinity", "-Infinity"),
        ("real", 1.5, "1.5"),
        ("long", 9_007_199_254_740_993, "9007199254740993"),
        ("bool", 1, "True"),
        ("bool", False, "False"),
        ("dynamic", '{"a": [1]}', "{'a': [1]}"),
        ("dynamic", {"a": 1}, "{'a': 1}"),
        ("dynamic", "plain", "plain"),
        ("guid", "74be27de-1e4e-49d9-b579-fe0b331d3642", "74be27de-1e4e-49d9-b579-fe0b331d3642"),
        ("string", "", "None"),
        ("new", "x", "x"),
        ("int", None, "None"),
    ],
)
def test_each_type_of_column_is_read(kind: str, said: Any, value: str) -> None:
    assert str(value_of(kind, said)) == value


def test_what_is_nested_is_mapped_and_what_cannot_be_a_fact_costs_no_neighbour(
    engine: Engine, server: Loopback
) -> None:
    columns = [("Node", "string"), ("About", "dynamic"), ("Gpus", "real"), ("Seen", "long")]
    rows = [["n-1", '{"cluster": "c-1"}', 8.0, 1], ["n-2", {"cluster": "c-1"}, "Infinity", 2], ["n-3", "{}", 8, 3]]
    Cluster(server, rows, columns)
    facts = {"nodes": {"node_id": "Node", "cluster_id": "About.cluster", "gpus": "Gpus"}}

    done = Asked(engine, kusto(server, facts=facts, watermark="Seen")).again()

    assert (done.how, done.new, done.set_aside) == (How.DONE, 1, 2)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"query": ".show tables"}, "it is a command; write a query that begins with a table"),
        ({"watermark": "x'] | y"}, "String should match pattern"),
        ({"page": 500_001}, "less than or equal to 500000"),
        ({"facts": {"nodes": {"node_id": "x"}}}, "nodes needs cluster_id, gpus: say which field that is"),
    ],
)
def test_what_cannot_work_is_refused_when_it_is_configured(server: Loopback, options: Any, words: str) -> None:
    with pytest.raises(ValidationError, match=words.replace("[", r"\[")):
        kusto(server, **options)
