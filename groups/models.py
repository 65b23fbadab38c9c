"""Groups book rooms; people act for the groups they belong to."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from groups.enums import Permissions
from groups.facts import MembershipSummary
from groups.querysets import GroupQuerySet, UserGroupQuerySet
from groups.rules import MAX_CODE, MAX_CODE_KEY, MAX_KIND, MAX_NAME, MAX_NAME_KEY, MAX_TAG, MAX_TAG_KEY, MAX_TAGS


class Group(models.Model):
    """A group of people. Archived rather than deleted: its history stays readable."""

    searched_fields: ClassVar[tuple[str, ...]] = ("name",)
    """Kept folded for searches (`kernel.db.searching`)."""

    name = models.CharField(max_length=MAX_NAME)
    name_key = models.CharField(max_length=MAX_NAME_KEY)
    """`rules.name_key(name)`: what makes two names the same."""
    kind = models.CharField(max_length=MAX_KIND, default="", db_default="", blank=True)
    """What sort of group it is, as far as rules tell them apart: `society`, as `rules.tag_key` makes it."""
    code = models.CharField(max_length=MAX_CODE, null=True, blank=True)
    """What other programs call it by; null = nothing."""
    code_key = models.CharField(max_length=MAX_CODE_KEY, null=True, editable=False)
    """`rules.name_key` of it."""
    is_system = models.BooleanField(default=False, editable=False)
    """Marks cspace, the group whose members run the campus. Never changed after creation."""
    archived_at = models.DateTimeField(null=True, blank=True)
    tags = ArrayField(models.CharField(max_length=MAX_TAG), default=list, db_default=[], blank=True)
    """Free labels, in the order in which they were given."""
    tag_keys = ArrayField(models.CharField(max_length=MAX_TAG_KEY), default=list, db_default=[], editable=False)
    """`rules.tag_key` of each."""

    objects = GroupQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["name_key"], condition=Q(archived_at=None), name="group_living_name_is_unique"
            ),
            models.UniqueConstraint(
                fields=["code_key"], condition=Q(archived_at=None), name="group_living_code_is_unique"
            ),
            models.CheckConstraint(
                condition=Q(code=None, code_key=None)
                | (Q(code__isnull=False, code_key__isnull=False) & ~Q(code_key="")),
                name="group_code_has_a_key",
            ),
            models.UniqueConstraint(fields=["is_system"], condition=Q(is_system=True), name="group_one_system_group"),
            models.CheckConstraint(condition=~Q(name="") & ~Q(name_key=""), name="group_has_a_name"),
            models.CheckConstraint(
                condition=Q(is_system=False) | Q(archived_at=None), name="group_system_group_is_never_archived"
            ),
            models.CheckConstraint(
                condition=Q(tags__len__lte=MAX_TAGS, tags__len=F("tag_keys__len")) & ~Q(tag_keys__contains=[""]),
                name="group_tags_have_keys",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class UserGroup(models.Model):
    """A person's place in a group (the documents' word for a membership)."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="user_groups")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="user_groups")
    permissions = models.CharField(max_length=10, choices=Permissions, default=Permissions.MEMBER)

    objects = UserGroupQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["group", "user"], name="usergroup_one_place_per_group"),
            models.CheckConstraint(condition=Q(permissions__in=Permissions.values), name="usergroup_known_permissions"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.group} ({self.permissions})"

    @property
    def summary(self) -> MembershipSummary:
        """What facts tell of it. Loaded before: its API relations."""
        return MembershipSummary(
            id=self.pk,
            group_id=self.group_id,
            group=self.group.name,
            user_id=self.user_id,
            username=self.user.username,
            permissions=self.permissions,
        )
