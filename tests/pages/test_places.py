"""The pages Node, Cluster and Search, and tables that open what they name, in every state."""

import csv
import io

import pandas as pd
import pytest

from dashboard.pages.text import as_csv, unread
from tests.pages.fakes import HOSTILE, NOW, Fake
from tests.pages.places import CLUSTER, NODE
from tests.pages.test_states import opened, plainly, words

THERE = {"node": {"node": NODE}, "cluster": {"cluster": CLUSTER}, "search": {"q": "iad"}}


@pytest.mark.parametrize(
    ("room", "state", "sentence"),
    [
        ("node", "full", "is validating since 07:00, the second time out in 90 days."),
        ("node", "empty", "no maintenance is known to have taken it out."),
        ("cluster", "full", "240 of 4,096 GPUs are out."),
        ("cluster", "empty", "all 4,096 GPUs are in service."),
        ("search", "full", "Nodes: the first of many, type more of the name"),
        ("search", "empty", "Nothing goes by “iad”."),
    ],
)
def test_a_place_is_told_in_a_sentence(room: str, state: str, sentence: str) -> None:
    app = opened(Fake(state), room, **THERE[room])

    assert len(app.title) == 1
    assert sentence in words(app)


@pytest.mark.parametrize("room", THERE)
def test_a_place_that_fails_or_is_stale_says_so(room: str) -> None:
    failed = words(opened(Fake("failed"), room, **THERE[room])).replace("**", "")
    stale = words(opened(Fake("stale"), room, **THERE[room]))

    assert "cannot be shown right now. The database does not answer." in failed
    assert "Nothing from Nimbus Cloud for 3 h: its nodes may be further than shown." in stale


@pytest.mark.parametrize(("room", "said"), [("node", "No node nope was"), ("cluster", "No cluster nope was")])
def test_a_place_that_is_not_known_leads_to_the_search(room: str, said: str) -> None:
    app = opened(Fake(), room, **{room: "nope"})

    assert said in words(app)
    assert "Search finds it by any part of its name." in words(app)


def test_a_node_is_told_with_who_has_it_and_against_its_like() -> None:
    app = opened(Fake(), "node", node=NODE)

    assert [plainly(each.value) for each in app.metric] == ["validating", "2", "1", "40 h"]
    assert "its like in 7 of 331, 2 %." in words(app)
    assert "#hw-health" in plainly("\n".join(each.value.to_csv() for each in app.table))
    assert "What does not fit together" in words(app)


def test_a_cluster_is_told_with_its_teams_and_the_nodes_that_come_and_go() -> None:
    app = opened(Fake(), "cluster", cluster=CLUSTER)

    assert [plainly(each.value) for each in app.metric] == ["3,840", "240", "in 14 h", "in 20 h", "1"]
    assert [each.value for each in app.header] == [
        "What is out, and why", "What is next", "Its teams", "Nodes worth a look", "Every node"
    ]  # fmt: skip


def test_nothing_is_looked_for_before_anything_is_typed() -> None:
    fake = Fake()

    app = opened(fake, "search")

    assert "Any word or number of its name will do" in words(app)
    assert not [each for each in fake.asked if each.startswith("search")]


def test_what_is_typed_goes_into_the_address() -> None:
    fake = Fake()
    app = opened(fake, "search")

    app.text_input(key="q_").set_value("a01").run()

    assert app.query_params["q"] == "a01"
    assert "search a01" in fake.asked


def test_the_search_opens_over_any_page_and_stays_while_news_comes() -> None:
    fake = Fake()
    app = opened(fake)

    app.button(key="search").click().run()
    fake.position += 1
    app.run()

    assert app.text_input(key="search_text").label == "Node, maintenance, cluster, team, provider or page"


def test_a_page_is_found_by_its_title() -> None:
    app = opened(Fake("empty"), "search", q="trus")

    assert "Pages" in words(app)
    assert "Nothing goes by" not in words(app)


@pytest.mark.parametrize("room", THERE)
def test_hostile_names_stay_letters(room: str) -> None:
    app = opened(Fake("hostile"), room, **THERE[room])

    for each in [*app.title, *app.markdown, *app.caption, *app.metric]:
        drawn = str(each.value)
        assert "](" not in drawn
        assert "<b>" not in drawn
        assert ":red[" not in drawn


def test_what_is_saved_holds_no_formula_and_loses_no_letter() -> None:
    """Text that a spreadsheet would run gets an apostrophe; numbers and instants stay what they are."""
    frame = pd.DataFrame(
        {
            "title": ["=1+1", " @SUM(A1)", "-2 racks", HOSTILE, "plain"],
            "slip": [-5.0, 1.5, 0.0, 2.0, 3.0],
            "at": [pd.Timestamp(NOW)] * 4 + [pd.NaT],
        }
    )

    saved = as_csv(frame, {"title": "Maintenance", "slip": "Slip", "at": "At"}).decode("utf-8-sig")

    rows = list(csv.reader(io.StringIO(saved)))
    assert rows[0] == ["Maintenance", "Slip", "At"]
    assert [row[0] for row in rows[1:]] == ["'=1+1", "' @SUM(A1)", "'-2 racks", HOSTILE, "plain"]
    assert [row[1] for row in rows[1:3]] == ["-5.0", "1.5"]
    assert [row[2] for row in rows[1:]] == ["2026-11-17T13:00:00+00:00"] * 4 + [""]


def test_a_name_that_is_pressed_shows_no_icon_that_it_asks_for() -> None:
    assert unread(":material/delete: everything").replace("\u2060", "") == ":material/delete: everything"
    assert not unread(":material/delete: everything").startswith(":material")
