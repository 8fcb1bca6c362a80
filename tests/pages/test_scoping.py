"""The scope bar, the past and what a browser remembers."""

from datetime import UTC, datetime, timedelta

from streamlit.testing.v1 import AppTest

from tests.pages.fakes import NOW, Fake
from tests.pages.test_states import opened, plainly, words

KEPT = "kept_by_browser"
WALL = NOW.replace(tzinfo=None)  # what a clock on the wall shows in UTC


def press(app: AppTest, key: str) -> AppTest:
    return app.button(key=key).click().run()


def open_up(app: AppTest, name: str) -> AppTest:
    app.session_state[f"{name}_behind"] = True
    return app.run()


def test_the_slider_reaches_from_the_first_fact_to_now() -> None:
    """In steps of six hours where the log goes back 200 days; at its end it is live."""
    app = open_up(opened(Fake(), zone="UTC"), "instant")
    slider = app.slider(key="slide_bar")
    before = NOW - timedelta(days=200) - datetime.fromtimestamp(float(slider.min) / 1e6, UTC)
    assert timedelta(0) <= before <= timedelta(hours=6)
    assert slider.value == WALL

    slider.set_value(WALL - timedelta(days=7)).run()
    assert app.query_params["as_of"] == "2026-11-10T13:00:00Z"

    open_up(app, "instant").slider(key="slide_bar").set_value(WALL).run()
    assert "as_of" not in app.query_params


def test_a_past_page_steps_back_and_on_until_it_is_live() -> None:
    app = opened(Fake(), as_of="2026-11-17T11:00:00Z")

    assert press(app, "replay_back").query_params["as_of"] == "2026-11-17T10:00:00Z"
    app.selectbox(key="replay_step").select(timedelta(hours=6)).run()
    assert "as_of" not in press(app, "replay_on").query_params  # 16:00 is yet to come
    assert "What was known then" not in words(app)


def test_the_last_day_is_replayed_and_paused() -> None:
    app = open_up(opened(Fake()), "instant")

    press(app, "replay_bar")
    assert app.query_params["as_of"] == "2026-11-16T13:00:00Z"
    assert app.button(key="replay_play").label == "Pause"

    press(app, "replay_play")
    assert app.button(key="replay_play").label == "Play"


def remembering(begin: str, hints: str = "seen", **address: str) -> AppTest:
    """The first page, in a browser that remembers that."""
    app = AppTest.from_function(_script, default_timeout=30)
    app.session_state[KEPT] = {"dashboard_begin": begin, "dashboard_hints": hints}
    for name, value in address.items():
        app.query_params[name] = value
    return app.run()


def test_an_address_that_says_nothing_begins_as_the_browser_remembers() -> None:
    app = remembering("team=t-speech&certainty=0.95&zone=Asia%2FTokyo&evil=1")

    assert app.query_params == {"team": "t-speech", "certainty": "0.95"}
    assert "times in Asia/Tokyo (JST)" in words(app)


def test_an_address_that_says_anything_comes_first() -> None:
    """A link shows what its sender saw; the clock stays the viewer's, unless the link names one."""
    for said, zone in (({"provider": "nimbus"}, "Asia/Tokyo"), ({"zone": "Europe/Berlin"}, "Europe/Berlin")):
        app = remembering("team=t-speech&zone=Asia%2FTokyo", **said)

        assert "team" not in app.query_params
        assert f"times in {zone}" in words(app)


def test_what_a_browser_remembers_may_be_nonsense() -> None:
    app = remembering("team=nobody&certainty=lots&zone=Mars%2FOlympus&&=&%ff")

    assert not app.exception
    assert "1,824 of 24,000 GPUs are out." in words(app)
    assert "times in UTC" in words(app)


def test_what_is_chosen_is_kept_and_forgotten() -> None:
    app = open_up(opened(Fake(), team="t-speech", zone="Asia/Tokyo"), "mine")

    press(app, "keep_bar")
    assert app.session_state[KEPT]["dashboard_begin"] == "team=t-speech&zone=Asia%2FTokyo"
    assert "This browser begins with Speech, Asia/Tokyo" in words(app)

    press(app, "forget_bar")
    assert app.session_state[KEPT]["dashboard_begin"] == ""
    assert "This browser begins" not in words(app)


def test_a_zone_can_be_chosen_and_given_back() -> None:
    app = open_up(opened(Fake()), "mine")

    app.selectbox(key="zone_sheet_bar").select("Asia/Tokyo").run()
    assert "times in Asia/Tokyo (JST)" in words(app)

    open_up(app, "mine").selectbox(key="zone_sheet_bar").select("").run()
    assert "zone" not in app.query_params


def test_hints_are_shown_in_the_first_visit_alone() -> None:
    app = remembering("", hints="")
    assert app.button(key="hints_read").label == "Got it"
    assert app.session_state[KEPT]["dashboard_hints"] == "seen"

    press(app, "hints_read")
    assert "hints_read" not in [each.key for each in app.button]
    assert "hints_read" not in [each.key for each in remembering("", hints="seen").button]


def test_a_team_with_a_name_of_marks_is_only_its_letters() -> None:
    app = open_up(opened(Fake("hostile"), team="t-fm"), "mine")

    assert "](" not in "".join(each.label for each in app.button)
    assert "Always begin with <b>bold</b> [link]" in plainly("".join(each.label for each in app.button))


def _script() -> None:
    from dashboard.pages import house, shell
    from tests.pages.fakes import Fake

    shell.connect(Fake())
    house.run()
