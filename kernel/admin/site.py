"""The admin's own site: who may enter, and one's own password."""

from contextlib import suppress
from typing import Any

from django.conf import settings
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.common import no_append_slash
from unfold.sites import UnfoldAdminSite

from kernel.auth_trail import AuthEvent, record
from kernel.devices import remember_device


class CSpaceAdminSite(UnfoldAdminSite):
    """Open to members of the system group and superusers, read from the database on each request.

    `accounts.admin.people` gives it its login form and its password form.
    """

    password_form: Any = None

    site_header = site_title = "CSpace"
    index_title = "Campus"

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        return bool(user.is_authenticated and user.is_active and user.access.is_cspace)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        """The page to which whoever may not enter is sent."""
        if request.method == "GET":
            self._trace_visit(request)
        page: HttpResponseBase = super().login(request, extra_context)
        if request.method == "POST" and page.status_code == 302 and request.user.is_authenticated:
            remember_device(request, page, request.user.get_username())
        return page

    def _trace_visit(self, request: HttpRequest) -> None:
        """Say in the log why somebody who had a session has to log in."""
        if request.user.is_authenticated:
            if not self.has_permission(request):
                record(AuthEvent.DENIED, user_id=request.user.pk, reason="not_in_cspace", via="admin")
        elif settings.SESSION_COOKIE_NAME in request.COOKIES:
            record(AuthEvent.SESSION_EXPIRED, via="admin")

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        user_id = request.user.pk
        page: HttpResponseBase = super().logout(request, extra_context)
        if user_id is not None and not request.user.is_authenticated:
            record(AuthEvent.LOGOUT, user_id=user_id, via="admin")
        return page

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        """One's own password. Django's form would write past the service: sessions would live on, unlogged."""
        view = PasswordChangeView.as_view(
            form_class=self.password_form,
            template_name=self.password_change_template or "registration/password_change_form.html",
            success_url=reverse(f"{self.name}:password_change_done"),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return view(request)

    @method_decorator(no_append_slash)
    def catch_all_view(self, request: HttpRequest, url: str) -> HttpResponseBase:
        """A page that is asked for without its last slash is shown where it is.

        Django's own does so only where `APPEND_SLASH` holds for the whole site.
        """
        if request.method in ("GET", "HEAD") and not url.endswith("/"):
            with suppress(Resolver404):
                if getattr(resolve(f"{request.path_info}/").func, "should_append_slash", True):
                    return HttpResponseRedirect(request.get_full_path(force_append_slash=True))
        raise Http404

    def autocomplete_view(self, request: HttpRequest) -> HttpResponseBase:
        refuse_nul(request)
        response: HttpResponseBase = super().autocomplete_view(request)
        return response


def refuse_nul(request: HttpRequest) -> None:
    """PostgreSQL keeps no NUL: what is searched for with one is a bad request. Raises: BadRequest."""
    if any("\x00" in value for _, values in request.GET.lists() for value in values):
        raise BadRequest("NUL in the query")


site = CSpaceAdminSite(name="admin")
