"""Review: how did it go, and what did it cost."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import streamlit as st

from dashboard.figures.chart import chart
from dashboard.model.period import DEFAULT, offered, understood
from dashboard.model.scope import Scope
from dashboard.pages import address, evidence, exports, paper, presenting, shell
from dashboard.views.ledgers import behind, pair, won
from dashboard.views.measures import MEASURES, said
from dashboard.views.review import Review
from dashboard.views.slides import charts, deck


def page(scope: Scope) -> None:
    """Draws the page, or presents it."""
    period = understood(address.said("period"), scope.as_of or shell.now())
    story: Review = shell.load("review", scope, period)
    chosen = {name: address.said(name) or "" for name in ("compare", "with")}
    if address.said(presenting.PARAMETER):
        presenting.present(deck(story, scope, "", chosen), scope)
        return
    paper.sentence(story.sentence)
    _controls(story, scope, chosen)
    if not story.went:
        paper.nothing("No maintenance ended in this period, and none had GPUs out.", "Choose another, or widen the "
                      "scope above.")  # fmt: skip
    else:
        shell.printed(_first, "review", scope, period)
        _compared(story, scope, chosen)
        evidence.by_kind(story)
    evidence.debt(story, scope)
    if story.went:
        shell.printed(_last, "review", scope, period)
        evidence.maintenances(story, scope)


def _controls(story: Review, scope: Scope, chosen: Mapping[str, str]) -> None:
    now = scope.as_of or shell.now()
    names = offered(now, shell.load("choices").first_at)
    names |= {} if story.period.spelt in names else {story.period.spelt: story.period.words}
    providers = {line.provider_id: line.provider for line in story.providers}
    with st.container(horizontal=True, key="what_if", vertical_alignment="bottom", gap="small"):
        address.pick("period", "Period", names, DEFAULT, place="sheet", width=190)
        with st.popover("Other days", type="tertiary", key="other_days", width="content"):
            _days(story, now)
        address.pick("compare", "Compare", {"": "no providers"} | providers, "", place="sheet", width=190)
        address.pick("with", "with", {"": "choose another"} | providers, "", place="sheet", width=190)
        st.button("Present", icon=":material/slideshow:", on_click=address.write, args=(presenting.PARAMETER, "1"))
        exports.exports(story, scope, chosen)


def _days(story: Review, now: datetime) -> None:
    today = now.astimezone(UTC).date()
    shown = (story.period.begins.date(), (story.period.ends - timedelta(microseconds=1)).date())
    found = st.date_input("From and to, in UTC", shown, max_value=today, format="YYYY-MM-DD")
    if isinstance(found, tuple) and len(found) == 2:
        spelt = f"{found[0]}..{found[1]}"
        st.button("Show", on_click=address.write, args=("period", spelt), disabled=found == shown)


def _first(story: Review, scope: Scope) -> None:
    """The numbers and the figures, each with a way to what it is made of."""
    all_ = story.all
    grid = st.grid(5, min_column_width=150, gap="small", key="numbers")
    paper.number(grid, "On time", f"{said('on_time_share', all_)}, {all_.on_time:,} of {all_.with_promise:,}")
    paper.number(grid, "Slip, median", f"{said('slip_median', all_)}, {said('slip_worst', all_)} at worst")
    out = f"{said('gpu_hours', all_)}, {said('unplanned_share', all_)} unplanned"
    paper.number(grid, "GPU-hours out", out)
    recover = f"{said('recovery_median', all_)}, 9 in 10 within {said('recovery_p90', all_)}"
    paper.number(grid, "To recover, median", recover, hint="A node, from given back to in service.")
    paper.number(grid, "SLA kept", f"{said('kept_share', all_)}, {all_.kept:,} of {all_.clocks:,} clocks")
    drawn = charts(story)
    for each in range(0, len(drawn), 2):
        for place, slide in zip(st.columns(2, gap="medium"), drawn[each : each + 2], strict=False):
            with place:
                paper.heading(slide.title, slide.aside)
                if slide.chart is not None:
                    made = chart(slide.chart, paper.look(), scope.zone)
                    paper.picture(made, slide.title, f"chart_{slide.aside}", f"review-{story.period.spelt}")
    paper.heading("Behind these figures")
    with st.container(horizontal=True, key="ways_behind", gap="small"):
        for only, label in evidence.ONLY.items():
            if only and len(behind(story, only=only)):
                number = len(behind(story, only=only))
                shell.way("review", f"{label}, {number:,}", period=story.period.spelt, only=only)


def _compared(story: Review, scope: Scope, chosen: Mapping[str, str]) -> None:
    found = pair(story, chosen["compare"], chosen["with"])
    if found is None:
        return
    one, other = (story.names[chosen[each]] for each in ("compare", "with"))
    paper.heading(f"{one} and {other}", "Better where the measure says so whatever their size.")
    shown = {"what": " ", "one": one, "other": other, "better": "Better"}
    with st.container(key="compared"):
        paper.table(found, shown, scope.zone, f"{one} and {other}, side by side")


def _last(story: Review, scope: Scope) -> None:
    paper.heading("What was won")
    paper.points(won(story.all))
    with st.expander("What each measure means"):
        paper.facts(tuple((each.label, each.means) for each in MEASURES))
