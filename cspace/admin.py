"""The admin's own site and base class: who may enter, and that every write goes through a service."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import BadRequest
from django.db.models import Model
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from unfold.admin import ModelAdmin
from unfold.sites import UnfoldAdminSite

from cspace.errors import DomainError


class CSpaceAdminSite(UnfoldAdminSite):
    """Open to members of the system group and superusers, read from the database on each request.

    `accounts.admin` gives it its login form and its password form.
    """

    password_form: Any = None

    site_header = site_title = "CSpace"
    index_title = "Campus"

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        return bool(user.is_authenticated and user.is_active and user.access.is_cspace)

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        """One's own password. Django's form would write past the service: sessions would live on, unlogged."""
        view = PasswordChangeView.as_view(
            form_class=self.password_form,
            template_name=self.password_change_template or "registration/password_change_form.html",
            success_url=reverse(f"{self.name}:password_change_done"),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return view(request)


site = CSpaceAdminSite(name="admin")


class ServiceAdmin(ModelAdmin):
    """Pages whose writes are service calls. A refusal becomes a message; nothing is half done."""

    actions_on_top = True

    def has_module_permission(self, request: HttpRequest) -> bool:
        return site.has_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return site.has_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return site.has_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return site.has_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_actions(self, request: HttpRequest) -> Any:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        if any("\x00" in value for values in request.GET.lists() for value in values[1]):
            raise BadRequest("NUL in the query")
        return super().changelist_view(request, extra_context)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """A service's refusal rolls back, becomes a message, and the page is shown again."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except DomainError as refusal:
            self.message_user(request, said(refusal), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """The change log is the services' own; Django's second one stays empty."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """As above."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:
        """As above."""

    def attempt(self, request: HttpRequest, what: str, call: Callable[[], object]) -> bool:
        """Run a service call for an action; whether it was accepted. The refusal is shown."""
        try:
            call()
        except DomainError as refusal:
            self.message_user(request, f"{what}: {said(refusal)}", messages.ERROR)
            return False
        return True


class ReadOnlyAdmin(ServiceAdmin):
    """Pages to look at."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def said(refusal: DomainError) -> str:
    """A refusal as one line: its sentence and what it says about the fields."""
    details = [
        f"{name}: {' '.join(map(str, sentences))}"
        for name, sentences in refusal.details.items()
        if isinstance(sentences, list) and sentences and isinstance(sentences[0], str)
    ]
    return "; ".join([refusal.message, *details])
