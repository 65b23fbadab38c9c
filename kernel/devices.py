"""The cookie by which a browser shows that a name was logged in on it before.

It opens nothing: whoever has it may try passwords for that one name although others have used up its tries, as often
as anybody may. It says no name, only keyed hashes of the latest few, each with a random mark to count its tries by.
"""

import secrets

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.crypto import salted_hmac

COOKIE = "known_device"
SALT = "cspace.devices"
MAX_NAMES = 5
"""On one device; the one that was logged in longest ago makes room."""
KNOWN_DAYS = 30
"""How long a device, or a network, is known after a login."""
_Marks = list[list[str]]
"""[[hash of a name, mark], …], the latest first."""


def device_mark(request: HttpRequest | None, name: str) -> str | None:
    """The mark of this device for a name that was logged in on it; None if it was not, or too long ago."""
    marks = _marks(request) if request else []
    return next((mark for hashed, mark in marks if hashed == _hash(name)), None)


def remember_device(request: HttpRequest, response: HttpResponseBase, name: str) -> None:
    """Have the browser say from now on that this name has logged in on it."""
    marks = [[_hash(name), secrets.token_hex(8)], *(mark for mark in _marks(request) if mark[0] != _hash(name))]
    response.set_cookie(
        COOKIE,
        signing.dumps(marks[:MAX_NAMES], salt=SALT),
        max_age=KNOWN_DAYS * 86_400,
        secure=settings.IS_PRODUCTION,
        httponly=True,
        samesite="Lax",
    )


def _marks(request: HttpRequest) -> _Marks:
    try:
        marks: _Marks = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=KNOWN_DAYS * 86_400)
    except signing.BadSignature:
        return []
    return marks


def _hash(name: str) -> str:
    return salted_hmac(SALT, name.casefold().encode("utf-8", "replace"), algorithm="sha256").hexdigest()[:16]
