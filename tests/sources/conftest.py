"""A server that the sources ask."""

from collections.abc import Iterator

import pytest

from tests.sources.loopback import Loopback, loopback


@pytest.fixture
def server() -> Iterator[Loopback]:
    """A real HTTP server on loopback."""
    with loopback() as found:
        yield found
