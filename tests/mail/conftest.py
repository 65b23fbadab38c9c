"""A campus whose letters leave, and a postman who reads them as a mail server would."""

from typing import Any

import pytest

from tests.mail.post import Post


@pytest.fixture
def post(db: None, settings: Any) -> Post:
    """Mail is on from here on."""
    settings.CSPACE_MAIL_LEAVES, settings.SMTP_EMAIL = "by_smtp", "rooms@example.edu"
    settings.CSPACE_PUBLIC_URL = "https://rooms.example.edu"
    return Post()
