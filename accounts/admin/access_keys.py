"""Access keys: who has them, since when and until when; those of scripts are made and revoked here. What opens is kept
nowhere: of a script's key it is shown on one page, and never again."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from accounts.admin.acting import actor
from accounts.enums import ApiPermission
from accounts.models import AccessKey, User
from accounts.rules import MAX_KEY_NAME, MAX_USERNAME
from accounts.services.access_keys import issue_api_key, revoke_api_key
from kernel import clock
from kernel.admin.asking import Step, command
from kernel.admin.forms import DateFormField, NameFormField, ServiceForm, WallTimeFormField
from kernel.admin.pages import ServiceAdmin
from kernel.admin.site import site
from kernel.campus_time import MINUTES_PER_DAY
from kernel.errors import UNKNOWN_USER

FORM_FIELDS = ("username", "name", "permissions", "ends_on", "ends_at", "token")
ROW_FIELDS = (
    "scope",
    "holder",
    "name",
    "prefix",
    "may",
    "issued_by",
    "created_at",
    "expires_at",
    "revoked_at",
    "last_used_at",
)


class ApiKeyForm(ServiceForm):
    """What `issue_api_key` takes; `user` and `expires_at` in the cleaned data are of what was typed."""

    field_of_fault = {"user": "username", "expires_at": "ends_on"}

    username = forms.CharField(max_length=MAX_USERNAME, widget=UnfoldAdminTextInputWidget, help_text="Whose key it is")
    name = NameFormField(max_length=MAX_KEY_NAME, help_text="What the key is for")
    permissions = forms.MultipleChoiceField(
        choices=[
            (ApiPermission.EVENTS, "Make and delete events"),
            (ApiPermission.CLEAR, "Clear cancelled and overlapping events"),
        ],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    ends_on = DateFormField(required=False, label="Expires on", help_text="Leave empty: until it is revoked")
    ends_at = WallTimeFormField(is_end=True, required=False, label="at")
    token = forms.CharField(
        required=False,
        strip=False,
        help_text="Leave empty: one is made by chance",
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if username := self.cleaned_data.get("username"):
            self.cleaned_data["user"] = User.objects.filter(username=username, is_active=True).first()
            if self.cleaned_data["user"] is None:
                self.add_error("username", UNKNOWN_USER)
        self.cleaned_data["expires_at"] = self._expiry()
        return cleaned

    def _expiry(self) -> datetime | None:
        """The end of the day, where no time is typed."""
        if self.cleaned_data.get("ends_at") in (None, ""):
            self.cleaned_data["ends_at"] = MINUTES_PER_DAY
        elif "ends_on" in self.cleaned_data and self.cleaned_data["ends_on"] is None:
            self.add_error("ends_on", "Choose the day, too")
        return self.instant_of("ends_on", "ends_at")


@admin.register(AccessKey, site=site)
class AccessKeyAdmin(ServiceAdmin):
    """A person's keys end with his sessions, a group's by another one or with the group; API keys are revoked."""

    add_form = ApiKeyForm
    target_noun = "access_key"
    list_display = ROW_FIELDS
    list_filter = ("scope", ("revoked_at", admin.EmptyFieldListFilter))
    list_select_related = ("user", "issued_by")
    search_fields = ("user__username", "name", "prefix")
    ordering = ("-id",)
    actions = ("revoke",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: AccessKey | None = None) -> tuple[str, ...]:
        return FORM_FIELDS if obj is None else ROW_FIELDS

    def get_readonly_fields(self, request: HttpRequest, obj: AccessKey | None = None) -> tuple[str, ...]:
        return () if obj is None else ROW_FIELDS

    @admin.display(description="Opens for")
    def holder(self, key: AccessKey) -> str:
        """Groups stand above this app: it knows their numbers."""
        return f"Group {key.group_id}" if key.user is None else key.user.username

    @admin.display(description="May")
    def may(self, key: AccessKey) -> str:
        return ", ".join(key.permissions)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only by what the list filters on: `?digest__startswith=` would spell out a digest."""
        allowed = super().lookup_allowed(lookup, value, request)
        return lookup.split("__")[0] in {"scope", "revoked_at"} and bool(allowed)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> Any:
        return super().add_view(request, form_url, {"title": "Add API key", **(extra_context or {})})

    @method_decorator(sensitive_post_parameters("token"))
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return super().changeform_view(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: AccessKey, form: Any, change: bool) -> None:
        values, now = form.cleaned_data, clock.now()
        obj.user = values["user"]
        key = issue_api_key(
            by=actor(request),
            now=now,
            user_id=values["user"].pk,
            name=values["name"],
            permissions=values["permissions"],
            lifetime=values["expires_at"] and values["expires_at"] - now,
            token=values["token"] or None,
        )
        obj.pk = key.key_id
        request.token = key.token  # type: ignore[attr-defined]  # for `response_add`

    def response_add(self, request: HttpRequest, obj: AccessKey, post_url_continue: str | None = None) -> HttpResponse:
        """The page with the token: at once, for a message that is shown on the next one would be kept until then."""
        context = {
            **self.admin_site.each_context(request),
            "title": f"API key of {obj.user}: {obj.name}",
            "token": request.token,  # type: ignore[attr-defined]
            "opts": self.opts,
            "media": self.media,
        }
        request.current_app = self.admin_site.name  # for the theme
        return TemplateResponse(request, "admin/accounts/issued_key.html", context)

    @command(description="Revoke (it opens nothing any more)", done="revoked", idle="It has been revoked already")
    def revoke(self, request: HttpRequest, selection: QuerySet[AccessKey]) -> Iterator[Step]:
        for key in selection.select_related("user"):
            name = f"{self.holder(key)}: {key.name or key}"
            yield Step((key.pk,), name, partial(revoke_api_key, key_id=key.pk))
