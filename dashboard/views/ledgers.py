"""The tables of a review: its figures by provider and kind, two providers side by side, and what is behind them."""

from collections.abc import Callable, Iterable, Sequence
from math import isnan

import pandas as pd

from dashboard.model.debt import Debt
from dashboard.model.review import IN_TIME, Figures, Went
from dashboard.views import words
from dashboard.views.measures import BY_NAME, MEASURES, NONE
from dashboard.views.review import Line, Review

BEHIND = ["maintenance_id", "title", "provider", "kind", "cluster", "gpus", "began_at", "promised", "was", "slip_hours",
          "gpu_hours", "unplanned", "failed", "kept", "notice_hours", "by_hand", "repeats"]  # fmt: skip
DEBTS = ["maintenance_id", "title", "provider", "kind", "severity", "gpus", "first", "begins", "put_off", "gpu_days",
         "cost", "basis"]  # fmt: skip
LOWER, HIGHER = -1, 1
BETTER = {
    "on_time_share": HIGHER, "slip_median": LOWER, "slip_worst": LOWER, "unplanned_share": LOWER, "failed_share": LOWER,
    "recovery_median": LOWER, "recovery_p90": LOWER, "kept_share": HIGHER, "notice_median": HIGHER,
    "unconfirmed": LOWER, "toil_each": LOWER, "repeat_share": LOWER, "lost": LOWER,
}  # fmt: skip
"""Which way a measure is better, where two may be held against each other whatever their size."""


def figures(lines: Sequence[Line], *, percent: bool = False) -> pd.DataFrame:
    """A row a line: provider_id, provider, kind_id, kind, then every measure of MEASURES as a number.

    Shares are 0 to 1, or whole per cent.
    """
    rows = [
        (line.provider_id, line.provider, line.kind, words.stage(line.kind) or "unnamed",
         *(each.value(line.figures) for each in MEASURES))
        for line in lines
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["provider_id", "provider", "kind_id", "kind", *BY_NAME])
    shares = [name for name in BY_NAME if name.endswith("_share")]
    return frame.assign(**{name: (frame[name] * 100).round() for name in shares}) if percent else frame


ONLY: dict[str, Callable[[Went], bool]] = {
    "late": lambda each: each.slip > IN_TIME,
    "unplanned": lambda each: each.unplanned > 0,
    "failed": lambda each: each.failed > 0,
    "broken": lambda each: each.kept < each.clocks,
    "unconfirmed": lambda each: each.ended_at is not None and each.notice == 0,
    "by_hand": lambda each: sum(each.toil.values()) > 0,
    "again": lambda each: each.repeats > 0,
    "early": lambda each: each.early > 0,
}
"""Which maintenances a figure is made of."""


def behind(story: Review, provider: str = "", kind: str | None = None, only: str = "") -> pd.DataFrame:
    """The maintenances that figures are made of, by BEHIND; all, or those of one provider, kind, or figure."""
    rows = [
        (each.maintenance_id, each.title, story.names.get(each.provider_id, each.provider_id), words.stage(each.kind),
         each.cluster_id, each.gpus, each.began_at, each.promised, each.was, each.slip, each.out, each.unplanned,
         each.failed, _kept(each), each.notice if each.ended_at else float("nan"), sum(each.toil.values()),
         each.repeats)
        for each in _chosen(story.went, provider, kind, only)
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=BEHIND)
    return frame.assign(**{name: pd.to_datetime(frame[name], utc=True) for name in ("began_at", "promised", "was")})


def _chosen(went: Iterable[Went], provider: str, kind: str | None, only: str) -> list[Went]:
    fits = ONLY.get(only)
    return [
        each
        for each in went
        if provider in ("", each.provider_id) and kind in (None, each.kind) and (fits is None or fits(each))
    ]


def _kept(each: Went) -> str:
    return f"{each.kept:,} of {each.clocks:,}" if each.clocks else ""


def debts(story: Review) -> pd.DataFrame:
    """What was put off, by DEBTS; put_off in words."""
    rows = [
        (each.maintenance_id, each.title, story.names.get(each.provider_id, each.provider_id), words.stage(each.kind),
         str(each.severity), each.gpus, each.first, each.begins, _put_off(each),
         each.gpu_days, each.cost, each.basis)
        for each in story.debts
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=DEBTS)
    return frame.assign(**{name: pd.to_datetime(frame[name], utc=True) for name in ("first", "begins")})


def _put_off(each: Debt) -> str:
    return words.span(each.put_off) if each.put_off else "no date"


def pair(story: Review, one: str, other: str) -> pd.DataFrame | None:
    """Two providers side by side, a row a measure: what, one, other, better (a name, "" for neither).

    None where either took no part in the period.
    """
    found = {line.provider_id: line for line in story.providers}
    if one == other or one not in found or other not in found:
        return None
    left, right = found[one], found[other]
    rows = [
        (each.label, each.said(left.figures), each.said(right.figures), _better(each.name, left, right))
        for each in MEASURES
    ]
    return pd.DataFrame(rows, columns=["what", "one", "other", "better"])


def _better(name: str, left: Line, right: Line) -> str:
    way, value = BETTER.get(name), BY_NAME[name].value
    one, other = value(left.figures), value(right.figures)
    if way is None or isnan(one) or isnan(other) or BY_NAME[name].said(left.figures) in (
        NONE, BY_NAME[name].said(right.figures)
    ):  # fmt: skip
        return ""
    return left.provider if (one - other) * way > 0 else right.provider


def won(figures_: Figures) -> tuple[str, ...]:
    """What went well by itself, in sentences."""
    told = (
        (figures_.early, "GPU-hours in service before the promised end, since nodes are taken back one by one."),
        (figures_.filed, "messages of providers that found their maintenance by themselves."),
        (figures_.notices, "notices to whoever lost capacity, which nobody had to write."),
    )
    return tuple(f"{words.count(number)} {what}" for number, what in told if round(number)) or ("Nothing yet.",)
