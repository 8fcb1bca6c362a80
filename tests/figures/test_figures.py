"""What figures draw of small shapes, and that every figure speaks the same grammar."""

import json
import re
from datetime import UTC, datetime, timedelta

import numpy as np
import plotly.graph_objects as go
import pytest

from dashboard.figures.chart import chart
from dashboard.figures.coverage import coverage, pit
from dashboard.figures.fan import fan
from dashboard.figures.progress import progress
from dashboard.figures.racks import racks
from dashboard.figures.slip import INNER, slip
from dashboard.figures.spark import spark
from dashboard.figures.stays import stays
from dashboard.figures.theme import DARK, LETTERS, LIGHT, Look, shortened
from dashboard.figures.timeline import timeline
from dashboard.model.deck import OURS, Bars, Dots, Series
from dashboard.model.history import Lane, Lanes, stays_of
from dashboard.model.outlook import Bar, Fan, Mark, Racks, ReturnCurve, Slip
from dashboard.model.stages import CODE, Stage

NOW = datetime(2026, 11, 18, 13, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def named(figure: go.Figure, name: str) -> go.Scatter:
    return next(trace for trace in figure.data if trace.name == name)


def small_fan(*marks: Mark, allocated: int | None = None) -> Fan:
    curve = ReturnCurve(
        (NOW, NOW + 10 * HOUR),
        {0.1: (80, 0), 0.25: (80, 10), 0.5: (80, 20), 0.75: (80, 40), 0.9: (80, 64)},
    )
    return Fan(NOW, (NOW - 5 * HOUR, NOW), (0, 80), curve, 1024, allocated, marks)


def words(figure: go.Figure) -> list[str]:
    return [each.text for each in figure.layout.annotations]


def test_the_past_is_solid_and_the_forecast_a_band_around_a_line() -> None:
    figure = fan(small_fan(), LIGHT, "UTC")

    assert list(named(figure, "was out").y) == [0, 80]
    assert named(figure, "was out").line.shape == "hv"
    assert list(named(figure, "8 in 10, most").y) == [80, 64]
    assert list(named(figure, "8 in 10, least").y) == [80, 0]
    assert named(figure, "8 in 10, least").fill == "tonexty"
    assert list(named(figure, "likely").y) == [80, 20]
    assert named(figure, "likely").line.color == LIGHT.accent


def test_capacity_starts_at_zero() -> None:
    assert fan(small_fan(), LIGHT, "UTC").layout.yaxis.range[0] == 0


def test_ours_is_filled_a_promise_hollow_and_a_passed_one_grey() -> None:
    figure = fan(
        small_fan(
            Mark(NOW + HOUR, "likely", "ours"),
            Mark(NOW + 2 * HOUR, "promised", "provider"),
            Mark(NOW - 2 * HOUR, "promised before", "provider", passed=True),
        ),
        LIGHT,
        "UTC",
    )

    ours, theirs, passed = (trace.marker for trace in figure.data if trace.mode == "markers")
    assert ours.color == LIGHT.accent == ours.line.color
    assert theirs.color == LIGHT.background
    assert theirs.line.color == LIGHT.text
    assert passed.color == LIGHT.background
    assert passed.line.color == LIGHT.gone


def test_labels_of_neighbours_stand_in_rows_of_their_own() -> None:
    near = [Mark(NOW + each * HOUR, f"the promise of provider {each}", "provider") for each in range(3)]
    far = [Mark(NOW - 5 * HOUR, "then", "provider"), Mark(NOW + 10 * HOUR, "later", "provider")]

    def rows(marks: list[Mark]) -> set[float]:
        notes = fan(small_fan(*marks), LIGHT, "UTC").layout.annotations
        return {each.yshift for each in notes if each.text in {mark.words for mark in marks}}

    assert len(rows(near)) == 3
    assert len(rows(far)) == 1


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("UPS battery exchange", "UPS battery exchange"),
        ("Firmware 2.14 on H100 trays, wave 2 of 3", "Firmware 2.14 on … wave 2 of 3"),
        ("Firmware 2.14 on H100 trays, wave 3 of 3", "Firmware 2.14 on … wave 3 of 3"),
        ("Coolant exchange in the secondary loop, row B", "Coolant exchange … loop, row B"),
        ("Recommissioning afterwards-and-once-more-again", "Recommissioning …"),
        ("CHG-2026-11-27-000048213-HOUSTON-9", "CHG-2026-11-27-000048213-HOUSTO…"),
    ],
)
def test_a_long_name_keeps_whole_words_of_both_its_ends(name: str, told: str) -> None:
    assert shortened(name, 32) == told


