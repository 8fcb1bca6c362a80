"""Answers without a log: a fleet of 24,000 GPUs at five providers, in each of the states that a page has."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from dashboard.errors import LogUnavailable
from dashboard.model.decision import Decision
from dashboard.model.lifecycle import SCHEDULING, USUAL, States, Step, Way
from dashboard.model.outlook import Bar, Fan, Mark, Racks, ReturnCurve, Slip
from dashboard.model.planning import Alternative
from dashboard.model.scope import Scope
from dashboard.model.stages import CODE, HAS_THE_BALL, Stage
from dashboard.views.can_i_run import CanIRun
from dashboard.views.capacity import Dip, WhatIsOut
from dashboard.views.cluster import HowIsCluster
from dashboard.views.expectations import WhoIsUp
from dashboard.views.freshness import Choices, Freshness, Head
from dashboard.views.lifecycle import Lifecycle
from dashboard.views.maintenance import WhereItStands
from dashboard.views.maintenances import WhatIsPlanned
from dashboard.views.messages import Unread, Written
from dashboard.views.node import WhatHappened
from dashboard.views.notices import WhoWasTold
from dashboard.views.notifier import NotifierHealth
from dashboard.views.owing import Ball
from dashboard.views.partner import Partner
from dashboard.views.plan import Plan
from dashboard.views.review import Review
from dashboard.views.search import Found
from dashboard.views.sources import Waiting, WhatComesIn
from dashboard.views.status import Changed, Flow, Moved, Status
from dashboard.views.tellings import Tellings
from dashboard.views.trust import Trust
from dashboard.views.watch import Watch
from tests.pages import places, told, told_review

NOW = datetime(2026, 11, 17, 13, 0, tzinfo=UTC)
HOSTILE = "<b>bold</b> [link](https://evil.example) $x^2$ :red[alarm] **loud** =1+1 ![i](https://evil.example/i.png)"
PROVIDERS = ("Nimbus Cloud", "Boreal Compute", "Stratus GPU", "Halcyon", "Meridian DC")
CLUSTERS = tuple(f"{p}-{r}" for p in ("nimbus", "boreal", "stratus", "halcyon") for r in ("iad-1", "fra-2", "sin-1"))
TITLES = (
    "BMC firmware 2.14 and BIOS security rollup",
    "Kernel live-patch follow-up",
    "Spine switch replacement, pod 4",
    "UPS battery string test",
    "GPU driver 570.86 and NVLink firmware",
    "Coolant loop flush, hall B",
    "Hypervisor CVE-2026-3141",
    "Rack power whip rework",
    "Storage fabric upgrade",
    "Host OS image 24.11",
    "Transceiver recall",
)


def h(hours: float) -> timedelta:
    return timedelta(hours=hours)


def curve(now: datetime, out: int, hours: int = 336, points: int = 300, bump: float = 96.0) -> ReturnCurve:
    """A fall to a few stragglers, and a dip to come."""
    at = np.linspace(0, hours, points)
    levels = {}
    for level, pace, dip in ((0.1, 0.62, 0.55), (0.25, 0.8, 0.75), (0.5, 1.0, 1.0), (0.75, 1.35, 1.3), (0.9, 1.9, 1.7)):
        falling = out * np.exp(-((at / (20 * pace)) ** 1.7))
        rising = 0.55 * out * dip * np.exp(-(((at - bump - 14 * pace) / (11 * pace + 6)) ** 2))
        levels[level] = tuple(int(each) for each in np.rint(falling + rising))
    return ReturnCurve(tuple(now + h(float(each)) for each in at), levels)


def fan(now: datetime, out: int, total: int, allocated: int | None, marks: tuple[Mark, ...]) -> Fan:
    steps = np.linspace(-168, 0, 120)
    past = np.clip(out * (1 - np.exp(-np.maximum(steps + 52, 0) / 18)) * 1.06, 0, None)
    past[20:44] += out * 0.3
    return Fan(
        now,
        tuple(now + h(float(each)) for each in steps),
        tuple(int(each) for each in np.rint(past)),
        curve(now, int(past[-1])),
        total,
        allocated,
        marks,
    )


def bars(now: datetime) -> tuple[Bar, ...]:
    made = []
    for i, title in enumerate(TITLES):
        start = now + h((-60, -30, -20, -9, -4, 30, 74, 120, 200, -190, -260)[i])
        end = start + h((54, 40, 36, 12, 60, 40, 30, 24, 50, 60, 40)[i])
        running, over = i < 5, i >= 9
        risk = {0: "late", 1: "at risk", 4: "at risk"}.get(i, "")
        likely = now + h((14, 16, 15, 3, 60)[i]) if running else end + h(4)
        made.append(
            Bar(
                f"M-10{i:02}",
                title,
                PROVIDERS[i % 5],
                "completed" if over else "in_progress" if running else "confirmed",
                start,
                end,
                end - h(24) if i in (0, 4) else end,
                start + h(1) if running or over else None,
                end + h(7) if over else None,
                None if running or over else start + h(2),
                None if over else likely,
                None if over else likely + h(6 + 3 * i),
                1.0 if over else (0.71, 0.4, 0.55, 0.9, 0.05)[i] if running else 0.0,
                risk,
            )
        )
    return tuple(made)


def racks(count: int = 32, tall: int = 16, seed: int = 5) -> Racks:
    rng = np.random.default_rng(seed)
    rack, place = np.divmod(np.arange(count * tall), tall)
    done = rng.normal(rack / count, 0.12)
    edges = np.array([0.46, 0.53, 0.56, 0.6, 0.78, 0.84, 0.9])
    order = (
        Stage.IN_SERVICE,
        Stage.VALIDATING,
        Stage.RETURNED,
        Stage.REPAIRING,
        Stage.IN_MAINTENANCE,
        Stage.DRAINED,
        Stage.CORDONED,
        Stage.SCHEDULED,
    )
    stage = [CODE[order[each]] for each in np.digitize(done, edges)]
    stage[37] = stage[101 % len(stage)] = CODE[Stage.REMOVED]
    return Racks(
        tuple(f"r{each + 1:03}" for each in range(count)),
        tuple(int(each) for each in rack),
        tuple(int(each) for each in place),
        tuple(stage),
        tuple(f"nimbus-iad-1-n{each:05}" for each in range(count * tall)),
        (6.0,) * (count * tall),
    )


def frame(columns: str, *rows: tuple[object, ...]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=columns.split())


def what_is_out(now: datetime, zone: str) -> WhatIsOut:
    likely, plan_on = now + h(25), now + h(44)
    marks = (Mark(now - h(6), "promised Tue 08:00", "provider", passed=True), Mark(likely, "likely 95 % back", "ours"))
    shape = fan(now, 1824, 24000, 20800, (*marks, Mark(now + h(38), "promised Thu 04:00", "provider")))
    rows = [
        (
            b.maintenance_id,
            b.title,
            b.group,
            CLUSTERS[i],
            g,
            g * 3,
            b.likely_end,
            b.plan_on_end,
            b.planned_end,
            w,
            b.risk,
        )
        for i, (b, g, w) in enumerate(
            zip(
                bars(now)[:5],
                (912, 480, 256, 144, 32),
                ("Nimbus Cloud", "Hardware health", "Stratus GPU", "Fleet operations", "Meridian DC"),
                strict=True,
            )
        )
    ]
    there = f"{likely.astimezone(ZoneInfo(zone)):%a %H:%M}"
    return WhatIsOut(
        now,
        f"1,824 of 24,000 GPUs are out. Half are likely back by {there}; plan on Thu 10:00 for 95 %.",
        24000,
        1824,
        16,
        likely,
        f"in 25 h, {there} CET",
        plan_on,
        "in 44 h, Thu 10:00 CET",
        Dip("M-1005", TITLES[5], now + h(96), 1040, "in 4 d, Sat 14:00 CET"),
        shape,
        frame(
            "maintenance_id title provider cluster gpus_out gpus_total likely_back plan_on promised waiting_for risk",
            *rows,
        ),
        frame(
            "team allocated out_now most_out most_out_at basis",
            ("Foundation models", 8192, 720, 1104, now + h(98), "by node"),
            ("Speech", 2048, 192, 264, now + h(97), "pro rata"),
            ("Robotics", 1024, 96, 96, now, "pro rata"),
            ("Vision", 4096, 0, 512, now + h(99), "by node"),
        ),
        frame(
            "cluster provider region sku gpus in_service out lost",
            *[
                (
                    c,
                    PROVIDERS[i // 3],
                    ("us-east", "eu-central", "ap-southeast")[i % 3],
                    "H100-80G",
                    2000,
                    1848,
                    152,
                    i % 2,
                )
                for i, c in enumerate(CLUSTERS)
            ],
        ),
        "by node and pro rata to allocations",
        tuple(int(each) for each in np.linspace(300, 1824, 28) + 250 * np.sin(np.arange(28))),
    )


def owed(now: datetime, hostile: str) -> pd.DataFrame:
    return frame(
        "maintenance_id title who role what since due late_words basis basis_words state chance_words contact "
        "escalates_to",
        ("M-1000", TITLES[0], hostile or "Priya Raman, Nimbus Cloud", "provider", "hand back 41 nodes", now - h(19),
         now - h(6), "6 h", "SLA", "return within 13 h", "overdue", "", "#nimbus-ops", "M. Okafor, then D. Cole"),
        ("M-1000", TITLES[0], "Hardware health", "hardware health", hostile or "validate 30 nodes", now - h(5),
         now + h(3), "", "usual time", "9 in 10 take at most 8 h", "in time", "", "#hw-health", hostile),
    )  # fmt: skip


def who_is_up(now: datetime, hostile: str = "") -> WhoIsUp:
    rows = owed(now, hostile)
    parties = frame(
        "who role what late_words overdue_words at_risk next_due contact escalates_to",
        (hostile or "Priya Raman, Nimbus Cloud", "provider", "Hand back 41 nodes", "6 h", "1 of 1", 0, pd.NaT,
         "#nimbus-ops", "M. Okafor, then D. Cole"),
        ("Hardware health", "hardware health", "Validate 30 nodes", "", "0 of 1", 0, now + h(3), "#hw-health", ""),
    )  # fmt: skip
    cases = frame(
        "case_id node_id stage maintenance status severity opened_at response_due_at resolution_due_at state note",
        ("CS-411", "nimbus-iad-1-n00317", "repairing for 19 h", TITLES[0], "open", "2", now - h(15), now - h(11),
         now + h(9), "overdue", hostile or "board on order"),
    )  # fmt: skip
    sentence = "We wait for 2 parties, 1 of them late; the longest overdue is Priya Raman, Nimbus Cloud, since 08:00."
    ways = (("nimbus", hostile or "Nimbus Cloud"),)
    return WhoIsUp(now, hostile or sentence, 2, 2, 1, 0, 1, True, parties, rows, rows.head(1), cases, ways)


def between_us(now: datetime, hostile: str = "") -> Partner:
    columns = "maintenance what who since due late_words basis escalates_to"
    theirs = frame(columns, (TITLES[0], "hand back 41 nodes", hostile or "Priya Raman", now - h(19), now - h(6),
                             "6 h", "SLA", "M. Okafor"))  # fmt: skip
    ours = frame(columns, (TITLES[0], "validate 30 nodes", "hardware health", now - h(5), now + h(3), "", "usual time",
                           ""))  # fmt: skip
    cases = frame(
        "case_id node_id maintenance status severity opened_at response_due_at resolution_due_at",
        (hostile or "CS-411", "iad-1-n00317", TITLES[0], "open", "2", now - h(15), now - h(11), now + h(9)),
    )
    name = hostile or "Nimbus Cloud"
    return Partner(now, name, f"{name} owes us 1 thing, 1 of it overdue; we owe {name} 1 thing.", theirs, ours, cases)


def where_it_stands(now: datetime) -> WhereItStands:
    grid = racks()
    counts = {stage: sum(1 for code in grid.stage if code == CODE[stage]) for stage in Stage}
    made = tuple(now + h(each) for each in np.linspace(-60, 0, 20))
    likely = tuple(now + h(float(each)) for each in np.linspace(-10, 14, 20) + 4 * np.sin(np.arange(20)))
    shape = fan(now, 912, 4096, None, (
        Mark(now - h(6), "promised Tue 08:00", "provider", passed=True),
        Mark(now + h(8), "promised Tue 22:00", "provider"),
        Mark(now + h(14), "likely 95 % back", "ours"),
    ))  # fmt: skip
    note = "We observed a higher than expected rate of BMC resets failing on the second attempt."
    return WhereItStands(
        now,
        "M-1000",
        TITLES[0],
        "Firmware at Nimbus Cloud, nimbus-iad-1",
        "in_progress",
        "late",
        "912 of 4,096 GPUs are out. 95 % are likely back by Wed 04:00, 20 h after the promise; plan on Wed 15:00.",
        (
            "Nodes spend 6.1 h with Nimbus, against 4.0 h usual for firmware on H100.",
            "Only 64 nodes go at once, and 118 are still to go.",
            "Nimbus has moved its promise once, by 24 h; its promises have been 9 h short at the median.",
        ),
        "6 h later than said Tue 08:00 CET.",
        (),
        4096,
        912,
        2904,
        16,
        "in 14 h, Wed 04:00 CET",
        "in 25 h, Wed 15:00 CET",
        "in 8 h, Tue 22:00 CET",
        True,
        (
            ("Kind", "firmware"),
            ("Planned", "Sat 14 Nov 22:00 to Tue 17 Nov 08:00"),
            ("At once", "64 nodes"),
            ("Reference", "NIM-CHG-88213"),
        ),
        frame(
            "stage nodes gpus waiting_for longest_words",
            *[
                (str(stage), n, n * 8, w, "19 h")
                for (stage, n), w in zip(counts.items(), ("",) * 2 + ("Nimbus Cloud",) * 5 + ("",) * 2, strict=True)
                if n
            ],
        ),
        frame(
            "fraction likely plan_on words",
            ("half", now - h(8), now - h(8), "already"),
            ("90 %", now + h(11), now + h(19), "in 11 to 19 h"),
            ("95 %", now + h(14), now + h(25), "in 14 to 25 h"),
            ("all", now + h(60), now + h(130), "3 to 6 days: repairs"),
        ),
        shape,
        Slip(
            now,
            made,
            likely,
            tuple(at + h(14 - 0.5 * i) for i, at in enumerate(likely)),
            (now - h(60), now - h(18)),
            (now - h(6), now + h(8)),
            None,
        ),
        grid,
        owed(now, ""),
        frame(
            "node_id rack stage since hours usual_hours waiting_for",
            *[
                (f"nimbus-iad-1-n00{i}17", f"r0{i}1", "repairing", now - h(19 - i), 19.0 - i, 4.1, "Nimbus Cloud")
                for i in range(6)
            ],
        ),
        frame(
            "received_at sender subject claimed_end body",
            (
                now - h(18),
                "ops@nimbus.example",
                "Revised completion NIM-CHG-88213",
                now + h(8),
                f"Dear customer,\n\n{note}\nRevised completion: 21:00 UTC.\n\nRegards",
            ),
            (now - h(61), "ops@nimbus.example", HOSTILE, pd.NaT, HOSTILE),
        ),
        frame(
            "case_id node_id status severity opened_at response_due_at resolution_due_at note",
            ("CS-411", "nimbus-iad-1-n00317", "open", "2", now - h(15), now - h(11), now + h(9), HOSTILE),
        ),
        frame(
            "recorded_at source status planned_start planned_end note",
            (now - h(18), "nimbus", "in_progress", now - h(60), now + h(8), "Extended"),
            (now - h(90), "nimbus", "confirmed", now - h(60), now - h(6), HOSTILE),
        ),
        told.ladders(now, HOSTILE),
    )


@dataclass
class Fake:
    """Implements the pages' Answers. `state`: full, empty, stale, failed, hostile."""

    state: str = "full"
    at: datetime | None = NOW
    position: int = 1
    asked: list[str] = field(default_factory=list)
    tied: dict[str, str] = field(default_factory=dict)
    again: list[str] = field(default_factory=list)

    def _ask(self, question: str) -> None:
        self.asked.append(question)
        if self.state == "failed":
            raise LogUnavailable("The database does not answer.")

    def head(self) -> Head:
        if self.state == "failed":
            raise LogUnavailable("The database does not answer.")
        return Head(self.position, self.now())

    def now(self) -> datetime:
        return self.at or datetime.now(UTC)

    def choices(self) -> Choices:
        self._ask("choices")
        name = HOSTILE if self.state == "hostile" else "Foundation models"
        return Choices(
            (("t-fm", name), ("t-speech", "Speech")),
            tuple((each.split()[0].lower(), each) for each in PROVIDERS),
            tuple((each, each) for each in CLUSTERS),
            (("H100-80G", "H100-80G"), ("B200", "B200")),
            self.now() - timedelta(days=200),
            self.now(),
        )

    def freshness(self, scope: Scope) -> Freshness:
        self._ask("freshness")
        now = scope.as_of or self.now()
        warning = (
            "" if self.state != "stale" else "Nothing from Nimbus Cloud for 3 h: its nodes may be further than shown."
        )
        ages = frame(
            "source last_at age_words stale",
            ("nimbus", now - h(3), "3 h", bool(warning)),
            ("fleet", now, "0 min", False),
        )
        return Freshness("data as of 2 min ago (nimbus), 14 min ago (fleet)", warning, ages)

    def what_is_out(self, scope: Scope) -> WhatIsOut:
        self._ask("what_is_out")
        full = what_is_out(scope.as_of or self.now(), scope.zone)
        if self.state == "hostile":
            return replace(full, sentence=HOSTILE, teams=full.teams.assign(team=HOSTILE))
        if self.state != "empty":
            return full
        none = Fan(full.now, (), (), ReturnCurve((), {}), 24000)
        return replace(
            full,
            sentence="No maintenance touches your GPUs in the next 14 days.",
            out=0,
            lost=0,
            likely_back=None,
            likely_words="nothing is out",
            plan_on=None,
            plan_on_words="nothing is out",
            dip=None,
            fan=none,
            behind=full.behind.iloc[:0],
            teams=full.teams.iloc[:0],
            clusters=full.clusters.iloc[:0],
            trend=(),
        )

    def can_i_run(self, scope: Scope, gpus: int, hours: float) -> CanIRun:
        self._ask("can_i_run")
        now = scope.as_of or self.now()
        if self.state == "empty":
            return CanIRun(
                "No cluster is in this scope.", frame("cluster provider region sku free_now earliest words why")
            )
        return CanIRun(
            f"{gpus:,} GPUs for {hours:g} h: now on boreal-fra-2; on nimbus-iad-1 from Wed 15:00.",
            frame(
                "cluster provider region sku free_now earliest words why",
                ("boreal-fra-2", "Boreal Compute", "eu-central", "H100-80G", 848, now, "now", "nothing planned"),
                (CLUSTERS[0], "Nimbus Cloud", "us-east", "H100-80G", 96, now + h(25), "in 25 h, Wed 15:00 CET",
                 "waits for M-1000"),
                ("halcyon-sin-1", "Halcyon", "ap-southeast", "B200", 0, pd.NaT, "not within 14 days", "256 in all"),
            ),
        )  # fmt: skip

    def what_is_planned(self, scope: Scope) -> WhatIsPlanned:
        self._ask("what_is_planned")
        now = scope.as_of or self.now()
        shown = () if self.state == "empty" else bars(now)
        rows = [
            (b.maintenance_id, b.title, b.group, CLUSTERS[i], "firmware", b.status.replace("_", " "), 4096 >> i % 4,
             912 >> i if b.status == "in_progress" else 0, b.progress, b.planned_start, b.planned_end, b.likely_end,
             b.plan_on_end, 20.0 - 3 * i if b.likely_end else float("nan"), "Nimbus Cloud", b.risk)
            for i, b in enumerate(shown)
        ]  # fmt: skip
        table = frame(
            "maintenance_id title provider cluster kind status gpus gpus_out progress planned_start planned_end "
            "likely_end plan_on_end slip_hours waiting_for risk",
            *rows,
        )
        words = "5 maintenances are running: 1 is late and 2 are at risk. 4 are announced, the next for Wed 19:00."
        if self.state == "empty":
            return WhatIsPlanned(now, "No maintenance touches your GPUs in the next 14 days.", 0, 0, 0, 0, (), table)
        return WhatIsPlanned(now, words, 5, 1, 4, 2, shown, table)

    def where_it_stands(self, scope: Scope, maintenance_id: str) -> WhereItStands | None:
        self._ask("where_it_stands")
        if self.state == "empty" or not maintenance_id.startswith("M-"):
            return None
        return where_it_stands(scope.as_of or self.now())

    def status(self, scope: Scope, since: datetime | None = None, ids: tuple[str, ...] = ()) -> Status:
        self._ask("status")
        now = scope.as_of or self.now()
        title = HOSTILE if self.state == "hostile" else TITLES[0]
        moved = (Moved("M-1000", title, now + h(14), now + h(11), "Validation takes twice as long as usual."),)
        changed = (Changed("M-1000", title, "confirmed", Flow(64, 128, 8, 0)),)
        only = (title, ids[0]) if ids else None
        return Status(
            now, since or now - h(24), scope.zone, scope.certainty, (), only, "1,824 of 24,000 GPUs are out.", "",
            24000, 1824, 16, Flow(64, 128, 8, 0), changed, (), moved,
            (Ball("Nimbus Cloud", "", 912, (title,), "#nimbus-ops"),), (), (),
        )  # fmt: skip

    def lifecycle(self, scope: Scope) -> Lifecycle:
        self._ask("lifecycle")
        counts = {} if self.state == "empty" else {Stage.IN_MAINTENANCE: 41, Stage.VALIDATING: 30, Stage.REPAIRING: 12}
        steps = tuple(Step(stage, counts.get(stage, 0), counts.get(stage, 0) * 8) for stage in Stage)
        ways = tuple(Way(*pair, 40, 2.5 + i, 9.0 + 8 * i) for i, pair in enumerate(USUAL))
        holders = [(HAS_THE_BALL[each.stage] or "").replace("_", " ") for each in steps]
        rows = [
            (each.stage.replace("_", " "), each.nodes, each.gpus, holder, SCHEDULING[each.stage], "6 h", "14 h")
            for each, holder in zip(steps, holders, strict=True)
        ]
        stages = frame("stage nodes gpus holder scheduler likely plan_on", *rows)
        others = frame("way moves likely plan_on", ("in maintenance to in service", 7, "5 h", "9 h"))
        words = "83 nodes are out. Most, 41, are in maintenance, and the ball is with the provider."
        basis = "Times are those of stays in the last 40 finished maintenances, since 5 Aug 2026."
        if self.state == "empty":
            words, basis = "No node is out for maintenance.", "No maintenance here is finished yet."
            ways = tuple(Way(*pair, 0, None, None) for pair in USUAL)
            stages, others = stages.assign(likely="", plan_on=""), others.iloc[:0]
        return Lifecycle(
            scope.as_of or self.now(), words, "The stages of a node.", basis, States(steps, ways), stages, others
        )

    def whole_of(self, scope: Scope, maintenance_id: str) -> str:
        return "M-1000" if maintenance_id == "console:4711" else maintenance_id

    def tellings(self, scope: Scope, maintenance_id: str) -> Tellings:
        self._ask("tellings")
        now = scope.as_of or self.now()
        parts = frame(
            "maintenance_id sources status ends because since",
            ("M-1000", "controller", "in progress", now + h(20), "", pd.NaT),
            ("console:4711", HOSTILE if self.state == "hostile" else "console", "in progress", now + h(31),
             "the same reference of the provider’s: CHG-1", now - h(40)),
        )  # fmt: skip
        said = "controller plans its end for Wed 09:00 UTC; console plans its end for Wed 20:00 UTC."
        return Tellings(parts, (said, *([HOSTILE] if self.state == "hostile" else [])))

    def take_apart(self, maintenance_id: str) -> None:
        self._ask(f"take apart {maintenance_id}")

    def plan(self, scope: Scope, maintenance_id: str, change: Alternative) -> Plan | None:
        self._ask("plan")
        now = scope.as_of or self.now()
        if self.state == "empty":
            return None
        title = HOSTILE if self.state == "hostile" else TITLES[5]
        rows = [("95 % back, plan on 90 %", "Fri 17:45 UTC", "Mon 17:45 UTC", "3 d later")]
        clashes = frame(
            "maintenance_id title shares begins ends together", ("M-1000", title, "Speech", now, now + h(60), 1888)
        )
        decisions = frame(
            "recorded_at what why decided_by signed_off_by knowing",
            (now - h(3), title, "The launch comes first", "Ada", "Grace", "As planned, plan on Fri 17:45 UTC."),
        )
        return Plan(
            now, (("M-1005", title), ("M-1006", TITLES[6])), maintenance_id or "M-1005", title,
            "3 d later, it takes 256 GPUs at most, and is back 3 d later: plan on Mon 17:45 UTC.", False, "3 d later",
            "The network work stays undone 3 d longer than first planned: 2,304 GPU-days of maintenance debt.",
            frame("what today instead difference", *rows), curve(now, 300), curve(now, 500), clashes, decisions,
        )  # fmt: skip

    def decide(self, decision: Decision) -> None:
        self._ask(f"decide {decision.what} by {decision.decided_by}")

    def who_is_up(self, scope: Scope) -> WhoIsUp:
        self._ask("who_is_up")
        full = who_is_up(scope.as_of or self.now(), HOSTILE if self.state == "hostile" else "")
        if self.state != "empty":
            return full
        none = {name: getattr(full, name).iloc[:0] for name in ("parties", "owed", "clocks", "cases")}
        return replace(full, sentence="Nobody owes anything right now.", things=0, contracts=False, **none)

    def between_us(self, scope: Scope, provider: str) -> Partner | None:
        self._ask("between_us")
        if provider != "nimbus":
            return None
        full = between_us(scope.as_of or self.now(), HOSTILE if self.state == "hostile" else "")
        if self.state != "empty":
            return full
        none = {name: getattr(full, name).iloc[:0] for name in ("theirs", "ours", "cases")}
        return replace(full, sentence="Nothing is open between Nimbus Cloud and us.", **none)

    def watch(self, scope: Scope) -> Watch:
        self._ask("watch")
        now = scope.as_of or self.now()
        their = HOSTILE if self.state == "hostile" else "controller says it is completed; 3 nodes still cordoned."
        stuck = frame(
            "node_id stage hours usual title who contact maintenance_id",
            ("gpu-0412", "in maintenance", 31.2, "19 in 20 take at most 9 h", TITLES[0], "Becca Stroud", HOSTILE
             if self.state == "hostile" else "mailto:becca@kestrel.example", "M-1000"),
        )  # fmt: skip
        overdue = frame(
            "who what late_words contact escalates_to title", ("Nimbus", "give back the last 12 nodes", "9 h late",
                                                              "noc", "Dana", TITLES[0]),
        )  # fmt: skip
        changed = frame("title what maintenance_id", (TITLES[0], "4 nodes in service", "M-1000"))
        if self.state == "empty":
            none = (stuck.iloc[:0], overdue.iloc[:0], (), (), changed.iloc[:0])
            return Watch(now, "Nothing is stuck, late or silent.", 0, 0, *none)
        said = "1 node is stuck, 1 thing is overdue and 1 fact contradicts another."
        return Watch(now, said, 1, 1, stuck, overdue, (their,), (), changed)

    def what_happened(self, scope: Scope, node_id: str) -> WhatHappened | None:
        self._ask("what_happened")
        at = scope.as_of or self.now()
        return places.what_happened(self.state, at, TITLES[0], HOSTILE) if node_id == places.NODE else None

    def how_is_cluster(self, scope: Scope, cluster: str) -> HowIsCluster | None:
        self._ask("how_is_cluster")
        at = scope.as_of or self.now()
        shape = fan(at, 240, 4096, None, ())
        known = cluster == places.CLUSTER
        return places.how_is_cluster(self.state, at, TITLES[0], HOSTILE, shape, racks()) if known else None

    def search(self, scope: Scope, text: str) -> Found:
        self._ask(f"search {text}")
        return places.search(self.state, text, TITLES[0], HOSTILE)

    def trust(self, scope: Scope) -> Trust:
        self._ask("trust")
        now = scope.as_of or self.now()
        said = frame(
            "maintenance_id title provider phase as_of likely plan_on was off_hours inside",
            ("M-900", HOSTILE if self.state == "hostile" else TITLES[0], PROVIDERS[0], "before the start", now - h(200),
             now - h(60), now - h(40), now - h(52), 8.0, "yes"),
            ("M-901", TITLES[1], PROVIDERS[1], "before the start", now - h(300), now - h(160), now - h(150),
             now - h(140), 20.0, "no"),
        )  # fmt: skip
        scores = frame(
            "by name forecasts held ours promise line usual",
            ("all", "All", 412, 0.79, 5.2, 11.4, 14.0, 7.1),
            ("phase", "before the start", 200, 0.81, 7.2, 12.4, float("nan"), 9.1),
            ("provider", PROVIDERS[0], 212, 0.77, 4.2, 10.4, 13.0, 6.1),
        )
        levels = frame("level held forecasts", *((level, level - 0.01, 412) for level in (0.1, 0.5, 0.9)))
        full = Trust(
            "80 % ranges held 79 % of the time, in 412 forecasts over the last year.",
            412, 103, 0.79, 5.0, 11.0, 0.73, "usual times", levels, (0.1,) * 10, scores, said,
        )  # fmt: skip
        if self.state != "empty":
            return full
        return replace(
            full, sentence="No forecast has been held against what came true yet.", forecasts=0, maintenances=0,
            levels=levels.iloc[:0], pit=(0.0,) * 10, scores=scores.iloc[:0], said=said.iloc[:0], best_rival="",
        )  # fmt: skip

    def what_is_unread(self, scope: Scope) -> Unread:
        self._ask("what_is_unread")
        if self.state == "empty":
            return Unread("", (), 0, ())
        now = scope.as_of or self.now()
        their = HOSTILE if self.state == "hostile" else "Emergency work on switches"
        unread = Written("noc:1", now - h(2), their, their, their, their, now + h(9), "", None)
        tied = Written("noc:2", now - h(5), their, their, their, "", None, their, now - h(1))
        listed = () if "noc:1" in self.tied else (unread,)
        return Unread("1 message is of no maintenance that we could tell.", listed, 0, (tied,))

    def may_be_of(self) -> tuple[tuple[str, str], ...]:
        return (("M-1000", f"{TITLES[0]} · in progress · M-1000"), ("M-1001", "Maintenance · scheduled · M-1001"))

    def tie(self, message_id: str, maintenance_id: str) -> None:
        self._ask("tie")
        self.tied[message_id] = maintenance_id
        self.position += 1

    def read_again(self, source: str) -> None:
        self._ask("read_again")
        self.again.append(source)
        self.position += 1

    def what_comes_in(self, scope: Scope) -> WhatComesIn:
        self._ask("what_comes_in")
        now = self.now()
        their = HOSTILE if self.state == "hostile" else "node_transitions: stage 'asleep' is none of cordoned, drained"
        sources = frame(
            "source type state last_success lag failing_since tries rows last_news set_aside",
            ("nimbus", "json", "fails", now - h(0.2), "12 min", now - h(0.2), 4, 60_000, now - h(0.5), 2),
            ("fleet", "kubernetes", "well", now, "1 min", pd.NaT, 0, 412, now - h(1), 0),
            ("status", "statuspage", "not asked yet", pd.NaT, "", pd.NaT, 0, 0, pd.NaT, 0),
        )
        aside = frame(
            "where line reason raw set_aside_at",
            ("nimbus", 0, their, '{"host": "n-2", "state": "asleep"}', now - h(3)),
            ("nimbus", 0, their, HOSTILE, now - h(4)),
        )
        if self.state == "empty":
            words = "No source is configured: what is shown was imported."
            return WhatComesIn(words, (), 0, 0, sources.iloc[:0], aside.iloc[:0])
        said = (
            "nimbus: https://api.nimbus.example/v2 refused the credential (401): renew what the environment variable "
        )
        failing = (f"{said}NIMBUS_TOKEN holds. Asked again in 40 s.", *([HOSTILE] if self.state == "hostile" else []))
        sentence = "1 of 3 sources brings nothing: nimbus since 12 min."
        way = "It is read again from its beginning." if "nimbus" in self.again else "After a fix, read it again."
        waiting = Waiting("nimbus", "2 rows", way, "nimbus" not in self.again)
        return WhatComesIn(sentence, failing, 60_412, 2, sources, aside, (waiting,))

    def who_was_told(self, scope: Scope, maintenance_id: str | None = None) -> WhoWasTold:
        self._ask("who_was_told")
        return told.who_was_told(self.state, self.now(), HOSTILE)

    def review(self, scope: Scope, period: str) -> Review:
        self._ask("review")
        return told_review.review(self.state, scope.as_of or self.now(), period, HOSTILE)

    def notifier_health(self) -> NotifierHealth:
        return told.notifier_health(self.state, self.now())

    def acknowledge(self, message: str, who: str) -> None:
        self._ask(f"acknowledge {message}")
        self.position += 1
