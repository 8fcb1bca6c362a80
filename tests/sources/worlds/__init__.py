"""One module a type of source: what its world says as time goes on, for the rules that every source keeps."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from dashboard.sources.seam import Secret, Source
from tests.sources.faults import TOKEN

HELD = Secret(where="the environment variable THEIR_TOKEN", held=SecretStr(TOKEN))


@dataclass(frozen=True)
class World:
    """`says` has the world say these records; `steps` are what it says, one poll after another.

    `junk` stands beside the records of the first step, and costs none of them. `whole`: whether an answer is all there
    is, so that records may stand in it in any order, and twice.
    """

    source: Callable[..., Source]  # given options that go before its own
    says: Callable[[Sequence[Any]], None]
    steps: Sequence[Sequence[Any]]
    nodes: Sequence[str] = ("n-1", "n-2")
    junk: Sequence[Any] = (None, 7, "x", [], {})
    over_http: bool = True
    whole: bool = field(default=True)
