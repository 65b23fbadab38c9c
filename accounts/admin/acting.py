"""Who acts in the admin."""

from typing import cast

from django.http import HttpRequest

from accounts.models import User


def actor(request: HttpRequest) -> User:
    """Who is logged in; the admin's site has let nobody else in."""
    return cast(User, request.user)
