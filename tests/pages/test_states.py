"""Every page in every state: full, empty, stale, failed, past."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.errors import LogUnavailable
from dashboard.model.scope import Scope
from dashboard.pages.questions import Answers
from dashboard.pages.shell import Drawn
from dashboard.views.can_i_run import CanIRun
from dashboard.views.partner import Partner
from tests.pages.fakes import HOSTILE, Fake

ROOMS = (
    "capacity", "maintenances", "plan", "whos_up", "watch", "notices", "trust", "review", "sources", "lifecycle",
    "maintenance",
)  # fmt: skip


def opened(fake: Answers, room: str = "capacity", **address: str) -> AppTest:
    def script(fake: object, room: str) -> None:
        from dashboard.pages import house, shell

        shell.connect(fake)  # type: ignore[arg-type]
        house.run(room)

    app = AppTest.from_function(script, args=(fake, room), default_timeout=30)
    app.session_state["kept_by_browser"] = {"dashboard_begin": "", "dashboard_hints": "seen"}  # it has no browser
    for name, value in address.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def words(app: AppTest) -> str:
    """Everything in writing."""
    shown = [*app.title, *app.markdown, *app.caption, *app.header, *app.text]
    return plainly("\n".join(str(each.value) for each in shown))


def plainly(shown: str) -> str:
    """What is read, without what keeps Markdown from reading it."""
    return re.sub(r":small\[(.*?)\]", r"\1", shown.replace("\\", "").replace("\u00a0", " ").replace("\u2060", ""))


@pytest.mark.parametrize("room", ROOMS)
def test_a_page_opens_with_its_sentence(room: str) -> None:
    """Words first: one title, and it is the sentence."""
    app = opened(Fake(), room, maintenance="M-1000")

    sentence = {
        "capacity": "1,824 of 24,000 GPUs are out.",
        "maintenances": "5 maintenances are running",
        "notices": "1 message waits for somebody to acknowledge and 1 has not arrived.",
        "plan": "3 d later, it takes 256 GPUs at most, and is back 3 d later: plan on Mon 17:45 UTC.",
        "whos_up": "We wait for 2 parties, 1 of them late; the longest overdue is Priya Raman",
        "watch": "1 node is stuck, 1 thing is overdue and 1 fact contradicts another.",
        "trust": "80 % ranges held 79 % of the time",
        "review": "In the last 90 days, 4 maintenances ended.",
        "sources": "1 of 3 sources brings nothing: nimbus since 12 min.",
        "lifecycle": "83 nodes are out. Most, 41, are in maintenance, and the ball is with the provider.",
        "maintenance": "912 of 4,096 GPUs are out.",
    }[room]
    assert len(app.title) == 1
    assert sentence in words(app)
    assert "data as of 2 min ago (nimbus)" in words(app)
    assert "times in UTC" in words(app)


def test_capacity_shows_four_numbers() -> None:
    app = opened(Fake())

    assert [each.label for each in app.metric] == ["Out now", "Likely back", "Safe to plan on, 90 %", "Next dip"]
    assert [each.value for each in app.metric] == ["1,824", "in 25\u00a0h", "in 44\u00a0h", "1,040\u00a0GPUs"]


def test_empty_says_so() -> None:
    """Nothing out is an answer, with the words for it, and no figure key without a figure."""
    app = opened(Fake("empty"))

    assert "No maintenance touches your GPUs in the next 14 days." in words(app)
    assert "No maintenance has GPUs out." in words(app)
    assert "A filled mark" not in words(app)


@pytest.mark.parametrize(
    ("room", "why"),
    [
        ("maintenances", "No maintenance touches these GPUs."),
        ("plan", "Nothing is announced or running, so there is nothing to plan."),
    ],
)
def test_a_page_without_maintenances_says_so(room: str, why: str) -> None:
    assert why in words(opened(Fake("empty"), room))


def test_trust_says_why_it_is_empty() -> None:
    app = opened(Fake("empty"), "trust")

    assert "Forecasts are judged once a maintenance is over." in words(app)
    assert not app.metric


def test_trust_holds_ours_against_every_rival() -> None:
    app = opened(Fake(), "trust")

    assert [plainly(each.value) for each in app.metric] == ["79 %", "5.0 h", "11 h", "73 %"]
    assert "Kaplan–Meier" in words(app)


def test_sources_says_what_is_wrong_and_what_to_change() -> None:
    app = opened(Fake(), "sources")

    assert "refused the credential (401): renew what the environment variable NIMBUS_TOKEN holds" in words(app)
    assert [plainly(each.value) for each in app.metric] == ["3", "60,412", "2"]


def test_a_source_is_read_again_after_a_fix() -> None:
    """Of the present only: how it is read is no matter of the past."""
    fake = Fake()
    app = opened(fake, "sources")
    assert "nimbus, 2 rows. After a fix, read it again." in plainly(words(app)).replace("**", "")

    app.button(key="again_nimbus").click().run()

    assert fake.again == ["nimbus"]
    assert "It is read again from its beginning." in words(app)
    then = opened(Fake(), "sources", as_of="2026-11-16T15:00:00+01:00")
    assert not [each for each in then.button if "again" in (each.key or "")]


def test_an_unread_message_is_tied_to_its_maintenance() -> None:
    fake = Fake()
    app = opened(fake, "sources")
    assert "1 message is of no maintenance that we could tell." in words(app)
    assert "Emergency work on switches" in words(app)

    app.button(key="tie_noc:1").click().run()
    app.selectbox[-1].select("M-1001").run()
    app.button(key="tie").click().run()

    assert fake.tied == {"noc:1": "M-1001"}
    assert "names an end" not in words(app)


def test_a_tie_is_undone() -> None:
    fake = Fake()

    opened(fake, "sources").button(key="untie_noc:2").click().run()

    assert fake.tied == {"noc:2": ""}


def test_what_cannot_be_tied_is_said_and_stays() -> None:
    class Broken(Fake):
        def tie(self, message_id: str, maintenance_id: str) -> None:
            raise LogUnavailable("The database does not answer.")

    app = opened(Broken(), "sources")

    app.button(key="untie_noc:2").click().run()

    assert [plainly(each.value) for each in app.warning] == ["The database does not answer."]
    assert not app.exception


def test_the_past_is_not_tied() -> None:
    """What was unread then is shown as unread, and is left alone."""
    app = opened(Fake(), "sources", as_of="2026-11-16T15:00:00+01:00")

    assert "Unread messages" in words(app)
    assert not [each for each in app.button if "tie" in (each.key or "")]


def test_sources_says_how_to_have_some() -> None:
    app = opened(Fake("empty"), "sources")

    assert "No source is configured, so nothing comes in by itself." in words(app)
    assert "DASHBOARD_CONFIG" in words(app)
    assert not app.metric


def test_whos_up_shows_each_party_the_clocks_and_the_cases() -> None:
    app = opened(Fake(), "whos_up")

    assert [plainly(each.value) for each in app.metric] == ["2", "1", "0", "1"]
    assert [each.value for each in app.header] == [
        "Each party", "Everything owed", "SLA clocks", "Support cases", "To show to a provider"
    ]  # fmt: skip


def test_whos_up_says_that_nobody_owes_anything() -> None:
    app = opened(Fake("empty"), "whos_up")

    assert "Nobody owes anything right now." in words(app)
    assert "Widen the scope above" in words(app)
    assert not app.metric


def test_the_partner_view_stands_alone() -> None:
    """No way to other pages, no control that names teams or providers, no source; nor are they asked for."""
    fake = Fake()

    app = opened(fake, "partner", provider="nimbus", team="t-fm", zone="Europe/Berlin")

    assert "Nimbus Cloud owes us 1 thing, 1 of it overdue; we owe Nimbus Cloud 1 thing." in words(app)
    assert "As of Tue 17 Nov 14:00, Europe/Berlin (CET)." in words(app)
    assert "data as of" not in words(app)
    assert not app.selectbox
    assert set(fake.asked) == {"between_us"}


class Busy(Fake):
    """A provider with 300 things open."""

    def between_us(self, scope: Scope, provider: str) -> Partner | None:
        few = super().between_us(scope, provider)
        return few and replace(few, theirs=pd.concat([few.theirs] * 300, ignore_index=True))


def test_the_partner_view_shows_what_presses_most_and_gives_the_rest_as_a_file() -> None:
    app = opened(Busy(), "partner", provider="nimbus")

    assert len(app.table[0].value) == 40
    assert "And 260 more that are less pressing, in the file below." in words(app)
    assert [each.proto.label for each in app.get("download_button")] == [
        "What we expect of Nimbus Cloud: all 300 as CSV"
    ]


class Interleaved(Fake):
    """A provider that owes something of two maintenances in turns, and something of none."""

    def between_us(self, scope: Scope, provider: str) -> Partner | None:
        few = super().between_us(scope, provider)
        titles = ["wave 2", "wave 1", "wave 2", ""]
        return few and replace(few, theirs=pd.concat([few.theirs] * 4, ignore_index=True).assign(maintenance=titles))


def test_the_partner_view_tells_each_maintenance_by_itself_that_of_the_most_pressing_first() -> None:
    app = opened(Interleaved(), "partner", provider="nimbus")

    said = [each.value for each in app.markdown]
    told = [said.index(f"**{each}**") for each in ("wave 2", "wave 1", "Of no maintenance")]
    assert told == sorted(told)
    assert [len(each.value) for each in app.table[:3]] == [2, 1, 1]
    assert "Maintenance" not in app.table[0].value.columns


@pytest.mark.parametrize(
    ("state", "provider", "sentence"),
    [
        ("full", "", "No such provider was known then."),
        ("full", "nobody", "No such provider was known then."),
        ("empty", "nimbus", "Nothing is open between Nimbus Cloud and us."),
        ("failed", "nimbus", "cannot be shown right now. The database does not answer."),
    ],
)
def test_the_partner_view_has_its_empty_and_failed_states(state: str, provider: str, sentence: str) -> None:
    app = opened(Fake(state), "partner", provider=provider)

    assert sentence in words(app).replace("**", "")


def test_notices_say_what_did_not_arrive_and_why_what_was_not_sent_was_not() -> None:
    app = opened(Fake(), "notices")

    tables = plainly("\n".join(each.value.to_csv() for each in app.table))
    assert "smtp.example answered 451" in tables
    assert "it is not confirmed; near its start it is told" in tables


def test_notices_say_how_to_have_some() -> None:
    app = opened(Fake("empty"), "notices")

    assert "Nobody was told of anything yet." in words(app)
    assert "dashboard doctor" in words(app)


def test_a_message_is_acknowledged_on_the_page() -> None:
    fake = Fake()
    app = opened(fake, "notices")

    next(each for each in app.button if each.label == "Acknowledge").click().run()

    assert "acknowledge k1" in fake.asked


@pytest.mark.parametrize("room", ROOMS)
def test_every_page_says_what_is_stale_and_where_nobody_is_told(room: str) -> None:
    stale = words(opened(Fake("stale"), room, maintenance="M-1000"))

    assert "Nothing from Nimbus Cloud for 3 h: its nodes may be further than shown." in stale
    assert "Nobody has been told of anything for 3 h" in stale
    assert "Nobody has been told" not in words(opened(Fake(), room, maintenance="M-1000"))


def test_how_collecting_goes_is_always_of_now() -> None:
    app = opened(Fake(), "sources", as_of="2026-11-16T15:00:00+01:00")

    assert "shown as it is now, whatever instant is chosen" in words(app)


def test_an_unknown_maintenance_is_a_sentence() -> None:
    app = opened(Fake(), "maintenance", maintenance="nope")

    assert "No maintenance nope was known then." in words(app)


def test_stale_says_since_when_and_what_it_means() -> None:
    app = opened(Fake("stale"))

    assert "Nothing from Nimbus Cloud for 3 h: its nodes may be further than shown." in words(app)
    assert "1,824 of 24,000 GPUs are out." in words(app)


@pytest.mark.parametrize("room", ROOMS)
def test_failed_is_one_sentence_and_no_stack_trace(room: str) -> None:
    app = opened(Fake("failed"), room)

    assert "This page cannot be shown right now. The database does not answer." in words(app).replace("**", "")
    assert "Traceback" not in words(app)


def test_a_part_that_fails_leaves_its_neighbours() -> None:
    """Can I run? may fail alone; an exception nobody meant is told without its details."""

    class Half(Fake):
        def can_i_run(self, scope: Scope, gpus: int, hours: float) -> CanIRun:
            raise ZeroDivisionError("a detail for the server's log")

    app = opened(Half())

    assert "1,824 of 24,000 GPUs are out." in words(app)
    assert "Can I run? cannot be shown right now." in words(app).replace("**", "")
    assert "a detail" not in words(app)


def test_the_past_says_so_and_leads_back() -> None:
    app = opened(Fake(), as_of="2026-11-16T15:00:00+01:00", zone="Europe/Berlin")

    assert "As of Mon 16 Nov 15:00, Europe/Berlin (CET)." in words(app)
    next(each for each in app.button if each.label == "Back to live").click()
    app.run()
    assert "as_of" not in app.query_params
    assert "As of Mon" not in words(app)


@pytest.mark.parametrize(
    "address",
    [
        {"team": "bogus", "certainty": "7", "run_gpus": "-3", "run_hours": "soon"},
        {"as_of": "yesterday", "zone": "Mars/Olympus"},
        {"as_of": "2026-11-16T15:00:00"},  # without an offset it could be any of 24 instants
        {"as_of": "9999-12-31T23:59:59Z", "zone": "../../etc/passwd"},
        {"as_of": "0001-01-01T00:00:00+14:00", "run_gpus": "9" * 400},
    ],
)
def test_what_the_address_cannot_mean_is_ignored(address: dict[str, str]) -> None:
    app = opened(Fake(), **address)

    assert "1,824 of 24,000 GPUs are out." in words(app)
    assert "As of" not in words(app)


def test_the_scope_is_read_from_the_address() -> None:
    seen: list[Scope] = []

    class Noting(Fake):
        def what_is_out(self, scope: Scope):  # type: ignore[no-untyped-def]
            seen.append(scope)
            return super().what_is_out(scope)

    opened(Noting(), team="t-fm", certainty="0.95", sku="B200", zone="Asia/Tokyo")

    assert seen == [Scope(team="t-fm", sku="B200", certainty=0.95, zone="Asia/Tokyo")]


def test_a_choice_goes_into_the_address_and_the_default_out_of_it() -> None:
    app = opened(Fake())

    app.selectbox(key="provider_bar").select("boreal").run()
    assert app.query_params["provider"] == "boreal"

    app.selectbox(key="provider_bar").select("").run()
    assert "provider" not in app.query_params


def test_without_news_nothing_is_asked_again() -> None:
    """A rerun without news does no work; a new fact does."""
    fake = Fake()

    app = opened(fake)
    app.run()
    assert fake.asked.count("what_is_out") == 1

    fake.position += 1
    app.run()
    assert fake.asked.count("what_is_out") == 2


@pytest.mark.parametrize(
    ("position", "seconds", "colours", "right"),
    [(7, 59, "light", True), (7, 60, "light", False), (8, 1, "light", False), (7, 1, "dark", False)],
)
def test_a_page_is_drawn_anew_a_minute_after_it_was_and_at_once_on_news(
    position: int, seconds: int, colours: str, right: bool
) -> None:
    """A minute of its own: those who came at different times are never all drawn in the same second."""
    at = datetime(2026, 1, 14, 12, 0, 42, tzinfo=UTC)

    now = Drawn(position, at + timedelta(seconds=seconds), colours)

    assert Drawn(7, at, "light").is_still_right(now) == right


def test_a_failure_is_not_remembered() -> None:
    fake = Fake("failed")
    app = opened(fake)

    fake.state = "full"
    app.run()

    assert "1,824 of 24,000 GPUs are out." in words(app)


def test_hostile_words_reach_no_markdown_unescaped() -> None:
    """Wherever a provider's or a team's words are drawn by Markdown, their marks are escaped."""
    pages = [
        opened(Fake("hostile")),
        opened(Fake("hostile"), "maintenance", maintenance="M-1000"),
        opened(Fake("hostile"), "trust"),
        opened(Fake("hostile"), "watch"),
        opened(Fake("hostile"), "sources"),
        opened(Fake("hostile"), "whos_up"),
        opened(Fake("hostile"), "partner", provider="nimbus"),
        opened(Fake("hostile"), "notices"),
    ]

    for app in pages:
        for each in [*app.title, *app.markdown, *app.caption, *app.metric]:
            drawn = str(each.value)
            assert "](" not in drawn
            assert "<b>" not in drawn
            assert ":red[" not in drawn
            assert "$x" not in drawn.replace("\\$x", "")
    for app in (pages[1], pages[4]):
        assert HOSTILE in [str(each.value) for each in app.text]


def test_a_maintenance_that_two_sources_tell_of_says_why_it_is_one_and_can_be_taken_apart() -> None:
    fake = Fake()
    app = opened(fake, "maintenance", maintenance="console:4711")

    app.selectbox(key="apart").select("console:4711")
    app.button(key="take_apart").click().run()

    shown = words(app)
    assert "912 of 4,096 GPUs are out." in shown
    assert "controller plans its end for Wed 09:00 UTC; console plans its end for Wed 20:00 UTC." in shown
    assert "take apart console:4711" in fake.asked


def test_nothing_is_taken_apart_in_the_past() -> None:
    app = opened(Fake(), "maintenance", maintenance="M-1000", as_of="2026-11-16T12:00:00Z")

    assert not [each for each in app.button if each.key == "take_apart"]


def test_lifecycle_without_a_finished_maintenance_says_why_there_are_no_times() -> None:
    shown = words(opened(Fake("empty"), "lifecycle"))

    assert "No node is out for maintenance." in shown
    assert "No maintenance here is finished yet." in shown


def test_the_table_of_stages_names_roles_as_the_diagram_does() -> None:
    table = plainly(opened(Fake(), "lifecycle").table[0].value.to_csv())

    assert "scheduler on-call" in table
    assert "oncall" not in table


def test_the_contract_of_signals_is_on_the_page() -> None:
    shown = words(opened(Fake(), "lifecycle"))

    assert "/api/v1/signals" in shown
    for field in ("in_service:", "avoid:", "draining:", "until:"):
        assert field in shown


def test_the_address_to_subscribe_to_has_the_filters_of_the_page() -> None:
    app = opened(Fake(), "maintenances", provider="nimbus", team="t-fm", as_of="2026-11-16T12:00:00Z")

    addresses = [each.value for each in app.code]
    assert addresses[0].endswith("/calendar.ics?team=t-fm&provider=nimbus")
    assert addresses[1].endswith("/feed.atom?team=t-fm&provider=nimbus")


def test_the_update_is_written_when_somebody_asks_for_it() -> None:
    """Not before: most who look at a page do not copy it."""
    fake = Fake("hostile")
    app = opened(fake, "maintenance", maintenance="M-1000")
    assert "status" not in fake.asked

    app.session_state["update"] = True
    app.run()

    markdown, text = [each.value for each in app.code]
    assert fake.asked.count("status") == 1
    assert markdown.startswith("**Maintenance update on \\<b\\>bold")
    assert "](https://evil.example" not in markdown.replace("\\](", "")
    assert f"Maintenance update on {HOSTILE} (M-1000)" in text


def test_a_decision_is_kept_with_who_took_it() -> None:
    fake = Fake()
    app = opened(fake, "plan", maintenance="M-1005", later="72")

    by = next(each for each in app.text_input if each.label == "Decided by")
    by.set_value("Ada")
    next(each for each in app.button if each.label == "Keep it").click().run()

    assert not app.exception
    assert "decide 3 d later by Ada" in fake.asked


def test_a_decision_without_anybody_is_not_kept() -> None:
    fake = Fake()
    app = opened(fake, "plan")

    next(each for each in app.button if each.label == "Keep it").click().run()

    assert [each for each in fake.asked if each.startswith("decide")] == []
    assert "Say what was decided, and by whom." in "".join(each.value for each in app.warning)


def test_a_quiet_watch_says_so() -> None:
    app = opened(Fake("empty"), "watch")

    assert "Nothing is stuck, late or silent." in words(app)
    assert "No node has entered another stage." in words(app)