LENGTHY = "Leaf switch upgrade and optics replacement, row A"


def seen(words: str, of: str) -> str:
    """What of a note is shown where nothing is hidden but what is kept for `of`."""
    return re.sub("<.*?>", "", re.sub(f'<span style="--on:{of}.*?</span>', "", words))


def test_a_long_name_is_whole_on_a_desk_and_both_its_ends_on_a_phone() -> None:
    """The styles of the page choose: see house.css. Where there are none, in a picture that is saved, it is whole."""
    made = (
        fan(small_fan(Mark(NOW + HOUR, LENGTHY, "provider")), LIGHT, "UTC"),
        timeline([bar(title=LENGTHY)], NOW, LIGHT, "UTC"),
        stays(lanes(Lane("M-1", LENGTHY, stays_of([(NOW - 9 * HOUR, Stage.CORDONED)]))), LIGHT, "UTC"),
    )

    for figure in made:
        (name,) = [each for each in words(figure) if "Leaf" in each]
        assert seen(name, "phones").startswith(LENGTHY)
        assert re.match("Leaf switch[ a-z]* … row A", seen(name, "desks"))
        assert "display:none" in name.split("--on:phones")[1]


def test_what_is_cut_of_a_providers_words_is_no_markup_either() -> None:
    for name in words(fan(small_fan(Mark(NOW, "a long name & a <b>bold</b> one " * 3, "provider")), LIGHT, "UTC")):
        assert "<b>" not in name


def test_spare_capacity_is_a_line_only_where_it_can_be_seen() -> None:
    assert "100 GPUs to spare" in words(fan(small_fan(allocated=924), LIGHT, "UTC"))
    assert not [each for each in words(fan(small_fan(allocated=10), LIGHT, "UTC")) if "spare" in each]


def test_times_are_on_the_viewers_clock() -> None:
    """13:00 UTC is 14:00 in Berlin and 18:30 in Kolkata."""
    for zone, clock in (("UTC", "13:00"), ("Europe/Berlin", "14:00"), ("Asia/Kolkata", "18:30")):
        figure = fan(small_fan(), DARK, zone)
        assert str(named(figure, "likely").x[0]) == f"2026-11-18T{clock}:00"
        assert str(figure.layout.shapes[-1].x0)[11:16] == clock


def test_what_providers_wrote_is_no_markup() -> None:
    figure = fan(small_fan(Mark(NOW, "<b>now</b> $x$", "provider")), LIGHT, "UTC")

    assert "&lt;b&gt;now&lt;/b&gt; &#36;x&#36;" in words(figure)


def bar(**more: object) -> Bar:
    given: dict[str, object] = {
        "maintenance_id": "M-1",
        "title": "Firmware",
        "group": "Nimbus",
        "status": "in_progress",
        "planned_start": NOW - 5 * HOUR,
        "planned_end": NOW - HOUR,
        "first_planned_end": NOW - HOUR,
        "actual_start": NOW - 4 * HOUR,
        "actual_end": None,
        "likely_start": None,
        "likely_end": NOW + 3 * HOUR,
        "plan_on_end": NOW + 8 * HOUR,
        "progress": 0.5,
        "risk": "late",
    }
    return Bar(**(given | more))  # type: ignore[arg-type]


def test_a_bar_holds_plan_fact_and_forecast() -> None:
    figure = timeline([bar()], NOW, LIGHT, "UTC")

    assert [str(each)[11:16] for each in named(figure, "so far").x] == ["09:00", "13:00"]
    assert [str(each)[11:16] for each in named(figure, "likely").x] == ["13:00", "16:00"]
    assert [str(each)[11:16] for each in named(figure, "plan on").x] == ["16:00", "21:00"]
    assert named(figure, "likely back").marker.color == LIGHT.red
    assert named(figure, "promised").marker.line.color == LIGHT.gone
    assert "Firmware · Nimbus · late" in words(figure)


