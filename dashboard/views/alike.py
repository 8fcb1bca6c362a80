"""What nodes of one cluster went through lately: each one by itself, and against its like."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import Connection

from dashboard.log.passages import Passage, passages
from dashboard.model.history import comes_again
from dashboard.model.instants import HOUR, instant, maybe_instant, micros
from dashboard.views import words

LATELY = timedelta(days=180)
AGAIN = timedelta(days=14)
"""Whoever is out again so soon after its return comes and goes."""
FEWEST = 5  # passages of its like, to be held against


@dataclass(frozen=True, slots=True)
class Record:
    """What some nodes went through lately."""

    passages: tuple[Passage, ...]
    now: datetime

    @property
    def outs(self) -> int:
        """How often they went out."""
        return len(self.passages)

    @property
    def repairs(self) -> int:
        """In how many of these they failed validation."""
        return sum(each.repaired for each in self.passages)

    @property
    def again(self) -> int:
        """How often one of them was out again within 14 days after its return."""
        return sum(
            comes_again([(instant(each.out_at), maybe_instant(each.back_at)) for each in own], AGAIN)
            for own in by_node(self.passages).values()
        )

    @property
    def hours(self) -> list[float]:
        """How long each took so far."""
        return [((each.back_at or micros(self.now)) - each.out_at) / HOUR for each in self.passages]


def by_node(found: Iterable[Passage]) -> dict[str, list[Passage]]:
    """Passages by their node."""
    held: dict[str, list[Passage]] = defaultdict(list)
    for each in found:
        held[each.node_id].append(each)
    return held


def lately(connection: Connection, cluster: str, now: datetime, at: int | None) -> dict[str, Record]:
    """Of each node of the cluster that went out in the last 180 days, what it went through."""
    found = passages(connection, cluster, micros(now - LATELY), at)
    return {
        node: Record(tuple(own), now)
        for node, own in by_node(each for each in found if each.out_at <= micros(now)).items()
    }


def beside(own: Record, others: Sequence[Record], nodes: int, kind: str) -> tuple[str, ...]:
    """A node against its like, with the numbers of both; `nodes` others there are, `kind` says what they are."""
    like = Record(tuple(each for some in others for each in some.passages), own.now)
    if not own.outs:
        return ()
    if like.outs < FEWEST or not nodes:
        return ("Too few of its like went out in the last 180 days to hold it against them.",)
    said = [
        f"Out {_times(own.outs)} in the last 180 days; the {words.count(nodes)} other nodes of {kind} "
        f"{_rate(like.outs / nodes)} times on average.",
        f"Failed validation in {own.repairs} of {words.count(own.outs)}; its like in {words.count(like.repairs)} of "
        f"{words.count(like.outs)}, {_share(like.repairs / like.outs)}.",
        f"Out again within 14 days after its return: {_times(own.again) if own.again else 'never'}; its like in "
        f"{words.count(like.again)} of {words.count(like.outs)}.",
        f"Out for {_span(median(own.hours))} at the median; its like for {_span(median(like.hours))}.",
    ]
    return tuple(said)


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{words.count(count)} times")


def _rate(times: float) -> str:
    return f"{times:.1f}"


def _share(part: float) -> str:
    return "under 1 %" if 0 < part < 0.01 else words.percent(part)


def _span(hours: float) -> str:
    return words.span(timedelta(hours=hours))
