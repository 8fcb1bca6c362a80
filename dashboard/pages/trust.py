"""Trust: can I believe the ETA."""

from math import isnan

import streamlit as st

from dashboard.figures.coverage import coverage, pit
from dashboard.model.scope import Scope
from dashboard.model.words import percent
from dashboard.pages import columns, paper, shell
from dashboard.views.trust import Trust

SCORES = {
    "group": "By",
    "name": "Of",
    "forecasts": "Forecasts",
    "held": "80 % ranges held, %",
    "ours": "Ours, h",
    "promise": "Promise, h",
    "line": "Straight line, h",
    "usual": "Usual times, h",
}
SAID = {
    "title": columns.text("Maintenance", 320),
    "phase": columns.text("Said"),
    "as_of": columns.instant("On"),
    "likely": columns.instant("Likely back"),
    "plan_on": columns.instant("Plan on"),
    "was": columns.instant("It was"),
    "off_hours": columns.hours("Off by"),
    "inside": columns.text("In range"),
    "provider": columns.text("Provider"),
}
GROUPS = {"all": "all", "phase": "when it was said", "provider": "provider", "kind": "kind"}
RIVALS = (
    "Mean error of the whole forecast (CRPS), in hours: lower is better. Beside ours: the provider’s promise taken at "
    "its word; what has returned, carried on in a straight line; and each stage’s usual times (Kaplan–Meier), node by "
    "node. A rival counts where it had something to say."
)


def page(scope: Scope) -> None:
    """Draws the page."""
    story: Trust = shell.load("trust", scope)
    shell.printed(_first, "trust", scope)
    if len(story.said):
        shell.maintenances(story.said, SAID, scope.zone, "said", "What was said of each maintenance, and what it was")
    shell.printed(_last, "trust", scope)


def _first(story: Trust, scope: Scope) -> None:
    """The sentence, the numbers, and whether quantiles kept their word."""
    paper.sentence(story.sentence)
    if not story.forecasts:
        paper.nothing(
            "Forecasts are judged once a maintenance is over.",
            "Past ones are gone through in the background, the newest first; this page fills as that goes on.",
        )
        return
    grid = st.grid(4, min_column_width=150, gap="small", key="numbers")
    paper.number(grid, "80 % ranges held", f"{percent(story.held)}, 80 % is right", hint="More would be too wide.")
    paper.number(grid, "Likely time off by", f"{_hours(story.typical_hours)}, at the median")
    promised = "–" if isnan(story.promise_hours) else f"{_hours(story.promise_hours)}, at the median"
    paper.number(grid, "Promises off by", promised, hint="The provider's word in force when we spoke.")
    if story.best_rival:
        paper.number(
            grid, "Our error", f"{percent(story.better)}, of the best rival’s", hint=f"The {story.best_rival}."
        )
    left, right = st.columns(2, gap="medium")
    with left:
        paper.heading("Did each level hold?", "On the line, what was said is what happened.")
        shares = (story.levels["level"].tolist(), story.levels["held"].tolist())
        said = "; ".join(f"{percent(level)} held {percent(held)}" for level, held in zip(*shares, strict=True))
        paper.picture(coverage(*shares, paper.look()), f"How often each level held: {said}", "coverage")
    with right:
        paper.heading("Early or late?", "Bars as high as the line: ranges are as wide as they should be.")
        paper.picture(pit(story.pit, paper.look()), "Outcomes by the tenth of the forecast they fell in", "pit")
    paper.heading(
        "We said, it was",
        "The first forecast of each maintenance, for 95 % of its GPUs. A title opens its maintenance.",
    )


def _last(story: Trust, scope: Scope) -> None:
    """The score, group by group."""
    if not story.forecasts:
        return
    paper.heading("Beside what anyone could say", RIVALS)
    first = ~story.scores["by"].duplicated()
    shown = story.scores.assign(
        group=story.scores["by"].map(GROUPS).where(first, " "), held=(story.scores["held"] * 100).round()
    )
    with st.container(key="rivals"):
        paper.table(shown, SCORES, scope.zone, "Scores by when it was said, provider and kind")


def _hours(hours: float) -> str:
    return f"{hours:.1f} h" if hours < 10 else f"{hours:.0f} h"
