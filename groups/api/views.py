"""Groups and user-groups over HTTP (contract §3)."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from groups import rules
from groups.api.serializers import (
    AddedMemberOutput,
    GroupDetail,
    GroupInput,
    GroupList,
    GroupOutput,
    MemberInput,
    MemberOutput,
    OwnGroupList,
    OwnGroupOutput,
    PermissionsInput,
    UserGroupList,
    UserGroupOutput,
    UserGroupRowOutput,
)
from groups.models import Group, UserGroup
from groups.services.groups import GroupNameIsTaken, GroupNotFound, archive_group, create_group
from groups.services.members import (
    GroupNeedsAnAdmin,
    UserGroupNotFound,
    UserIsAMember,
    add_member,
    change_permissions,
    remove_member,
)
from kernel import clock
from kernel.api.permissions import InCSpace, LoggedIn
from kernel.api.viewsets import ApiViewSet
from kernel.errors import PermissionDenied


@extend_schema(tags=["groups"])
class GroupViewSet(ApiViewSet):
    permissions = {
        "list": InCSpace,
        "create": InCSpace,
        "retrieve": LoggedIn,
        "destroy": InCSpace,
        "add_member": LoggedIn,
    }
    conflicts = {"create": [GroupNameIsTaken], "add_member": [UserIsAMember]}

    @extend_schema(responses=GroupList)
    def list(self, request: Request) -> Response:
        return self.listing(Group.objects.living().order_by("name", "id"), GroupOutput)

    @extend_schema(request=GroupInput, responses={201: GroupOutput})
    def create(self, request: Request) -> Response:
        group = create_group(by=request.user, now=clock.now(), name=self.body(GroupInput)["name"])
        return self.created(GroupOutput(group).data, f"/api/v1/groups/{group.pk}/")

    @extend_schema(responses=GroupDetail)
    def retrieve(self, request: Request, pk: int) -> Response:
        group = self._group(pk)
        if not rules.may_see(request.user.access, group.pk):
            raise PermissionDenied
        response = self.listing(UserGroup.objects.filter(group=group).with_api_relations().order_by("id"), MemberOutput)
        response.data = {"id": group.pk, "name": group.name, **response.data}
        return response

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: int) -> Response:
        archive_group(group_id=pk, by=request.user, now=clock.now())
        return Response(status=204)

    @extend_schema(request=MemberInput, responses={201: AddedMemberOutput})
    def add_member(self, request: Request, pk: int) -> Response:
        group = self._group(pk)
        if not rules.may_change_members(request.user.access, group.pk, is_system=group.is_system):
            raise PermissionDenied
        place = add_member(group_id=group.pk, by=request.user, now=clock.now(), **self.body(MemberInput))
        return self.created(AddedMemberOutput(place).data, f"/api/v1/user-groups/{place.pk}/")

    def _group(self, pk: int) -> Group:
        group = Group.objects.living().filter(pk=pk).first()
        if group is None:
            raise GroupNotFound
        return group


@extend_schema(tags=["groups"])
class UserGroupViewSet(ApiViewSet):
    permissions = {
        "list": InCSpace,
        "retrieve": LoggedIn,
        "update": LoggedIn,
        "partial_update": LoggedIn,
        "destroy": LoggedIn,
    }
    conflicts = {"update": [GroupNeedsAnAdmin], "partial_update": [GroupNeedsAnAdmin], "destroy": [GroupNeedsAnAdmin]}

    @extend_schema(responses=UserGroupList)
    def list(self, request: Request) -> Response:
        return self.listing(
            UserGroup.objects.living().with_api_relations().order_by("group_id", "id"), UserGroupRowOutput
        )

    @extend_schema(responses=UserGroupOutput)
    def retrieve(self, request: Request, pk: int) -> Response:
        place = self._place(pk)
        if not rules.may_see(request.user.access, place.group_id):
            raise PermissionDenied
        return Response(UserGroupOutput(place).data)

    @extend_schema(request=PermissionsInput, responses=UserGroupOutput)
    def update(self, request: Request, pk: int) -> Response:
        place = self._place(pk)
        if not rules.may_change_members(request.user.access, place.group_id, is_system=place.group.is_system):
            raise PermissionDenied
        wanted = self.changes(PermissionsInput).get("permissions", place.permissions)
        place = change_permissions(user_group_id=pk, by=request.user, now=clock.now(), permissions=wanted)
        return Response(UserGroupOutput(place).data)

    @extend_schema(request=PermissionsInput, responses=UserGroupOutput)
    def partial_update(self, request: Request, pk: int) -> Response:
        return self.update(request, pk)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: int) -> Response:
        remove_member(user_group_id=pk, by=request.user, now=clock.now())
        return Response(status=204)

    def _place(self, pk: int) -> UserGroup:
        place = UserGroup.objects.living().with_api_relations().filter(pk=pk).first()
        if place is None:
            raise UserGroupNotFound
        return place


@extend_schema(tags=["users"])
class OwnGroupViewSet(ApiViewSet):
    permissions = {"list": LoggedIn}

    @extend_schema(responses=OwnGroupList)
    def list(self, request: Request) -> Response:
        own = UserGroup.objects.living().filter(user_id=request.user.pk or 0)
        return self.listing(own.with_api_relations().order_by("group__name", "id"), OwnGroupOutput)
