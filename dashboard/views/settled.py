"""What is remembered of maintenances that are over, so that a live review reads only those that moved since."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from sqlalchemy import Connection

from dashboard.log.append import newest_recorded
from dashboard.log.reviewing import directory, touched_since

MOST = 20_000  # maintenances, each as one scope and period see it

Key = tuple[str, Hashable]
"""A maintenance, and what else its figures depend on."""


@dataclass
class Settled:
    """Kept for as long as the process runs, by all threads of it; what a new fact speaks of is forgotten."""

    _lock: Lock = field(default_factory=Lock)
    _position: int = 0
    _directory: tuple[int, ...] = ()
    _known: dict[Key, Any] = field(default_factory=dict)

    def catch_up(self, connection: Connection) -> int | None:
        """Forgets what moved; returns the log's position as this connection sees it.

        None where others have seen later facts already: then nothing is to be recalled, nor kept.
        """
        position, counts = newest_recorded(connection)[0], directory(connection)
        with self._lock:
            if position < self._position:
                return None
            moved = touched_since(connection, self._position)
            again = counts != self._directory
            self._known = {} if again else {key: each for key, each in self._known.items() if key[0] not in moved}
            self._position, self._directory = position, counts
        return position

    def recall(self, position: int | None, ids: Iterable[str], about: Hashable) -> dict[str, Any]:
        """What is known of these."""
        with self._lock:
            if position is None or position != self._position:
                return {}
            return {name: self._known[name, about] for name in ids if (name, about) in self._known}

    def keep(self, position: int | None, found: Mapping[str, Any], about: Hashable) -> None:
        """Remembers these, unless the log has moved since they were read."""
        with self._lock:
            if position is None or position != self._position:
                return
            if len(self._known) + len(found) > MOST:
                self._known = {}
            self._known |= {(name, about): each for name, each in found.items()}
