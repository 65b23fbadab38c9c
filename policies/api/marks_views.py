"""Marks over HTTP (policy §6)."""

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.viewsets import CallerViewSet
from groups.rules import may_see
from groups.services.groups import GroupNotFound
from groups.services.holding import asking_for_group, group_with_id
from kernel import clock
from kernel.api.operations import Operation
from kernel.api.permissions import InCSpace, LoggedIn
from kernel.errors import PermissionDenied
from policies.api.marks_serializers import MarkInput, MarkList, MarkOutput, WithdrawalQuery, owners_named
from policies.enums import OwnerKind
from policies.queries.marks import is_standing, marks_of
from policies.rules.scopes import Owner
from policies.services.marks import MarkNotFound, give_mark, withdraw_mark


class MarkViewSet(CallerViewSet):
    tag = "marks"

    @Operation(InCSpace, request=MarkInput, responses={201: MarkOutput})
    def create(self, request: Request) -> Response:
        wish = self.body(MarkInput)
        (owner,) = owners_named(wish)
        mark = give_mark(
            by=self.caller,
            now=clock.now(),
            owner=owner,
            kind=wish["kind"],
            points=wish["points"],
            registration_id=wish.get("registration_id"),
            note=wish.get("note", ""),
        )
        return self.created(MarkOutput(mark).data, f"/api/v1/marks/{mark.pk}/")

    @Operation(InCSpace, parameters=[WithdrawalQuery], responses={204: None})
    def destroy(self, request: Request, pk: int) -> Response:
        reason = self.query(WithdrawalQuery, path=lambda: _check_standing(pk))["reason"]
        withdraw_mark(mark_id=pk, by=self.caller, now=clock.now(), reason=reason)
        return Response(status=204)


class OwnMarkViewSet(CallerViewSet):
    tag = "users"

    @Operation(LoggedIn, responses=MarkList)
    def list(self, request: Request) -> Response:
        return self.listing(marks_of(Owner(OwnerKind.PERSON, self.caller.pk)), MarkOutput)


class GroupMarkViewSet(CallerViewSet):
    tag = "groups"

    @Operation(LoggedIn, responses=MarkList, ahead=lambda view, pk: [asking_for_group(pk)], resource="Group")
    def list(self, request: Request, pk: int) -> Response:
        group = group_with_id(pk)
        if group is None:
            raise GroupNotFound
        if not may_see(self.access, group.pk):
            raise PermissionDenied
        return self.listing(marks_of(Owner(OwnerKind.GROUP, group.pk)), MarkOutput)


def _check_standing(mark_id: int) -> None:
    """Raises: MarkNotFound."""
    if not is_standing(mark_id):
        raise MarkNotFound
