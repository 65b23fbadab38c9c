"""Who may call an operation at all. Every action of every viewset declares one; the default refuses."""

from typing import Any

from django.conf import settings
from rest_framework.permissions import BasePermission
from rest_framework.request import Request


class Undeclared(BasePermission):
    """The default: an action that says nothing about permissions is closed to everybody."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return False


class Anyone(BasePermission):
    """Open to the world (the login itself)."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return True


class HoldsToken(Anyone):
    """Open to whoever sends a token that was mailed, or a feed's: it is enough, and he need not be logged in."""


class LoggedIn(BasePermission):
    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(request.user.is_authenticated)


class PublicRead(BasePermission):
    """Logged in, or anybody where the campus opens its rooms (`CSPACE_PUBLIC_READS`)."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return settings.CSPACE_PUBLIC_READS or bool(request.user.is_authenticated)


class InCSpace(BasePermission):
    """A member of the system group, or a superuser."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(request.user.is_authenticated and request.user.access.is_cspace)
