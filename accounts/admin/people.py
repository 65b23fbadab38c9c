"""People: made and changed, given passwords, their access ended or given back."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.admin.utils import unquote
from django.contrib.auth.forms import SetPasswordMixin
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import MaxLengthValidator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.views.decorators.debug import sensitive_post_parameters
from unfold.forms import AdminOwnPasswordChangeForm
from unfold.widgets import UnfoldAdminPasswordWidget

from accounts.admin.acting import actor
from accounts.models import User
from accounts.rules import MAX_DISPLAY_NAME, may_manage
from accounts.services.login_limits import login_try
from accounts.services.people import CHANGEABLE, change_user, create_user, set_password
from accounts.services.sessions import MAX_PASSWORD_LENGTH
from kernel import clock
from kernel.admin.asking import Step, command
from kernel.admin.forms import MailAddressFormField, NameFormField, ServiceForm
from kernel.admin.pages import ServiceAdmin
from kernel.admin.site import site
from kernel.auth_trail import AuthEvent, record
from kernel.devices import device_mark
from kernel.errors import RateLimited
from kernel.facts import Fact
from kernel.requests import client_address


class ThrottledLogin(AdminAuthenticationForm):
    """The admin's login counts against the same limits as the API's."""

    def clean(self) -> Any:
        username, now = str(self.cleaned_data.get("username", "")), clock.now()
        address = client_address(self.request) if self.request else None
        if not (username and self.cleaned_data.get("password")):
            return super().clean()  # nothing was tried
        device = device_mark(self.request, username)
        try:
            with login_try(username=username, address=address, device=device, now=now, wrong=ValidationError):
                return super().clean()
        except RateLimited as refusal:  # a 503 is answered as such
            raise ValidationError(refusal.message) from refusal

    def confirm_login_allowed(self, user: Any) -> None:
        """Active and in cspace; the message is the one for a wrong password."""
        if not (user.is_active and user.access.is_cspace):
            raise self.get_invalid_login_error()


class TracedLogin(ThrottledLogin):
    """It leaves the same trace as the API's."""

    def clean(self) -> Any:
        name = str(self.cleaned_data.get("username", ""))
        try:
            cleaned = super().clean()
        except ValidationError as error:
            is_throttled = isinstance(error.__cause__, RateLimited)
            event = AuthEvent.LOGIN_THROTTLED if is_throttled else AuthEvent.LOGIN_FAILED
            record(event, name=name, via="admin")
            raise
        if (user := self.get_user()) is not None:
            record(AuthEvent.LOGIN, user_id=user.pk, name=name, via="admin")
        return cleaned


class OwnPassword(AdminOwnPasswordChangeForm):
    """One's own password, set by the service."""

    def save(self, commit: bool = True) -> User:
        changed = set_password(
            user_id=self.user.pk, by=self.user, now=clock.now(), password=self.cleaned_data["new_password1"]
        )
        # The view keeps this one browser logged in by the hash it finds here.
        self.user.password, self.user.token_version = changed.password, changed.token_version
        return changed


site.login_form = TracedLogin
site.password_form = OwnPassword


def password_fields() -> tuple[forms.CharField, forms.CharField]:
    """The password, and the same again."""
    fields = SetPasswordMixin.create_password_fields()
    for field in fields:
        field.widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})
        field.max_length = MAX_PASSWORD_LENGTH
        field.validators.append(MaxLengthValidator(MAX_PASSWORD_LENGTH))
    return fields


class PersonForm(ServiceForm):
    display_name = NameFormField(max_length=MAX_DISPLAY_NAME)
    email = MailAddressFormField(
        required=False, label="E-mail address", help_text="Mail goes there without being confirmed once more."
    )


class NewPersonForm(SetPasswordMixin, PersonForm):  # type: ignore[type-arg]  # generic in the stubs only
    password1, password2 = password_fields()

    class Meta:
        model = User
        fields = ("username", "display_name", "email", "is_superuser")

    def clean(self) -> dict[str, Any] | None:
        self.validate_passwords()
        return super().clean()

    def full_clean(self) -> None:
        super().full_clean()
        # Only now does the instance have the names that a password must not repeat.
        if self.is_bound:
            self.validate_password_for_user(self.instance)


class SetPassword(SetPasswordMixin, forms.Form):  # type: ignore[type-arg]  # generic in the stubs only
    """A password for somebody else."""

    password1, password2 = password_fields()

    def __init__(self, person: User, data: Any = None) -> None:
        self.person = person
        super().__init__(data)

    def clean(self) -> dict[str, Any] | None:
        self.validate_passwords()
        self.validate_password_for_user(self.person)
        return super().clean()


