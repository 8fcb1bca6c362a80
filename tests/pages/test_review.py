"""The page Review and what it presents, in the states that they have."""

from io import BytesIO

import pytest
from pptx import Presentation

from dashboard.decks.powerpoint import powerpoint
from dashboard.model.scope import Scope
from dashboard.views.slides import deck
from tests.pages import told_review
from tests.pages.fakes import HOSTILE, NOW, Fake
from tests.pages.test_states import opened, plainly, words


def tables(app) -> str:  # type: ignore[no-untyped-def]
    return plainly("\n".join(each.value.to_csv() for each in [*app.table, *app.dataframe]))


def test_review_opens_with_its_numbers() -> None:
    app = opened(Fake(), "review")

    assert [plainly(each.value) for each in app.metric] == ["50 %", "3 h late", "42,000", "2 h", "95 %"]
    assert [plainly(each.value) for each in app.header][:2] == [
        "2 of 4 were back later than promised; 3 h late at the median, 26 h late at worst.",
        "Boreal Compute kept 1 of 2 promises; Nimbus Cloud 1 of 2.",
    ]


def test_two_providers_stand_side_by_side() -> None:
    app = opened(Fake(), "review", compare="nimbus", **{"with": "boreal"})

    assert "Nimbus Cloud and Boreal Compute" in [each.value for each in app.header]
    assert "Slip, worst,26 h late,5 h late,Boreal Compute" in tables(app).replace('"', "")


def test_nobody_is_compared_with_whom_nobody_knows() -> None:
    app = opened(Fake(), "review", compare="nimbus", **{"with": "nobody"})

    assert not [each for each in app.header if " and Nobody" in each.value]


def test_a_figure_leads_to_what_is_behind_it() -> None:
    """Only the late ones of one provider: the address says which."""
    app = opened(Fake(), "review", behind="nimbus/network", only="late")

    (found,) = [each.value for each in app.dataframe if "slip_hours" in each.value]
    assert found["maintenance_id"].tolist() == ["M-1001"]


def test_an_empty_period_says_what_to_do() -> None:
    app = opened(Fake("empty"), "review")

    assert "No maintenance ended, and no GPU was out, in the last 90 days." in words(app)
    assert "Choose another, or widen the scope above." in words(app)
    assert "Nothing is put off." in words(app)
    assert not app.metric


def test_a_period_that_none_is_means_the_last_90_days() -> None:
    fake = Fake()

    app = opened(fake, "review", period="whenever")

    assert app.selectbox(key="period_sheet").value == "90d"


def test_days_that_the_address_names_are_among_the_choices() -> None:
    app = opened(Fake(), "review", period="2026-09-01..2026-09-30")

    assert app.selectbox(key="period_sheet").value == "2026-09-01..2026-09-30"


@pytest.mark.parametrize(("said", "number"), [("3", "3 of"), ("0", "1 of"), ("x", "1 of"), ("9" * 400, "1 of")])
def test_what_is_presented_stands_alone(said: str, number: str) -> None:
    """Its sentence, its figure, the keys, and nothing else."""
    app = opened(Fake(), "review", present=said)

    assert not app.selectbox
    assert "data as of" not in words(app)
    assert len(app.title) == 1
    assert number in words(app)


def test_it_is_turned_and_left_by_keys_and_the_address_follows() -> None:
    app = opened(Fake(), "review", present="1")

    app.button(key="Right").click().run()
    assert app.query_params["present"] == "2"
    app.button(key="Left").click().run()
    assert app.query_params["present"] == "1"
    app.button(key="leave").click().run()
    assert "present" not in app.query_params
    assert app.metric


def test_every_slide_can_be_presented() -> None:
    """Also the last, and one beyond it is the last."""
    story = told_review.review("full", NOW, "90d", HOSTILE)
    slides = deck(story, Scope(), "", {}).slides

    for number, slide in enumerate(slides, 1):
        app = opened(Fake(), "review", present=str(number))
        assert plainly(app.title[0].value) == slide.title
    assert plainly(opened(Fake(), "review", present="999").title[0].value) == slides[-1].title


def test_hostile_words_stay_words_on_pages_and_in_files() -> None:
    app = opened(Fake("hostile"), "review")
    presented = opened(Fake("hostile"), "review", present="1")
    story = told_review.review("hostile", NOW, "90d", HOSTILE)
    made = Presentation(BytesIO(powerpoint(deck(story, Scope(), "", {}))))

    for each in [*app.title, *app.markdown, *app.caption, *app.header, *presented.title, *presented.markdown]:
        assert "](" not in str(each.value)
        assert ":red[" not in str(each.value)
    assert made.slides[1].shapes.title.text_frame.text == HOSTILE
