"""Whom the doors for programs ask: the answers of this process, unless another is named."""

from collections.abc import Callable

from dashboard.answers import Answers
from dashboard.answers import answers as of_this_process

_asked: list[Callable[[], Answers]] = [of_this_process]


def answers() -> Answers:
    """Who answers."""
    return _asked[-1]()


def connect(ask: Callable[[], Answers]) -> Callable[[], Answers]:
    """Names who answers from now on; returns who did."""
    before = _asked[-1]
    _asked[:] = [ask]
    return before
