"""A browser for the tests of a module."""

import pytest

from tests.browser.chromium import browsing


@pytest.fixture(scope="module")
def chromium():
    with browsing() as driver:
        yield driver
