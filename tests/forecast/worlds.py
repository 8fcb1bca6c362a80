"""Small worlds with a law that is known, and the same records broken, for the tests of this folder."""

import heapq
from dataclasses import dataclass, replace

import numpy as np

from dashboard.model.rollout import Knowledge, Rollout
from dashboard.model.stages import CODE, Stage, Status

NAN = float("nan")


@dataclass(frozen=True)
class World:
    """Cordoned, with the provider, validating, now and then repaired; so many at once."""

    work: float = 4.0
    sigma: float = 0.4
    shared: float = 0.3
    fail: float = 0.05
    nodes: int = 40
    slots: int = 10

    def histories(self, rng: np.random.Generator) -> tuple[list[list[tuple[Stage, float]]], float]:
        """Per node: stages and hours since the start; and the hour of the last return."""
        pace, free, told = np.exp(self.shared * rng.standard_normal()), [0.0] * self.slots, []
        heapq.heapify(free)
        for _ in range(self.nodes):
            at = heapq.heappop(free)
            story = [(Stage.CORDONED, at)]
            at += float(np.exp(0.5 * rng.standard_normal()))
            story.append((Stage.IN_MAINTENANCE, at))
            at += self.work * pace * float(np.exp(self.sigma * rng.standard_normal()))
            story.append((Stage.VALIDATING, at))
            heapq.heappush(free, at)
            at += float(np.exp(0.3 * rng.standard_normal()))
            if rng.random() < self.fail:
                story.append((Stage.REPAIRING, at))
                at += 30 * float(np.exp(0.8 * rng.standard_normal()))
                story.append((Stage.VALIDATING, at))
                at += 1.0
            story.append((Stage.IN_SERVICE, at))
            told.append(story)
        return told, max(story[-1][1] for story in told)

    def rollout(self, name: str, rng: np.random.Generator, start: float) -> tuple[Rollout, np.ndarray]:
        """One maintenance that starts `start` hours from now, as known now; and when each node is truly back."""
        told, length = self.histories(rng)
        rows = [(i, CODE[s], start + at) for i, story in enumerate(told) for s, at in story if start + at <= 0]
        rows.sort(key=lambda row: row[2])
        over = start + length <= 0
        status = Status.COMPLETED if over else Status.IN_PROGRESS if start <= 0 else Status.CONFIRMED
        blank = empty(name, self.nodes)
        made = replace(
            blank,
            status=status,
            started=start if start <= 0 else NAN,
            planned_start=start,
            planned_end=start + 20,
            first_planned_end=start + 20,
            max_unavailable=float(self.slots),
            rack=np.arange(self.nodes) // 8,
            node=np.array([row[0] for row in rows], dtype=np.int64),
            stage=np.array([row[1] for row in rows], dtype=np.int64),
            at=np.array([row[2] for row in rows], dtype=float),
            closed=start + length if over else NAN,
        )
        return made, np.array([start + story[-1][1] for story in told])

    def past(self, count: int, rng: np.random.Generator) -> tuple[Rollout, ...]:
        """So many maintenances that ended, and one that runs."""
        return tuple(self.rollout(f"past-{i}", rng, -400.0 - 10 * i)[0] for i in range(count))


def empty(name: str = "m", nodes: int = 4, provider: str = "csp", kind: str = "firmware") -> Rollout:
    """A maintenance of which nothing but its nodes is known."""
    nothing = np.empty(0, dtype=np.int64)
    return Rollout(
        name, provider, kind, "gpu", "cluster", Status.SCHEDULED, NAN, NAN, NAN, NAN, NAN, NAN, NAN,
        np.arange(nodes), np.full(nodes, 8), nothing, nothing, np.empty(0),
    )  # fmt: skip


def broken(rollout: Rollout, rng: np.random.Generator) -> Rollout:
    """The same rollout, its records lost, repeated, shuffled, blank or of nodes and stages that do not exist."""
    size = max(rollout.node.size, 1)
    pick = rng.integers(0, size, rng.integers(0, 2 * size)) if rollout.node.size else np.empty(0, dtype=np.int64)
    at = rollout.at[pick] + rng.choice([0.0, 0.0, 30.0, -300.0, np.nan, np.inf], pick.size)

    def often(value: float) -> float:
        return value if rng.random() < 0.5 else float(rng.choice([np.nan, -1e6, 1e6, 0.0, np.inf]))

    return replace(
        rollout,
        provider=str(rng.choice(["csp", "", "unheard of"])),
        kind=str(rng.choice(["firmware", "", "nan"])),
        status=Status(str(rng.choice([each.value for each in Status]))),
        started=often(rollout.started),
        planned_start=often(rollout.planned_start),
        planned_end=often(rollout.planned_end),
        first_planned_end=often(rollout.first_planned_end),
        claimed_end=often(rollout.claimed_end),
        max_unavailable=often(rollout.max_unavailable),
        closed=often(rollout.closed),
        rack=rng.integers(-1, 5, rollout.nodes),
        gpus=rng.integers(0, 9, rollout.nodes),
        node=np.where(rng.random(pick.size) < 0.1, rng.integers(-3, 99, pick.size), rollout.node[pick]),
        stage=np.where(rng.random(pick.size) < 0.2, rng.integers(-1, 11, pick.size), rollout.stage[pick]),
        at=at,
    )


def knowledge(*rollouts: Rollout) -> Knowledge:
    """What is known, on a Monday at noon."""
    return Knowledge(12.0, rollouts)
