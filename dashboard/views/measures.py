"""The figures of a review in words: each measure's name, what it means, and its value as people say it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from math import isnan

from dashboard.model.review import IN_TIME, Figures
from dashboard.model.stages import Role
from dashboard.views import words

NONE = "–"


def length(hours: float) -> str:
    """How long something took: 40 min, 14 h, 3 d."""
    return NONE if isnan(hours) else words.span(timedelta(hours=hours)) if hours else "none"


def beside(hours: float) -> str:
    """Hours after a promise as one says it: 9 h late, 2 h early, on time."""
    if isnan(hours):
        return NONE
    if abs(hours) <= IN_TIME:
        return "on time"
    return f"{words.span(timedelta(hours=hours))} {'late' if hours > 0 else 'early'}"


def share(of: float) -> str:
    """A share in whole per cent."""
    return NONE if isnan(of) else words.percent(of)


def times(each: float) -> str:
    """How often a maintenance, to one decimal."""
    return NONE if isnan(each) else f"{each:.1f}"


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure: under which name it stands, what it means, how it is said, and as a number."""

    name: str
    label: str
    means: str
    said: Callable[[Figures], str]
    value: Callable[[Figures], float]


def _role(role: Role, label: str, means: str) -> Measure:
    def of(figures: Figures) -> float:
        return figures.by_role[role.value]

    return Measure(f"waiting_{role.value}", label, means, lambda figures: words.count(of(figures)), of)


MEASURES = (
    Measure("maintenances", "Ended", "maintenances that were told to be over in the period, or whose last node came "
            "back in it", lambda f: words.count(f.maintenances), lambda f: f.maintenances),
    Measure("on_time_share", "On time", "95 % of the GPUs were back no later than half an hour after the end that was "
            "promised when the first node went out; of those that had such a promise", lambda f: share(f.on_time_share),
            lambda f: f.on_time_share),
    Measure("slip_median", "Slip, median", "hours from that promise to when 95 % were back",
            lambda f: beside(f.slip_median), lambda f: f.slip_median),
    Measure("slip_worst", "Slip, worst", "the longest of these", lambda f: beside(f.slip_worst),
            lambda f: f.slip_worst),
    Measure("gpu_hours", "GPU-hours out", "from cordoned to in service, within the period, of whatever was out in it; "
            "a node that is out in two maintenances at once counts in both",
            lambda f: words.count(f.gpu_hours), lambda f: f.gpu_hours),
    Measure("planned", "Planned", "GPU-hours out up to the promised end", lambda f: words.count(f.planned),
            lambda f: f.planned),
    Measure("unplanned", "Unplanned", "GPU-hours out after the promised end, and all of what had no planned end when "
            "it began", lambda f: words.count(f.unplanned), lambda f: f.unplanned),
    Measure("unplanned_share", "Unplanned share", "of all GPU-hours out", lambda f: share(f.unplanned_share),
            lambda f: f.unplanned_share),
    _role(Role.PROVIDER, "Waiting for the provider", "GPU-hours in maintenance and in repair"),
    _role(Role.SCHEDULER_ONCALL, "for the scheduler", "GPU-hours cordoned, until drained"),
    _role(Role.FLEET_OPERATIONS, "for fleet operations", "GPU-hours drained, until handed over"),
    _role(Role.HARDWARE_HEALTH, "for hardware health", "GPU-hours returned and validating"),
    Measure("failed_share", "Validations failed", "of the validations that ended, those that ended in repair",
            lambda f: share(f.failed_share), lambda f: f.failed_share),
    Measure("recovery_median", "To recover, median", "from when the provider first gave a node back to when it was in "
            "service, repairs included", lambda f: length(f.recovery_median), lambda f: f.recovery_median),
    Measure("recovery_p90", "To recover, 9 in 10", "nine in ten nodes took no longer",
            lambda f: length(f.recovery_p90), lambda f: f.recovery_p90),
    Measure("kept_share", "SLA kept", "of the clocks of contracts and support cases that stopped or ran out, those "
            "that stopped in time", lambda f: share(f.kept_share), lambda f: f.kept_share),
    Measure("notice_median", "Notice, median", "from when it was first told to be confirmed to when it began; none "
            "where it was not confirmed before", lambda f: length(f.notice_median), lambda f: f.notice_median),
    Measure("unconfirmed", "Unconfirmed", "began without having been confirmed", lambda f: words.count(f.unconfirmed),
            lambda f: f.unconfirmed),
    Measure("toil_each", "By hand, each", "what people did, a maintenance: notices acknowledged, decisions written "
            "down, commitments past due, support cases, messages tied by hand, maintenances joined by hand",
            lambda f: times(f.toil_each), lambda f: f.toil_each),
    Measure("repeat_share", "Failed again", "of the nodes that came back, those that went to repair or were removed "
            "within 14 days", lambda f: share(f.repeat_share), lambda f: f.repeat_share),
    Measure("lost", "GPUs lost", "on nodes that will not come back", lambda f: words.count(f.lost), lambda f: f.lost),
    Measure("early", "GPU-hours early", "in service before the promised end: what taking nodes back one by one won",
            lambda f: words.count(f.early), lambda f: f.early),
)  # fmt: skip
"""In the order in which tables have them."""

BY_NAME = {each.name: each for each in MEASURES}


def said(name: str, figures: Figures) -> str:
    """One measure in words."""
    return BY_NAME[name].said(figures)
