"""Groups and user-groups over HTTP (contract §3)."""

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.viewsets import CallerViewSet
from accounts.services.people import CampusNeedsAnAdmin
from groups import rules
from groups.api.serializers import (
    AddedMemberOutput,
    GroupChangeInput,
    GroupDetail,
    GroupInput,
    GroupList,
    GroupOutput,
    JoinInput,
    JoinTokenOutput,
    MemberInput,
    MemberOutput,
    OwnGroupList,
    OwnGroupOutput,
    PermissionsInput,
    TaggedGroupOutput,
    UserGroupList,
    UserGroupOutput,
    UserGroupRowOutput,
)
from groups.models import Group, UserGroup
from groups.queries.places import asking_for_place, place_with_id
from groups.services.groups import (
    GroupCodeIsTaken,
    GroupNameIsTaken,
    GroupNotFound,
    archive_group,
    change_group,
    create_group,
)
from groups.services.holding import asking_for_group, group_with_id
from groups.services.joining import issue_join_token, join_group
from groups.services.members import (
    GroupNeedsAnAdmin,
    UserGroupNotFound,
    UserIsAMember,
    add_member,
    change_permissions,
    remove_member,
)
from kernel import clock
from kernel.api.operations import Operation
from kernel.api.permissions import InCSpace, LoggedIn
from kernel.errors import PermissionDenied


class GroupViewSet(CallerViewSet):
    tag = "groups"

    @Operation(InCSpace, responses=GroupList)
    def list(self, request: Request) -> Response:
        return self.listing(Group.objects.living().order_by("name", "id"), TaggedGroupOutput)

    @Operation(InCSpace, request=GroupInput, responses={201: GroupOutput}, conflicts=[GroupNameIsTaken])
    def create(self, request: Request) -> Response:
        group = create_group(by=self.caller, now=clock.now(), name=self.body(GroupInput)["name"])
        return self.created(GroupOutput(group).data, f"/api/v1/groups/{group.pk}/")

    @Operation(LoggedIn, responses=GroupDetail, is_paged=True, ahead=lambda view, pk: [asking_for_group(pk)])
    def retrieve(self, request: Request, pk: int) -> Response:
        group = self._group(pk)
        if not rules.may_see(self.access, group.pk):
            raise PermissionDenied
        response = self.listing(UserGroup.objects.filter(group=group).with_api_relations().order_by("id"), MemberOutput)
        labels = {"tags": list(group.tags), "kind": group.kind, "code": group.code}
        response.data = {"id": group.pk, "name": group.name, **response.data, **labels}
        return response

    @Operation(
        InCSpace,
        request=GroupChangeInput,
        responses=TaggedGroupOutput,
        conflicts=[GroupNameIsTaken, GroupCodeIsTaken],
        ahead=lambda view, pk: [asking_for_group(pk)],
    )
    def update(self, request: Request, pk: int) -> Response:
        group = self._group(pk)
        changes = self.changes(GroupChangeInput)
        if "code" in changes:
            changes["code"] = changes["code"] or ""
        group = change_group(group_id=group.pk, by=self.caller, now=clock.now(), **changes)
        return Response(TaggedGroupOutput(group).data)

    partial_update = update

    @Operation(InCSpace, responses={204: None})
    def destroy(self, request: Request, pk: int) -> Response:
        archive_group(group_id=pk, by=self.caller, now=clock.now())
        return Response(status=204)

    @Operation(
        LoggedIn,
        request=MemberInput,
        responses={201: AddedMemberOutput},
        conflicts=[UserIsAMember],
        ahead=lambda view, pk: [asking_for_group(pk)],
    )
    def add_member(self, request: Request, pk: int) -> Response:
        group = self._group(pk)
        if not rules.may_change_members(self.access, group.pk, is_system=group.is_system):
            raise PermissionDenied
        place = add_member(group_id=group.pk, by=self.caller, now=clock.now(), **self.body(MemberInput))
        return self.created(AddedMemberOutput(place).data, f"/api/v1/user-groups/{place.pk}/")

    @Operation(
        LoggedIn,
        request=JoinInput,
        responses=OwnGroupOutput,
        description="Become a member by the token of a group. Who is in it already, stays what he is.",
    )
    def join(self, request: Request) -> Response:
        place = join_group(token=self.body(JoinInput)["token"], by=self.caller, now=clock.now())
        return Response(OwnGroupOutput(place).data)

    def _group(self, pk: int) -> Group:
        group = group_with_id(pk)
        if group is None:
            raise GroupNotFound
        return group


class JoinTokenViewSet(CallerViewSet):
    """Told once, so never repeated: what is kept of the answer to a key would be the token."""

    tag = "groups"
    takes_keys = False

    @Operation(
        LoggedIn,
        responses={201: JoinTokenOutput},
        resource="Group",
        description=(
            "A token by which whoever is logged in becomes a member, for seven days, as often as it is shown."
            " It is told once; the one before is dead. For admins of the group and cspace; not of the system group."
        ),
    )
    def create(self, request: Request, pk: int) -> Response:
        key = issue_join_token(group_id=pk, by=self.caller, now=clock.now())
        return Response(JoinTokenOutput({"token": key.token, "expires_at": key.expires_at}).data, status=201)


class UserGroupViewSet(CallerViewSet):
    tag = "groups"

    @Operation(InCSpace, responses=UserGroupList)
    def list(self, request: Request) -> Response:
        return self.listing(
            UserGroup.objects.living().with_api_relations().order_by("group_id", "id"), UserGroupRowOutput
        )

    @Operation(LoggedIn, responses=UserGroupOutput, ahead=lambda view, pk: [asking_for_place(pk)])
    def retrieve(self, request: Request, pk: int) -> Response:
        place = self._place(pk)
        if not rules.may_see(self.access, place.group_id):
            raise PermissionDenied
        return Response(UserGroupOutput(place).data)

    @Operation(
        LoggedIn,
        request=PermissionsInput,
        responses=UserGroupOutput,
        conflicts=[GroupNeedsAnAdmin, CampusNeedsAnAdmin],
        ahead=lambda view, pk: [asking_for_place(pk)],
    )
    def update(self, request: Request, pk: int) -> Response:
        place = self._place(pk)
        if not rules.may_change_members(self.access, place.group_id, is_system=place.group.is_system):
            raise PermissionDenied
        permissions = self.changes(PermissionsInput).get("permissions", place.permissions)
        place = change_permissions(user_group_id=pk, by=self.caller, now=clock.now(), permissions=permissions)
        return Response(UserGroupOutput(place).data)

    partial_update = update

    @Operation(LoggedIn, responses={204: None}, conflicts=[GroupNeedsAnAdmin, CampusNeedsAnAdmin])
    def destroy(self, request: Request, pk: int) -> Response:
        remove_member(user_group_id=pk, by=self.caller, now=clock.now())
        return Response(status=204)

    def _place(self, pk: int) -> UserGroup:
        place = place_with_id(pk)
        if place is None:
            raise UserGroupNotFound
        return place


class OwnGroupViewSet(CallerViewSet):
    tag = "users"

    @Operation(LoggedIn, responses=OwnGroupList)
    def list(self, request: Request) -> Response:
        own = UserGroup.objects.living().filter(user_id=self.caller.pk)
        return self.listing(own.with_api_relations().order_by("group__name", "id"), OwnGroupOutput)
