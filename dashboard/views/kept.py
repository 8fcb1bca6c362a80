"""What is worked out from all that was known at an instant, kept until more of it becomes known."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine

from dashboard.log.append import is_news_of, newest_recorded

Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(slots=True)
class _One(Generic[Key, Value]):
    """One of them, and the log's position up to which nothing has come that would change it."""

    position: int
    key: Key
    value: Value


class Kept(Generic[Key, Value]):
    """The last few, by log. Facts that are recorded later than the instant leave what is kept as it is.

    Whoever asks while one is made waits for it, so that none is made twice.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._of: WeakKeyDictionary[Engine, list[_One[Key, Value]]] = WeakKeyDictionary()
        self._lock = Lock()

    def get(self, connection: Connection, key: Key, at: datetime, make: Callable[[], Value]) -> Value:
        """What is kept under this key, or made now. `make` uses facts that were recorded by `at`, and no others."""
        with self._lock:
            kept, position = self._of.setdefault(connection.engine, []), newest_recorded(connection)[0]
            for each in kept:
                if each.key == key and not is_news_of(connection, at, each.position):
                    each.position = position
                    return each.value
            made = _One(position, key, make())
            kept[:] = [made, *(each for each in kept if each.key != key)][: self._most]
            return made.value
