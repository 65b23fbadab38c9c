"""Where somebody may be led who has signed on: never to a place that only the address of a link has named."""

import re
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from kernel.requests import origin_of

HOME = "/"
MAX_TARGET = 2_000
UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")
"""Browsers drop some of these, and read the last one as a slash."""


def is_place(target: str, request: HttpRequest) -> bool:
    """A path of our own, or an address at our own origin or at one of `CSPACE_CORS_ORIGINS`."""
    if len(target) > MAX_TARGET or UNSAFE.search(target):
        return False
    if target.startswith("/"):
        return url_has_allowed_host_and_scheme(target, allowed_hosts=None)
    try:
        parts = urlsplit(target)
    except ValueError:
        return False
    origins = {origin_of(request), f"{request.scheme}://{request.get_host()}", *settings.CORS_ALLOWED_ORIGINS}
    return f"{parts.scheme}://{parts.netloc}" in origins
