"""Addresses of pages elsewhere, which become links. Pure."""

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

NOT_A_WEB_ADDRESS = "Must be a web address such as https://rooms.example.edu/101"
SCHEMES = ("http://", "https://")
"""Lower case, as the database's constraints have it: whoever renders a link need not know more."""


def is_web_address(text: str) -> bool:
    """Whether a text may become a link: `javascript:` and the like may not."""
    try:
        URLValidator(schemes=["http", "https"])(text)
    except ValidationError:
        return False
    return text.startswith(SCHEMES)
