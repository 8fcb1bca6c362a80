"""A review without a log, for the pages' fakes."""

from dataclasses import replace
from datetime import datetime, timedelta

from dashboard.model.debt import Debt, Severity
from dashboard.model.period import read_period
from dashboard.model.review import Went, together
from dashboard.views.review import Line, Review

KINDS = ("firmware", "network")
NAMES = {"nimbus": "Nimbus Cloud", "boreal": "Boreal Compute"}


def went(now: datetime, name: str) -> tuple[Went, ...]:
    """Four maintenances at two providers: one early, two late, one in time."""
    hour = timedelta(hours=1)
    rows = []
    for i, (provider, slip) in enumerate((("nimbus", -3.0), ("nimbus", 26.0), ("boreal", 0.2), ("boreal", 5.0))):
        end = now - 24 * (i + 2) * hour
        rows.append(
            Went(
                f"M-100{i}", name or f"Maintenance {i}", provider, KINDS[i % 2], f"{provider}-1", 512.0, end,
                end - 40 * hour, end - slip * hour, end, slip, 9000.0, 1000.0 * i,
                {"provider": 8000.0, "hardware_health": 1000.0 + 1000.0 * i}, 10000.0, 400.0, 64, i, (1.5, 2.5, 9.0),
                40, 38, 24.0 * i, {"cases": i}, 64, i % 2, 8.0 * (i == 1), 3, 5,
            )
        )  # fmt: skip
    return tuple(rows)


def review(state: str, now: datetime, period: str, hostile: str) -> Review:
    """As the view has it."""
    told = hostile if state == "hostile" else ""
    rows = () if state == "empty" else went(now, told)
    names = {each: told or name for each, name in NAMES.items()}

    def line(provider: str, kind: str | None) -> Line:
        mine = [each for each in rows if each.provider_id == provider and kind in (None, each.kind)]
        return Line(provider, names[provider], kind or "", together(mine))

    debt = Debt("M-1005", told or "NIC firmware", "nimbus", "firmware", 576.0, now, None, timedelta(days=4),
                Severity.MEDIUM, 6492.0, "as others took for the same kind")  # fmt: skip
    full = Review(
        now, read_period(period, now), told or "Everything", told or "In the last 90 days, 4 maintenances ended.",
        together(rows), tuple(line(each, None) for each in NAMES),
        tuple(line(each, kind) for each in NAMES for kind in KINDS), rows, (debt,), names,
    )  # fmt: skip
    if state != "empty":
        return full
    return replace(full, sentence="No maintenance ended, and no GPU was out, in the last 90 days.", providers=(),
                   lines=(), debts=())  # fmt: skip
