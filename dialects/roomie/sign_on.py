"""The browser's part of a login by sid: a page to log in on, and the callback that completes the login."""

from http import HTTPStatus

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters

from accounts.api.pages import HEADERS, message_page, page_language, page_sentence, sign_on_buttons
from accounts.models import User
from accounts.services.access_keys import check_login
from accounts.services.identities import NotAdmitted, UnknownIdentity, is_admitted
from accounts.services.sid_logins import LoginIsOver, complete_login, ticket_for, user_of_ticket
from accounts.services.signing_on import sign_on
from dialects.roomie.shibboleth import identity_in, is_behind_proxy
from dialects.roomie.sids import letters_in_target, letters_of
from kernel import clock
from kernel.auth_trail import AuthEvent, record, recording_refusals
from kernel.devices import device_mark, remember_device
from kernel.errors import NotAuthenticated, RateLimited
from kernel.languages import language_wished_for
from kernel.requests import client_address, name_actor
from kernel.text import has_forbidden_text

MAX_NAME = 254


@method_decorator([csrf_protect, sensitive_post_parameters("password")], name="dispatch")
class LoginPage(View):
    """Where this server logs people in itself; behind a Shibboleth proxy that is the proxy's."""

    http_method_names = ["get", "post"]

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if is_behind_proxy():
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        if letters_in_target(request.GET.get("target", ""), request) is None:
            return message_page(request, "page.sso.no_login", HTTPStatus.BAD_REQUEST)
        return self._form(request)

    def post(self, request: HttpRequest) -> HttpResponse:
        target = request.GET.get("target", "")
        letters = letters_in_target(target, request)
        if letters is None:
            return message_page(request, "page.sso.no_login", HTTPStatus.BAD_REQUEST)
        name, now = request.POST.get("username", "").strip()[:MAX_NAME], clock.now()
        if has_forbidden_text(name):  # nobody's, and no database takes it
            return self._form(request, problem="page.sso.wrong", status=HTTPStatus.UNAUTHORIZED)
        try:
            with recording_refusals(AuthEvent.LOGIN_FAILED, AuthEvent.LOGIN_THROTTLED, name=name, via="sso"):
                user = check_login(
                    name=name,
                    password=request.POST.get("password", ""),
                    now=now,
                    address=client_address(request),
                    device=device_mark(request, name),
                )
        except NotAuthenticated:
            return self._form(request, name=name, problem="page.sso.wrong", status=HTTPStatus.UNAUTHORIZED)
        except RateLimited as refusal:
            response = self._form(request, name=name, problem="page.sso.too_often", status=HTTPStatus.TOO_MANY_REQUESTS)
            response["Retry-After"] = str(refusal.retry_after)
            return response
        response = HttpResponseRedirect(f"{target}&ticket={ticket_for(letters, user, now=now)}", headers=HEADERS)
        remember_device(request, response, name)
        return response

    def _form(
        self, request: HttpRequest, *, name: str = "", problem: str = "", status: int = HTTPStatus.OK
    ) -> HttpResponse:
        words = {
            word: page_sentence(request, f"page.sso.{word}")
            for word in ("title", "explanation", "username", "password", "button")
        }
        context = {
            "language": page_language(request),
            "name": name,
            "problem": page_sentence(request, problem) if problem else "",
            "providers": sign_on_buttons(request, request.GET.get("target", "")),
            **words,
        }
        page = render_to_string("accounts/log_in.html", context, request)
        return HttpResponse(page, status=status, headers=HEADERS)


class CallbackPage(View):
    """Completes a login by what has been shown: a ticket of the page, or what the proxy says. Once."""

    http_method_names = ["get"]

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if request.method == "HEAD":  # Django's View would answer it like a GET: a link preview would log in
            return self.http_method_not_allowed(request)
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        letters = letters_of(request.GET.get("sid", ""))
        if letters is None:
            return message_page(request, "page.sso.no_login", HTTPStatus.BAD_REQUEST)
        try:
            user = self._complete(request, letters)
        except NotAdmitted:
            return self._refuse(request, letters)
        except UnknownIdentity:
            return message_page(request, "page.sso.nobody", HTTPStatus.BAD_REQUEST)
        except LoginIsOver:
            return message_page(request, "page.sso.over", HTTPStatus.BAD_REQUEST)
        record(AuthEvent.LOGIN, user_id=user.pk, via="sso")
        name_actor(request, user.pk)
        return message_page(request, "page.sso.done")

    def _complete(self, request: HttpRequest, letters: str) -> User:
        """Whoever has logged in, once the login is his. Raises: NotAdmitted, UnknownIdentity, LoginIsOver."""
        now = clock.now()
        if ticket := request.GET.get("ticket", ""):
            user = user_of_ticket(ticket, letters, now=now)
            if user is None:
                raise UnknownIdentity
            complete_login(letters, user=user, now=now)
            return user
        identity = identity_in(request)
        if identity is None:
            raise UnknownIdentity
        if not is_admitted(identity, settings.ROOMIE_ALLOWED_SSO_GROUPS):
            raise NotAdmitted
        language = language_wished_for(request.headers.get("Accept-Language", ""))
        return sign_on(letters, identity, now=now, language=language)

    def _refuse(self, request: HttpRequest, letters: str) -> HttpResponse:
        record(AuthEvent.LOGIN_FAILED, reason="not_admitted", via="sso")
        try:
            complete_login(letters, user=None, now=clock.now())
        except LoginIsOver:
            return message_page(request, "page.sso.over", HTTPStatus.BAD_REQUEST)
        return message_page(request, "page.sso.not_admitted")
