"""Who may book at all (contract §5)."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request


class InAnyGroup(BasePermission):
    """Belongs to a group, or to cspace."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(request.user.is_authenticated and request.user.access.may_book_at_all)
