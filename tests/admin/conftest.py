"""Browsers, logged in by role."""

import pytest
from django.test import Client


@pytest.fixture
def browser():
    """The browser of a person."""

    def of(user):
        client = Client()
        client.force_login(user)
        return client

    return of


@pytest.fixture
def admin(cspace, browser):
    """The browser of a plain member of the system group."""
    return browser(cspace)
