"""Who may book at all: by a place in a group, or where a rule lets people book without one (policy §4)."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from policies.enums import LimitType
from policies.queries.rulebook import rulebook_in_force


class MayBook(BasePermission):
    """Belongs to a group, or to cspace; or a rule allows bookings without a group somewhere."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user.is_authenticated:
            return False
        return request.user.access.may_book_at_all or _has_rule(LimitType.INDIVIDUAL)


class MayEnterSeries(BasePermission):
    """cspace; or a rule is about weekly series by members."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user.is_authenticated:
            return False
        access = request.user.access
        return access.is_cspace or (access.may_book_at_all and _has_rule(LimitType.SERIES))


def _has_rule(of_type: LimitType) -> bool:
    return any(rule.limit.type == of_type for rule in rulebook_in_force().rules)