def test_amber_is_at_risk_and_a_first_promise_stays() -> None:
    figure = timeline([bar(risk="at risk", planned_end=NOW + 2 * HOUR)], NOW, LIGHT, "UTC")

    assert named(figure, "likely back").marker.color == LIGHT.amber
    assert named(figure, "promised").marker.line.color == LIGHT.text
    assert named(figure, "first promised").marker.line.color == LIGHT.gone


def test_a_slip_keeps_each_promise_at_the_instant_it_was_made() -> None:
    shape = Slip(
        NOW,
        (NOW - 4 * HOUR, NOW),
        (NOW + HOUR, NOW + 2 * HOUR),
        (NOW + 3 * HOUR, NOW + 5 * HOUR),
        (NOW - 4 * HOUR, NOW - 2 * HOUR),
        (NOW - HOUR, NOW + HOUR),
        None,
    )

    promised = named(slip(shape, LIGHT, "UTC"), "promised")

    assert [str(each)[11:16] for each in promised.x] == ["09:00", "11:00"]
    assert [str(each)[11:16] for each in promised.y] == ["12:00", "14:00"]
    assert list(promised.marker.line.color) == [LIGHT.gone, LIGHT.text]


def test_words_at_the_end_of_the_lines_stand_apart() -> None:
    """Three that end within minutes of each other are named one above the other, in their order."""
    ends = (NOW + 9 * HOUR, NOW + 9.2 * HOUR, NOW + 9.1 * HOUR)
    shape = Slip(NOW, (NOW - 40 * HOUR, NOW), (NOW, ends[0]), (NOW, ends[1]), (NOW - 40 * HOUR,), (ends[2],), None)

    notes = {each.text: each for each in slip(shape, LIGHT, "UTC").layout.annotations}

    tall = {name: (notes[name].y - ends[0].replace(tzinfo=None)) / HOUR for name in ("likely", "promised", "plan on")}
    pixels = {name: each / 9.2 * INNER + notes[name].yshift for name, each in tall.items()}
    assert pixels["promised"] - pixels["likely"] == pytest.approx(15)
    assert pixels["plan on"] - pixels["promised"] == pytest.approx(15)


def test_the_axis_of_a_slip_ends_at_now_so_that_a_phone_has_room_for_its_days() -> None:
    """The words at the end stand in the margin."""
    begun = NOW - 480 * HOUR
    figure = slip(Slip(NOW, (begun, NOW), (NOW, NOW), (NOW, NOW), (begun,), (NOW,), None), LIGHT, "UTC")

    first, last = figure.layout.xaxis.range
    assert begun.replace(tzinfo=None) - first == last - NOW.replace(tzinfo=None) < 24 * HOUR
    assert len(figure.layout.xaxis.tickvals) <= 3


def lanes(*lanes: Lane, usual: float | None = None) -> Lanes:
    return Lanes(NOW, lanes, usual)


def test_a_stay_is_as_long_as_it_lasted_in_the_colour_and_with_the_letter_of_its_stage() -> None:
    turns = ((10, Stage.CORDONED), (6, Stage.REPAIRING), (1, Stage.IN_SERVICE))
    lane = Lane("M-1", "Firmware", stays_of((NOW - ago * HOUR, stage) for ago, stage in turns))

    figure = stays(lanes(lane, usual=7.0), LIGHT, "UTC")

    drawn = [(each.name, list(each.base), list(each.x), each.marker.color, list(each.text)) for each in figure.data]
    assert drawn == [
        ("cordoned", [0.0], [4.0], LIGHT.stages[Stage.CORDONED], ["C"]),
        ("repairing", [4.0], [5.0], LIGHT.stages[Stage.REPAIRING], ["R"]),
    ]
    assert words(figure) == ["Firmware · 18 Nov 2026", "half of its like were back"]


