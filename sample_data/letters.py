"""What a provider writes about one maintenance, from the announcement to the last node."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random

import phrases
from changes import Letter
from fleet import Cluster, Node
from habits import HABITS
from people import DESKS, mailbox


@dataclass(frozen=True, slots=True)
class Desk:
    """A provider's maintenance desk, writing about one change."""

    cluster: Cluster
    kind: str
    title: str
    reference: str
    nodes: Sequence[Node]

    def write(
        self,
        at: datetime,
        subject: str,
        wordings: Sequence[str],
        window: tuple[datetime, datetime],
        rng: Random,
        *,
        claim: datetime | None = None,
    ) -> Letter:
        """A letter in one of the wordings; `claim` is the end it holds out, if it names one."""
        provider = self.cluster.provider_id
        lead, *others = DESKS[provider][0]
        author = lead if rng.random() < 0.7 else others[0]
        work, *details = phrases.WORK[self.kind]
        reason, detail = rng.choice(phrases.REASONS[self.kind]), rng.choice(details)
        text = rng.choice(wordings).format(
            start=self._local(window[0]),
            end=self._local(window[1]),
            claim=self._local(claim or window[1]),
            last=self._local(at),
            work=work,
            detail=detail,
            detail_cap=_capital(detail),
            reason=reason,
            reason_cap=_capital(reason),
            count=len(self.nodes),
            cluster=self.cluster.cluster_id,
            rows=rows_of(self.nodes),
            reference=self.reference,
            lead=rng.choice(others),
        )
        greeting, closing = rng.choice(phrases.GREETINGS[provider]), phrases.CLOSINGS[provider]
        body = f"{greeting}\n\n{text}\n\n{author}\n{closing}"
        return Letter(at, mailbox(author, provider), f"{subject}: {self.title}", body, claim)

    def _local(self, at: datetime) -> str:
        """An instant as the desk would write it, in its own time."""
        local = at.astimezone(HABITS[self.cluster.provider_id].zone)
        return f"{local:%a} {local.day} {local:%b}, {local:%H:%M} {local:%Z}"


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]


def rows_of(nodes: Sequence[Node]) -> str:
    """The rows in which nodes stand, such as `rows A to C`."""
    rows = sorted({node.rack[0] for node in nodes})
    return f"row {rows[0]}" if len(rows) == 1 else f"rows {rows[0]} to {rows[-1]}"
