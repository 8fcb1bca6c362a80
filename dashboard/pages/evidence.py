"""What is behind a review: its measures by provider and kind, what was put off, and every maintenance it is made of."""

import streamlit as st

from dashboard.model.scope import Scope
from dashboard.pages import address, columns, paper, shell
from dashboard.views.ledgers import behind, debts, figures
from dashboard.views.measures import MEASURES
from dashboard.views.review import Review

SHARES = {"on_time_share", "unplanned_share", "failed_share", "kept_share", "repeat_share"}
HOURS = {"slip_median", "slip_worst"}
LASTED = {"recovery_median", "recovery_p90", "notice_median"}
BEHIND = {
    "title": columns.text("Maintenance", 260),
    "provider": columns.text("Provider"),
    "kind": columns.text("Kind"),
    "gpus": columns.count("GPUs"),
    "began_at": columns.instant("Began"),
    "promised": columns.instant("Promised"),
    "was": columns.instant("It was"),
    "slip_hours": columns.hours("Slip", "From the end promised when it began to when 95 % of its GPUs were back."),
    "gpu_hours": columns.whole("GPU-hours out"),
    "unplanned": columns.whole("Unplanned"),
    "failed": columns.count("Validations failed"),
    "kept": columns.text("SLA kept"),
    "notice_hours": columns.lasted("Notice"),
    "by_hand": columns.count("By hand"),
    "repeats": columns.count("Failed again"),
}
DEBTS = {
    "title": columns.text("Maintenance", 260),
    "severity": columns.text("Severity"),
    "put_off": columns.text("Put off"),
    "cost": columns.whole("GPU-hours to catch up"),
    "gpu_days": columns.whole("GPU-days of debt"),
    "gpus": columns.count("GPUs"),
    "first": columns.instant("First planned"),
    "begins": columns.instant("Now planned"),
    "provider": columns.text("Provider"),
    "kind": columns.text("Kind"),
    "basis": columns.text("Cost known from"),
}
ONLY = {
    "": "All", "late": "Late", "unplanned": "With unplanned hours", "failed": "With failed validations",
    "broken": "With a broken SLA", "unconfirmed": "Unconfirmed", "by_hand": "With work by hand",
    "again": "Where nodes failed again", "early": "With GPUs back early",
}  # fmt: skip


def by_kind(story: Review) -> None:
    """Every measure; a row that is ticked narrows what is listed below."""
    paper.heading("By provider and kind", "Tick a row for the maintenances behind it; a heading sorts.")
    kinds = {"provider": columns.text("Provider", 150), "kind": columns.text("Kind", 120)}
    for each in MEASURES:
        make = columns.percent if each.name in SHARES else columns.hours if each.name in HOURS else (
            columns.lasted_finely if each.name in LASTED else columns.tenths if each.name == "toil_each"
            else columns.whole
        )  # fmt: skip
        kinds[each.name] = make(each.label)
    frame = figures(story.lines, percent=True)
    picked = st.dataframe(frame, hide_index=True, column_order=list(kinds), column_config=kinds, key="by_kind",
                          on_select="rerun", selection_mode="single-row", placeholder="–", height="content",
                          alt="Every measure by provider and kind")  # fmt: skip
    for row in picked["selection"]["rows"]:
        address.write("behind", f"{frame['provider_id'].iloc[row]}/{frame['kind_id'].iloc[row]}")


def debt(story: Review, scope: Scope) -> None:
    """What was put off, and what catching up will cost."""
    cost, days = sum(each.cost for each in story.debts), sum(each.gpu_days for each in story.debts)
    paper.heading("Maintenance debt", "What was put off and has not begun; by its kind, and how long it waits.")
    if not story.debts:
        paper.nothing("Nothing is put off.")
        return
    paper.caption(f"{cost:,.0f} GPU-hours to catch up; {days:,.0f} GPU-days of debt so far.")
    shell.maintenances(debts(story), DEBTS, scope.zone, "debts", "What was put off")


def maintenances(story: Review, scope: Scope) -> None:
    """The maintenances, of which each opens."""
    paper.heading("The maintenances behind this", "A title opens its maintenance; a heading sorts.")
    provider, _, kind = (address.said("behind") or "").partition("/")
    names = {"": "Every provider and kind"}
    names |= {f"{each.provider_id}/{each.kind}": f"{each.provider}, {each.kind}" for each in story.lines}
    with st.container(horizontal=True, key="narrow", gap="small", vertical_alignment="bottom"):
        address.pick("behind", "Of", names, "", place="sheet", width=280)
        address.pick("only", "Which", ONLY, "", place="sheet", width=220)
    found = behind(story, provider, kind if provider else None, address.chosen("only", list(ONLY), ""))
    if len(found):
        shell.maintenances(found, BEHIND, scope.zone, "behind", "The maintenances behind the figures")
    else:
        paper.nothing("None of them.", "Choose every provider and kind, or all.")
