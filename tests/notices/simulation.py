"""A long autumn of maintenances, with a notifier that is killed, is down for days, and reaches people half the time.

In CI at 2,000 maintenances; by hand: python -m tests.notices.simulation 100000 [as many in one world]
"""

import json
import os
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
from pydantic import PrivateAttr
from sqlalchemy import Engine, select

from dashboard.jobs.deliver import Courier
from dashboard.jobs.notify import Notifier
from dashboard.log.append import append
from dashboard.log.bulk import no_collector
from dashboard.log.database import appending, opened, reading, writing
from dashboard.log.notice_tables import acknowledgements, attempts, deliveries, messages, notices
from dashboard.log.outbox import acknowledge
from dashboard.notices.channels.seam import Channel, Message, NotDelivered
from dashboard.notices.plan import Notices
from tests.notices.reference import Judged, Sent, judge
from tests.notices.world import CLUSTERS, NODES, ON_CLUSTER, START, TEAMS, World, make_world, micros

DAY = timedelta(days=1)
DAYS = 25
EVERY = timedelta(hours=4)
AFTER = 20  # days that the notifier goes on after the last is announced


class Killed(BaseException):
    """The process is gone, in the middle of what it did."""


class Moody(Channel):
    """Fails half the time; remembers what arrived."""

    _rng: np.random.Generator = PrivateAttr(default_factory=lambda: np.random.default_rng(11))
    _arrived: Counter[str] = PrivateAttr(default_factory=Counter)

    def send(self, message: Message) -> str:
        if self._rng.random() < 0.5:
            raise NotDelivered(f"{self.name}: not in the mood", lasting=bool(self._rng.random() < 0.2))
        self._arrived[message.key] += 1
        return "taken"

    def examine(self) -> str:
        return "moody"

    @property
    def arrived(self) -> Counter[str]:
        return self._arrived


def make_plan() -> Notices:
    audiences = [
        {"name": "teams", "for": "teams", "channels": ["first", "second"]},
        {"name": "schedulers", "for": "schedulers", "channels": ["first", "second"]},
        {"name": "clusters", "for": "clusters", "channels": ["second", "first"], "escalation": ["pager"]},
    ]
    channels = [Moody(name="first"), Moody(name="second"), Moody(name="pager")]
    return Notices.model_validate({"channels": channels, "audiences": audiences})


def audiences_of(cluster: str) -> list[str]:
    return [f"teams/{team}" for team in ON_CLUSTER[cluster]] + ["schedulers/all", f"clusters/{cluster}"]


FLEET: dict[str, list[tuple[Any, ...]]] = {
    "providers": [("p", "Provider")],
    "teams": [(team, f"Team {team}") for team in TEAMS],
    "clusters": [(cluster, "p", "region", "sku", 8) for cluster in CLUSTERS],
    "nodes": [(f"{cluster}-n{i}", cluster, "r", 8, "") for cluster in CLUSTERS for i in range(NODES)],
    "allocations": [(team, c, 16, micros(START), None) for c, teams in ON_CLUSTER.items() for team in teams],
}