def test_a_node_that_is_not_back_says_so_and_hostile_titles_stay_letters() -> None:
    lane = Lane("M-1", "<b>$x$</b>", stays_of([(NOW - 10 * HOUR, Stage.VALIDATING)]))

    assert words(stays(lanes(lane), DARK, "UTC")) == ["&lt;b&gt;&#36;x&#36;&lt;/b&gt; · 18 Nov 2026 · not back"]


def test_of_many_maintenances_the_latest_are_drawn_and_the_others_counted() -> None:
    some = [Lane(f"M-{each}", "A", stays_of([(NOW - HOUR, Stage.CORDONED)])) for each in range(14)]

    figure = stays(lanes(*some), LIGHT, "UTC")

    assert len(figure.data[0].y) == 12
    assert "the latest 12 of 14" in words(figure)


def grid(count: int, tall: int) -> Racks:
    size = count * tall
    return Racks(
        tuple(f"r{each}" for each in range(count)),
        tuple(each // tall for each in range(size)),
        tuple(each % tall for each in range(size)),
        tuple(each % 9 for each in range(size)),
        tuple(f"n{each}" for each in range(size)),
        (6.0,) * size,
    )


def test_a_cell_is_a_node_in_the_column_of_its_rack() -> None:
    figure = racks(grid(2, 3), LIGHT)

    assert figure.data[0].z.T.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert set(figure.data[1].text) == {LETTERS[stage] for stage in list(Stage)[1:6]}


def test_a_node_is_hovered_over_and_pressed_where_its_cell_is() -> None:
    """Hovering says its name, stage and hours; what is pressed says which node it is, by its place in the shape."""
    figure = racks(grid(2, 3), LIGHT)

    (fifth,) = [trace for trace in figure.data[2:] if list(trace.hovertext) == ["n4"]]
    assert (list(fifth.x), list(fifth.y)) == ([1], [1])
    assert fifth.customdata.tolist() == [[4.0, 6.0]]
    assert fifth.hovertemplate == "%{hovertext}, returned for %{customdata[1]:.1f} h<extra></extra>"


def test_ten_thousand_nodes_stay_light() -> None:
    """Racks fold into rows, and what is sent stays well under a megabyte, with each node's name, stage and hours."""
    figure = racks(grid(625, 16), DARK)

    assert figure.data[0].z.shape == (10 * 17 - 1, 64)
    assert len(figure.to_json()) < 400_000


def test_stages_are_as_long_as_they_hold_nodes() -> None:
    figure = progress({Stage.IN_MAINTENANCE: 30, Stage.IN_SERVICE: 70}, LIGHT)

    assert [(each.name, each.x[0], each.text[0]) for each in figure.data] == [
        ("in maintenance", 30, "M"),
        ("in service", 70, "I"),
    ]


def test_a_spark_ends_with_a_mark() -> None:
    assert list(spark((3, 5, 4), LIGHT).data[1].y) == [4]


@pytest.mark.parametrize(
    ("figure", "says"),
    [
        (fan(Fan(NOW, (), (), ReturnCurve((), {}), 0), LIGHT, "UTC"), "Nothing has been out"),
        (timeline([], NOW, LIGHT, "UTC"), "No maintenance"),
        (slip(Slip(NOW, (), (), (), (), (), None), LIGHT, "UTC"), "No forecast"),
        (stays(Lanes(NOW, (), None), LIGHT, "UTC"), "No maintenance is known to have taken it out"),
        (racks(Racks((), (), (), (), (), ()), LIGHT), "Nothing is reported node by node"),
        (progress({}, LIGHT), "No nodes"),
    ],
)
def test_empty_is_a_figure_that_says_why(figure: go.Figure, says: str) -> None:
    assert words(figure)[0].startswith(says)
    assert not figure.data


def test_a_long_past_is_reduced_before_it_is_sent() -> None:
    past = tuple(NOW - each * HOUR for each in range(5000, 0, -1))

    figure = fan(Fan(NOW, past, tuple(range(5000)), ReturnCurve((), {}), 9000), LIGHT, "UTC")

    assert len(named(figure, "was out").x) == 500
    assert named(figure, "was out").y[-1] == 4999
    assert json.loads(figure.to_json())


def linear(colour: str) -> np.ndarray:
    parts = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, contrast ratio."""
    light, dark = sorted((float(linear(each) @ [0.2126, 0.7152, 0.0722]) for each in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIE L*a*b* (1976) under D65 from linear sRGB."""
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = np.cbrt(to_xyz @ np.clip(rgb, 0, 1) / [0.9505, 1.0, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


# Machado, Oliveira and Fernandes (2009), severity 1.
SIGHT = {
    "as most see": np.eye(3),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
}


@pytest.mark.parametrize("look", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("sight", SIGHT)
def test_stages_are_told_apart_by_everyone(look: Look, sight: str) -> None:
    """A difference of 20 in L*a*b* is seen at a glance, side by side or not."""
    seen = [lab(SIGHT[sight] @ linear(colour)) for colour in look.stages.values()]

    least = min(float(np.linalg.norm(a - b)) for i, a in enumerate(seen) for b in seen[:i])

    assert least > 20


@pytest.mark.parametrize("look", [LIGHT, DARK], ids=["light", "dark"])
def test_what_is_drawn_stands_out_and_what_is_written_is_read(look: Look) -> None:
    """WCAG 2.2: 3 : 1 for what is drawn, 4.5 : 1 for what is written."""
    drawn = [*look.stages.values(), look.gone]
    written = [look.text, look.muted, look.accent, look.amber, look.red]

    assert min(contrast(each, look.background) for each in drawn) >= 3
    assert min(contrast(each, look.background) for each in written) >= 4.5


def test_every_stage_has_a_letter_and_a_colour_of_its_own() -> None:
    assert set(LETTERS) == set(Stage) == set(CODE)
    assert len(set(LETTERS.values())) == len(LETTERS)
    assert len(set(LIGHT.stages.values())) == len(set(DARK.stages.values())) == len(Stage)


@pytest.mark.parametrize("look", [LIGHT, DARK])
def test_a_level_that_held_lies_on_the_thin_line(look: Look) -> None:
    figure = coverage((0.1, 0.5, 0.9), (0.1, 0.4, 0.9), look)

    assert list(named(figure, "held").x) == [0.1, 0.5, 0.9]
    assert list(named(figure, "held").y) == [0.1, 0.4, 0.9]
    diagonal = figure.layout.shapes[0]
    assert (diagonal.x0, diagonal.y0, diagonal.x1, diagonal.y1) == (0, 0, 1, 1)


def test_the_days_of_a_review_stand_apart_on_a_phone() -> None:
    at = tuple(NOW + each * 24 * HOUR for each in range(90))
    figure = chart(Dots(("M",) * 90, at, (1.0,) * 90, (True,) * 90, "hours"), LIGHT, "UTC")

    assert len(figure.layout.xaxis.tickvals) <= 4


def test_percentages_are_written_alike_in_what_hovers() -> None:
    """Plotly's own would lack the blank before the sign."""
    held, fell = named(coverage((0.9,), (0.875,), LIGHT), "held"), named(pit((0.25, 0.75), LIGHT), "outcomes")
    bars = chart(Bars(("Nimbus",), (Series("on time", (0.5,), OURS),), "on time", percent=True), LIGHT, "UTC")

    assert list(held.customdata[0]) == ["90 %", "88 %"]
    assert list(fell.customdata) == ["25 %", "75 %"]
    assert list(named(bars, "on time").customdata) == ["50 %"]
    for each in (held, fell, named(bars, "on time")):
        assert "%}" not in each.hovertemplate


def test_outcomes_are_level_with_the_line_where_ranges_are_right() -> None:
    figure = pit((0.1,) * 10, LIGHT)

    assert figure.layout.shapes[0].y0 == pytest.approx(0.1)
    assert list(named(figure, "outcomes").y) == [0.1] * 10


def test_nothing_judged_draws_words() -> None:
    assert words(coverage((), (), LIGHT)) == words(pit((0.0,) * 10, LIGHT)) == ["Nothing to compare yet"]
