"""Quotas over HTTP (policy §3)."""

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.viewsets import CallerViewSet
from groups.rules import may_see
from groups.services.groups import GroupNotFound
from groups.services.holding import asking_for_group, group_with_id
from kernel import clock
from kernel.api.operations import Operation
from kernel.api.permissions import LoggedIn
from kernel.campus_time import wall_or_later
from kernel.errors import PermissionDenied
from policies.api.quota_serializers import QuotaList, QuotaOutput, QuotaQuery
from policies.enums import OwnerKind
from policies.queries.quotas import quotas_of
from policies.rules.scopes import Owner

NOON = 12 * 60


class QuotaViewSet(CallerViewSet):
    """What has been used at this moment, or at noon of a day."""

    def quotas(self, owner: Owner) -> Response:
        day, now = self.query(QuotaQuery).get("date"), clock.now()
        at = now if day is None else wall_or_later(day, NOON)
        return self.listing(quotas_of(owner, at, now=now), QuotaOutput)


class OwnQuotaViewSet(QuotaViewSet):
    tag = "users"

    @Operation(LoggedIn, parameters=[QuotaQuery], responses=QuotaList)
    def list(self, request: Request) -> Response:
        return self.quotas(Owner(OwnerKind.PERSON, self.caller.pk))


class GroupQuotaViewSet(QuotaViewSet):
    tag = "groups"

    @Operation(
        LoggedIn,
        parameters=[QuotaQuery],
        responses=QuotaList,
        ahead=lambda view, pk: [asking_for_group(pk)],
        resource="Group",
    )
    def list(self, request: Request, pk: int) -> Response:
        group = group_with_id(pk)
        if group is None:
            raise GroupNotFound
        if not may_see(self.access, group.pk):
            raise PermissionDenied
        return self.quotas(Owner(OwnerKind.GROUP, group.pk))
