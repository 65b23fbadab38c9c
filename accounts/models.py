"""People, their sessions, and the keys that they or groups have given out."""

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import AnonymousUser, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac

from accounts.enums import ApiPermission, KeyScope, LoginStatus, MailChoice
from accounts.rules import (
    DAILY_MINUTE,
    MAX_DEPARTMENT,
    MAX_DISPLAY_NAME,
    MAX_KEY_NAME,
    MAX_REMINDER_HOURS,
    MAX_USERNAME,
    PREFIX_LENGTH,
    REMINDER_HOURS,
    USERNAME,
    Access,
    Membership,
)
from kernel.campus_time import MINUTES_PER_DAY
from kernel.languages import LANGUAGES
from kernel.names import NOT_VISIBLE, is_visible


def check_visible(name: str) -> None:
    """For `createsuperuser`, which asks the fields alone; forms have judged a name before.

    Raises: ValidationError.
    """
    if not is_visible(name):
        raise ValidationError(NOT_VISIBLE)


class UserManager(BaseUserManager["User"]):
    """Makes people; passwords are hashed here and nowhere else."""

    def create_user(self, username: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(username=username, **{"display_name": username} | fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(username, password, **fields, is_staff=True, is_superuser=True)


class User(AbstractBaseUser, PermissionsMixin):
    """A person. Never deleted, only deactivated: history keeps its names."""

    searched_fields: ClassVar[tuple[str, ...]] = ("display_name",)
    """Kept folded for searches (`kernel.db.searching`)."""

    username = models.CharField(
        max_length=MAX_USERNAME,
        unique=True,
        validators=[RegexValidator(rf"\A{USERNAME.pattern}\Z", "Letters, digits and _ . @ + - only")],
    )
    display_name = models.CharField(max_length=MAX_DISPLAY_NAME, validators=[check_visible])
    email = models.EmailField(blank=True, default="", db_default="")
    """Where mail for him goes: an address that he, or who entered him, has confirmed; "" = nowhere."""
    department = models.CharField(max_length=MAX_DEPARTMENT, blank=True, default="", db_default="")
    """As the identity provider had it when it first sent him."""
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    unlimited_booking = models.BooleanField(default=False, db_default=False)
    """Whether he books for himself over the Roomie wire like cspace: no quota, and further ahead."""
    token_version = models.IntegerField(default=0)
    """Raised to end every session at once: each token carries the version it was made under."""
    date_joined = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["display_name"]
    objects = UserManager()

    class Meta:
        ordering = ["username", "id"]
        constraints = [
            models.CheckConstraint(condition=~Q(username=""), name="user_has_a_username"),
        ]
        # Whoever is looked for by his address is found whatever its case. Not unique: people may share one.
        indexes = [models.Index(Lower("email"), condition=~Q(email=""), name="user_email_of_any_case")]

    def __str__(self) -> str:
        return self.username

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session of the admin is bound to: it ends with the password, and with all other sessions."""
        value = f"{self.token_version}:{self.password}"
        return salted_hmac("accounts.models.User.session", value, secret=secret, algorithm="sha256").hexdigest()

    @property
    def access(self) -> Access:
        """Roles and memberships: one query, then cached on this object. The authenticator fills it at no extra cost."""
        if not hasattr(self, "_access"):
            # Through the reverse relation: `groups` stands above this app and is not imported here.
            rows = self.user_groups.filter(group__archived_at=None).values_list(
                "group_id", "permissions", "group__is_system"
            )
            self.access = Access.of(
                self.pk,
                is_superuser=self.is_superuser,
                memberships=[Membership(group, level == "admin", system) for group, level, system in rows],
            )
        return self._access

    @access.setter
    def access(self, access: Access) -> None:
        self._access = access

    def forget_access(self) -> None:
        """Read the memberships again at the next use (they were changed within this request)."""
        self.__dict__.pop("_access", None)


class Anonymous(AnonymousUser):
    """Nobody in particular."""

    access = Access(user_id=0)


class Preferences(models.Model):
    """What a person has chosen about being told: a row from his first choice on. Null is what the campus says."""

    user = models.OneToOneField(User, primary_key=True, on_delete=models.CASCADE, related_name="preferences")
    language = models.CharField(max_length=10, null=True)
    mail = models.CharField(max_length=10, choices=MailChoice, null=True)
    daily_minute = models.SmallIntegerField(default=DAILY_MINUTE, db_default=DAILY_MINUTE)
    """When the mail of a day leaves, on the campus wall."""
    reminder_hours = models.SmallIntegerField(null=True, default=REMINDER_HOURS, db_default=REMINDER_HOURS)
    """How long before a registration he is reminded of it; null = not at all."""
    is_told_of_last_dates = models.BooleanField(default=True, db_default=True)
    """Whether he hears that a series comes to its end."""
    pending_email = models.EmailField(blank=True, default="", db_default="")
    """The address that he wants and has not confirmed yet."""
    pending_key = models.CharField(max_length=32, blank=True, default="", db_default="")
    """Of this wish and no other: the link that confirms it is worth nothing for the same address at another time."""

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(language__in=LANGUAGES), name="preferences_known_language"),
            models.CheckConstraint(condition=Q(mail__in=MailChoice.values), name="preferences_known_mail"),
            models.CheckConstraint(
                condition=Q(daily_minute__range=(0, MINUTES_PER_DAY - 1)), name="preferences_daily_minute_of_a_day"
            ),
            models.CheckConstraint(
                condition=Q(reminder_hours__range=(1, MAX_REMINDER_HOURS)), name="preferences_reminder_within_a_week"
            ),
        ]

    def __str__(self) -> str:
        return f"preferences of {self.user_id}"


class RefreshSession(models.Model):
    """One refresh token: made once, exchanged once. A login and all its successors are a family.

    Only the token's id is kept, never the token.
    """

    jti = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    family = models.UUIDField()
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="refresh_sessions")
    token_version = models.IntegerField()
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    family_expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    successor_jti = models.UUIDField(null=True, unique=True)
    revoked_at = models.DateTimeField(null=True)
    user_agent = models.CharField(max_length=300, default="")
    address = models.GenericIPAddressField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["family"], name="refreshsession_family"),
            models.Index(fields=["expires_at"], name="refreshsession_expiry"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(issued_at__lt=F("expires_at")), name="refreshsession_expires_after_issue"
            ),
            models.CheckConstraint(
                condition=Q(successor_jti=None) | Q(used_at__isnull=False), name="refreshsession_successor_means_used"
            ),
        ]

    def __str__(self) -> str:
        return str(self.jti)


class StreamTicket(models.Model):
    """Opens one stream for somebody whose browser can send no header with it. Only the SHA-256 of its text is kept."""

    digest = models.BinaryField(primary_key=True, max_length=32)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    token_version = models.IntegerField()
    family = models.UUIDField()
    session_expires_at = models.DateTimeField()
    """When the access token expires that has asked for it: so does the stream."""
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"ticket of {self.user_id} until {self.expires_at:%H:%M:%S}"


class AccessKey(models.Model):
    """Opens what its scope says, for a person or a group, to whoever shows it. Only the SHA-256 of its text is kept.

    A person may have many, one for each device, and API keys, one for each script; a group has one of each scope that
    lives.
    """

    digest = models.BinaryField(max_length=32, unique=True)
    scope = models.CharField(max_length=10, choices=KeyScope)
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="access_keys")
    token_version = models.IntegerField(null=True)
    """The person's, as it was: what ends all his sessions ends his keys with them, but for API keys: they have none."""
    group_id = models.BigIntegerField(null=True)
    """No reference: groups stand above this app."""
    issued_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    """Null = it lasts until it is revoked."""
    revoked_at = models.DateTimeField(null=True)
    name = models.CharField(max_length=MAX_KEY_NAME, default="", db_default="")
    """Of an API key, as are the next three: what it is for."""
    prefix = models.CharField(max_length=PREFIX_LENGTH, default="", db_default="")
    """How its token begins, so that people can tell their keys apart; "" where that would give away too much of it."""
    permissions = ArrayField(models.CharField(max_length=10, choices=ApiPermission), default=list, db_default=[])
    last_used_at = models.DateTimeField(null=True)
    """To the minute: it is written at most once in each."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "group_id"],
                condition=Q(revoked_at=None, group_id__isnull=False),
                name="accesskey_one_lives_per_group",
            ),
            models.CheckConstraint(condition=Q(scope__in=KeyScope.values), name="accesskey_known_scope"),
            models.CheckConstraint(
                condition=Q(scope=KeyScope.USER, user__isnull=False, token_version__isnull=False, group_id__isnull=True)
                | Q(scope=KeyScope.API, user__isnull=False, token_version__isnull=True, group_id__isnull=True)
                | (
                    ~Q(scope__in=[KeyScope.USER, KeyScope.API])
                    & Q(user__isnull=True, token_version__isnull=True, group_id__isnull=False)
                ),
                name="accesskey_is_of_a_person_or_a_group",
            ),
            models.CheckConstraint(
                condition=(
                    Q(scope=KeyScope.API, permissions__contained_by=ApiPermission.values)
                    & ~Q(name="")
                    & ~Q(permissions=[])
                )
                | (~Q(scope=KeyScope.API) & Q(name="", prefix="", permissions=[])),
                name="accesskey_of_a_script_has_a_name_and_permissions",
            ),
            models.CheckConstraint(condition=Q(created_at__lt=F("expires_at")), name="accesskey_expires_after_issue"),
        ]

    def __str__(self) -> str:
        return f"{self.scope} key {self.pk}"


class LoginSession(models.Model):
    """A login that a program waits for and a person completes in a browser. Of its sid only the SHA-256 is kept, and
    nothing of the key that it ends in: that follows from the sid (`accounts.services.sid_logins`)."""

    digest = models.BinaryField(primary_key=True, max_length=32)
    status = models.CharField(max_length=10, choices=LoginStatus, default=LoginStatus.PENDING)
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="loginsession_age")]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=LoginStatus.values), name="loginsession_known_status"),
            models.CheckConstraint(
                condition=Q(status=LoginStatus.LOGGED_IN, user__isnull=False)
                | (~Q(status=LoginStatus.LOGGED_IN) & Q(user=None)),
                name="loginsession_of_whoever_is_logged_in",
            ),
            models.CheckConstraint(
                condition=Q(status=LoginStatus.PENDING, completed_at=None)
                | (~Q(status=LoginStatus.PENDING) & Q(completed_at__isnull=False)),
                name="loginsession_completed_once",
            ),
        ]

    def __str__(self) -> str:
        return f"login of {self.created_at:%H:%M:%S}"


class SsoWhitelist(models.Model):
    """Somebody who comes in by single sign-on whatever groups he is in there."""

    eppn = models.EmailField()
    """What the identity provider calls him, in any case."""
    added_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    added_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "SSO whitelist"
        constraints = [models.UniqueConstraint(Lower("eppn"), name="ssowhitelist_once_each")]

    def __str__(self) -> str:
        return self.eppn