@admin.register(User, site=site)
class UserAdmin(ServiceAdmin):
    """Open to all of cspace to look at; to write, to those whom `rules.may_manage` names."""

    form = PersonForm
    add_form = NewPersonForm
    list_display = ("username", "display_name", "is_active", "is_superuser", "date_joined")
    list_filter = ("is_active", "is_superuser")
    search_fields = ("username", "display_name")
    ordering = ("username", "id")
    actions = ("deactivate", "activate")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only by what the list filters on: `?password__startswith=` would spell out a hash."""
        allowed = super().lookup_allowed(lookup, value, request)
        return lookup.split("__")[0] in self.list_filter and bool(allowed)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and may_manage(actor(request).access, is_superuser=False)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_superuser = obj is not None and obj.is_superuser
        return super().has_change_permission(request) and may_manage(actor(request).access, is_superuser=is_superuser)

    def get_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        if obj is not None:
            return ("username", *CHANGEABLE, "date_joined", "password_page")
        by_superuser = ("is_superuser",) if actor(request).access.is_superuser else ()
        return ("username", "display_name", "email", "password1", "password2", *by_superuser)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        superusers_own = () if actor(request).access.is_superuser else ("is_superuser",)
        return ("username", "date_joined", "password_page", *superusers_own)

    @admin.display(description="Password")
    def password_page(self, person: User) -> str:
        url = reverse("admin:accounts_user_password", args=[person.pk])
        return format_html('<a href="{}" class="text-primary-600 dark:text-primary-500">Set a password</a>', url)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        values = form.cleaned_data
        if change:
            changes = {name: values[name] for name in CHANGEABLE if name in form.changed_data}
            change_user(user_id=obj.pk, by=actor(request), now=clock.now(), **changes)
        else:
            obj.pk = create_user(
                by=actor(request),
                now=clock.now(),
                username=values["username"],
                password=values["password1"],
                display_name=values["display_name"],
                email=values["email"],
                is_superuser=values.get("is_superuser", False),
            ).pk

    def get_custom_urls(self) -> tuple[tuple[str, str, Any], ...]:
        return (("<path:object_id>/password/", "accounts_user_password", self.password_view),)

    @method_decorator(sensitive_post_parameters())
    def password_view(self, request: HttpRequest, object_id: str, **_kwargs: Any) -> HttpResponseBase:
        """Somebody else's password. One's own is asked for together with the old one, on its own page."""
        person = self.get_object(request, unquote(object_id))
        if person is None:
            raise Http404
        if person.pk == request.user.pk:
            return HttpResponseRedirect(reverse("admin:password_change"))
        if not self.has_change_permission(request, person):
            raise PermissionDenied
        form = SetPassword(person, request.POST if request.method == "POST" else None)
        if form.is_valid() and self._set_password(request, person, form.cleaned_data["password1"]):
            self.message_user(request, f"{person}: the password is set, every session has ended.", messages.SUCCESS)
            return HttpResponseRedirect(reverse("admin:accounts_user_change", args=[person.pk]))
        context = {"title": f"Set password: {person}", "form": form, "original": person, "opts": self.opts}
        return TemplateResponse(
            request, "admin/auth/user/change_password.html", {**self.admin_site.each_context(request), **context}
        )

    def _set_password(self, request: HttpRequest, person: User, password: str) -> bool:
        return self.attempt(
            request,
            person.username,
            lambda: set_password(user_id=person.pk, by=actor(request), now=clock.now(), password=password),
        )

    @command(
        description="Deactivate (ends every session at once)",
        done="deactivated",
        idle="The account is inactive already",
    )
    def deactivate(self, request: HttpRequest, selection: QuerySet[User]) -> Iterator[Step]:
        for user in selection:
            yield Step((user.pk,), user.username, partial(change_user, user_id=user.pk, is_active=False))

    @command(description="Activate", done="activated", idle="The account is active already")
    def activate(self, request: HttpRequest, selection: QuerySet[User]) -> Iterator[Step]:
        for user in selection:
            yield Step((user.pk,), user.username, partial(change_user, user_id=user.pk, is_active=True))

    def reaches_further(self, facts: Sequence[Fact]) -> bool:
        """Also where somebody loses or gets what he may do: his sessions end, or all doors open."""
        powers = {"is_active", "is_superuser"}
        return any(powers & set(fact.details.get("changes", ())) for fact in facts) or super().reaches_further(facts)
