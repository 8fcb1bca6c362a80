"""One demo for all tests of the pages, and a browser for those of one file."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import App, browsing, serving


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real browser. It is driven by an event loop, beside which the tests of other files could not run theirs."""
    with browsing() as found:
        yield found


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The demo as `make demo` serves it."""
    with serving(tmp_path_factory.mktemp("demo"), "demo", "--still") as app:
        yield app
