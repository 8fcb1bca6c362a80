"""Answers that are kept until the log moves, in as much memory as they may take."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

MOST_BYTES = 64_000_000


class Kept:
    """Bytes by key, the longest unasked forgotten first. Whoever asks for what is being made waits for it."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._held: OrderedDict[str, bytes] = OrderedDict()
        self._size = 0
        self._lock = Lock()
        self._making: dict[str, tuple[Lock, int]] = {}

    def get(self, key: str, make: Callable[[], bytes]) -> bytes:
        """What is kept under the key, else what `make` makes; what it raises is not kept."""
        with self._one_at_a_time(key):
            with self._lock:
                if key in self._held:
                    self._held.move_to_end(key)
                    return self._held[key]
            made = make()
            with self._lock:
                self._held[key] = made
                self._size += len(made)
                while self._size > self._most and self._held:
                    self._size -= len(self._held.popitem(last=False)[1])
            return made

    @contextmanager
    def _one_at_a_time(self, key: str) -> Iterator[None]:
        with self._lock:
            lock, users = self._making.get(key, (Lock(), 0))
            self._making[key] = lock, users + 1
        try:
            with lock:
                yield
        finally:
            with self._lock:
                lock, users = self._making[key]
                if users == 1:
                    del self._making[key]
                else:
                    self._making[key] = lock, users - 1