@dataclass
class Simulation:
    """Runs a world past a notifier. `looks` are the instants at which it came to an end with looking."""

    engine: Engine
    world: World
    plan: Notices
    seed: int
    days: int = DAYS
    sends: bool = True
    looks: list[int] = field(default_factory=list)
    killed: int = 0
    _at: datetime = START
    _alive: Notifier | None = None

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        self.rows: list[tuple[int, str, tuple[Any, ...]]] = sorted(self._rows(), key=lambda each: each[0])
        self.next = 0
        self.pressing: list[tuple[int, str]] = []
        with appending(self.engine) as connection:
            append(connection, FLEET, START, "fleet")

    def _rows(self) -> list[tuple[int, str, tuple[Any, ...]]]:
        found: list[tuple[int, str, tuple[Any, ...]]] = []
        for made in self.world.made:
            first = made.words[0].at
            if made.by_node:
                found += [
                    (first, "maintenance_nodes", (made.name, f"{made.cluster}-n{i}", first, False))
                    for i in range(NODES)
                ]
            for word in made.words:
                if word.node >= 0:
                    node = f"{made.cluster}-n{word.node}"
                    row = (made.name, node, word.stage, word.at, word.at, made.source, "")
                    found.append((word.at, "node_transitions", row))
                else:
                    told = (made.name, word.at, made.source, word.status, "firmware", f"Firmware {made.name}", "p",
                            made.cluster, word.start, word.end, None, "", "")  # fmt: skip
                    found.append((word.at, "maintenance_updates", told))
        return found

    def run(self) -> None:
        down_until = START
        for i in range((self.days + AFTER) * DAY // EVERY):
            self._at = START + i * EVERY + timedelta(minutes=float(self.rng.uniform(0, 80)))
            if self._at < down_until:
                continue
            if i > 5 and self.rng.random() < 0.006:
                down_until = self._at + timedelta(hours=float(self.rng.uniform(2, 50)))
                self._alive = None
            if self.rng.random() < 0.8 or self._alive is None:
                self._facts()
            self._look()
            self._acknowledge()
            if i % 2 == 0:
                self._send()
        for _ in range(60):
            self._at += timedelta(hours=1)
            self._send(kill=False)

    def _facts(self) -> None:
        """What became known by now, as one append; now and then it comes later than it was recorded."""
        told: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        now = micros(self._at)
        while self.next < len(self.rows) and self.rows[self.next][0] <= now:
            _, name, row = self.rows[self.next]
            told[name].append(row)
            self.next += 1
        if told:
            with appending(self.engine) as connection:
                append(connection, told, self._at, "collect")

    def _look(self) -> None:
        self._facts()
        if self._alive is None:
            # Seldom at everything: what has to be looked at again, it has to know by itself.
            self._alive = Notifier(self.engine, self.plan, self._during, timedelta(days=4))
        try:
            done = self._alive.step(self._at)
        except Killed:
            self._alive = None
            self.killed += 1
            return
        self.looks.append(micros(self._at))
        for mail in done.written:
            if any(row["urgent"] for row in mail.rows) and self.rng.random() < 0.7:
                self.pressing.append((micros(self._at + timedelta(hours=float(self.rng.uniform(1, 30)))), mail.key))
        if self.rng.random() < 0.02:
            self._alive = None  # killed right after it was committed: what it remembered is gone

    def _during(self, _: str) -> None:
        if self.rng.random() < 0.04:
            raise Killed

    def _acknowledge(self) -> None:
        ready = [key for at, key in self.pressing if at <= micros(self._at)]
        self.pressing = [each for each in self.pressing if each[1] not in ready]
        if ready:
            with writing(self.engine) as connection:
                for key in ready:
                    acknowledge(connection, key, self._at, "somebody", "link")

    def _send(self, *, kill: bool = True) -> None:
        if not self.sends:
            return

        def during(_: str) -> None:
            if kill and self.rng.random() < 0.02:
                raise Killed

        for channel in self.plan.channels:
            courier = Courier(
                self.engine,
                channel.name,
                channel,
                self.plan,
                "w",
                lambda: self._at,
                self.rng.random,
                during,
                at_once=50,
            )
            try:
                courier.deliver()
            except Killed:
                self.killed += 1


@dataclass(frozen=True)
class Outcome:
    """What a simulation came to."""

    judged: Judged
    notices: int
    messages: int
    undelivered: int
    double: int
    attempts: int
    killed: int
    looks: int
    seconds: float
    delivery_late: tuple[float, float]  # hours from writing to the first arrival: median, most

    def figures(self) -> str:
        """The table that is printed."""
        lines = [f"{'rung':<12}{'due':>9}{'sent':>9}{'late, h: median':>17}{'most':>7}"]
        for label in sorted(self.judged.due, key=lambda each: -self.judged.due[each]):
            late = np.array(self.judged.late[label] or [0]) / 3.6e9
            lines.append(
                f"{label:<12}{self.judged.due[label]:>9,}{len(self.judged.late[label]):>9,}"
                f"{np.median(late):>17.2f}{late.max():>7.1f}"
            )
        lines.append(
            f"{self.notices:,} notices in {self.messages:,} messages, {self.undelivered:,} undelivered, "
            f"{self.double:,} arrived twice, {self.attempts:,} attempts; "
            f"delivered after {self.delivery_late[0]:.1f} h, {self.delivery_late[1]:.1f} h at most; "
            f"looked {self.looks:,} times, killed {self.killed:,} times"
        )
        lines.append(f"missing: {len(self.judged.missing):,}, wrong: {len(self.judged.wrong):,}; {self.seconds:.0f} s")
        return "\n".join(lines)


def simulate(
    count: int,
    seed: int = 1,
    change: Callable[[Notices], Notices] | None = None,
    *,
    days: int = DAYS,
    sends: bool = True,
) -> Outcome:
    """Runs a world of so many maintenances, and judges what came of it; what is only written is enough for rules."""
    began = monotonic()
    world = make_world(count, days, seed)
    plan = make_plan()
    with tempfile.TemporaryDirectory() as scratch, opened(f"sqlite:///{Path(scratch, 'log.db')}") as engine:
        run = Simulation(engine, world, change(plan) if change else plan, seed, days, sends)
        with no_collector():
            run.run()
        with reading(engine) as connection:
            return _outcome(connection, run, began)


def _outcome(connection: Any, run: Simulation, began: float) -> Outcome:
    acks = {row.message: row.acknowledged_at for row in connection.execute(select(acknowledgements))}
    sent: dict[tuple[str, str], list[Sent]] = defaultdict(list)
    rows = 0
    for row in connection.execute(select(notices).order_by(notices.c.number)):
        rows += 1
        labels = frozenset(label for label, _ in json.loads(row.covers))
        sent[row.maintenance_id, row.audience].append(
            Sent(row.written_at, labels, row.phase, row.mood, row.start, row.end, acks.get(row.message), row.urgent)
        )
    judged = judge(run.world, sent, {cluster: audiences_of(cluster) for cluster in CLUSTERS}, run.looks)
    written = dict(connection.execute(select(messages.c.key, messages.c.written_at)).all())
    first: dict[str, int] = {}
    open_chains: set[tuple[str, int]] = set()
    done_chains: set[tuple[str, int]] = set()
    for row in connection.execute(select(deliveries)):
        open_chains.add((row.message, row.chain))
        if row.state == "sent":
            done_chains.add((row.message, row.chain))
            first[row.message] = min(first.get(row.message, row.sent_at), row.sent_at)
    late = [(at - written[key]) / 3.6e9 for key, at in first.items()] or [0.0]
    arrived = sum((each.arrived for each in run.plan.channels if isinstance(each, Moody)), Counter())
    return Outcome(
        judged, rows, len(written), len(open_chains - done_chains) + len(written.keys() - arrived.keys()),
        sum(max(channel.arrived.values(), default=0) > 1 and sum(n - 1 for n in channel.arrived.values())
            for channel in run.plan.channels if isinstance(channel, Moody)),
        len(connection.execute(select(attempts.c.message)).all()), run.killed, len(run.looks), monotonic() - began,
        (float(np.median(late)), max(late)),
    )  # fmt: skip


def simulate_in_parts(count: int, part: int = 1000) -> Outcome:
    """Several worlds of so many maintenances each, side by side, judged as one."""
    began = monotonic()
    sizes = [min(part, count - at) for at in range(0, count, part)]
    with ProcessPoolExecutor(min(len(sizes), os.cpu_count() or 1), get_context("spawn")) as pool:
        done = list(pool.map(simulate, sizes, range(1, len(sizes) + 1)))
    judged = Judged()
    for each in done:
        for label, due in each.judged.due.items():
            judged.due[label] += due
            judged.late[label] += each.judged.late[label]
        judged.missing += each.judged.missing
        judged.wrong += each.judged.wrong
    totals = {name: sum(getattr(each, name) for each in done) for name in
              ("notices", "messages", "undelivered", "double", "attempts", "killed", "looks")}  # fmt: skip
    late = (float(np.median([e.delivery_late[0] for e in done])), max(e.delivery_late[1] for e in done))
    return Outcome(judged=judged, seconds=monotonic() - began, delivery_late=late, **totals)


if __name__ == "__main__":
    asked = [int(each) for each in sys.argv[1:]] or [2000]
    outcome = simulate_in_parts(*asked)
    sys.stdout.write("\n".join([outcome.figures(), *outcome.judged.missing[:20], *outcome.judged.wrong[:20], ""]))
    sys.exit(bool(outcome.judged.missing or outcome.judged.wrong or outcome.undelivered))
