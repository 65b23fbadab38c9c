"""Where a login by a provider begins, and where it comes back from one that speaks OpenID Connect."""

from collections.abc import Callable
from typing import Any, ClassVar

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.internal.statekit import STATE_TTL
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_protect

from accounts.api.pages import HEADERS, PROVIDER, page_language, page_sentence
from kernel import clock
from kernel.errors import RateLimited
from kernel.requests import client_address, network_of
from kernel.throttling import count_try
from sso.adapter import ProviderHasSaid
from sso.claims import identity_of_oidc
from sso.completing import SidIn, complete
from sso.configuration import OIDC
from sso.failures import BAD_STATE, BAD_TARGET, NONSENSE, UNREACHABLE, SignOnFailed, failure_page, throttled_page
from sso.oidc import oidc_adapter
from sso.places import HOME, is_place

ProviderFaults = tuple[type[Exception], ...]
FAULTS: ProviderFaults = (OAuth2Error, LookupError, TypeError, ValueError, AttributeError, ImproperlyConfigured)
"""What allauth raises of an answer that is not made as the protocol says."""


class SignOnView(View):
    """Whoever does not get on is told so on a page. `via`: which provider; `sid_in`: see `sso.completing`."""

    via: str = OIDC
    sid_in: SidIn | None = None
    faults: ClassVar[ProviderFaults] = FAULTS

    def dispatch(self, request: HttpRequest, *args: Any, **names: Any) -> HttpResponseBase:
        try:
            return super().dispatch(request, *args, **names)
        except SignOnFailed as failure:
            return failure_page(request, failure, via=self.via)
        except RateLimited as refusal:
            return throttled_page(request, refusal, via=self.via)

    def ask(self, call: Callable[[], HttpResponseBase]) -> HttpResponseBase:
        """What allauth answers. Raises: ProviderHasSaid, SignOnFailed."""
        try:
            return call()
        except PermissionDenied as error:
            raise SignOnFailed(BAD_STATE) from error
        except OSError as error:  # of requests and of urllib: it cannot be reached, or takes too long
            raise SignOnFailed(UNREACHABLE) from error
        except Exception as error:
            if not isinstance(error, self.faults) and type(error) is not Exception:  # bare ones are python3-saml's
                raise
            raise SignOnFailed(NONSENSE) from error

    def answer(self, call: Callable[[], HttpResponseBase]) -> ProviderHasSaid:
        """What the provider has said, at the end of allauth's part. Raises: SignOnFailed."""
        try:
            self.ask(call)
        except ProviderHasSaid as answer:
            return answer
        raise SignOnFailed(NONSENSE)

    def sid_of(self, target: str) -> str | None:
        return self.sid_in(target, self.request) if self.sid_in else None


@method_decorator(csrf_protect, name="dispatch")
class BeginView(SignOnView):
    """Leads to the provider. Where a program waits for the login, only from a page of ours: a mere link would have
    whoever follows it log somebody else's program in, since the provider may know him already.
    """

    http_method_names = ["get", "post"]

    def get(self, request: HttpRequest) -> HttpResponseBase:
        target = self._target()
        return self._question() if self.sid_of(target) else self._begin(target)

    def post(self, request: HttpRequest) -> HttpResponseBase:
        """By a page that leads on: a redirect to elsewhere would be stopped by the policy of the page with the form."""
        return self._leading_on(self._begin(self._target())["Location"])

    def _target(self) -> str:
        target = self.request.GET.get("next", "") or HOME
        if not is_place(target, self.request):
            raise SignOnFailed(BAD_TARGET)
        return target

    def _begin(self, target: str) -> HttpResponseBase:
        request = self.request
        count_try("login_begun", network_of(client_address(request)), now=clock.now())
        request.session.set_expiry(STATE_TTL)

        def redirect() -> HttpResponseBase:
            provider = get_adapter().get_provider(request, self.via)
            response: HttpResponseBase = provider.redirect(request, AuthProcess.LOGIN, next_url=target)
            return response

        response = self.ask(redirect)
        response["Referrer-Policy"] = "no-referrer"
        return response

    def _question(self) -> HttpResponse:
        context = {
            "language": page_language(self.request),
            "sentence": page_sentence(self.request, "page.sso.explanation"),
            "button": self._button(),
        }
        return HttpResponse(render_to_string("accounts/one_button.html", context, self.request), headers=HEADERS)

    def _leading_on(self, address: str) -> HttpResponse:
        context = {"language": page_language(self.request), "address": address, "words": self._button()}
        page = render_to_string("accounts/leading_on.html", context)
        return HttpResponse(page, headers=HEADERS | {"Refresh": f"0; url={address}", "Referrer-Policy": "no-referrer"})

    def _button(self) -> str:
        name = next(name for address, name in settings.SSO_BUTTONS if address == self.request.path)
        return page_sentence(self.request, PROVIDER, name=name)


class OidcCallbackView(SignOnView):
    http_method_names = ["get"]

    def get(self, request: HttpRequest) -> HttpResponse:
        callback = OAuth2CallbackView.adapter_view(oidc_adapter(request))
        answer = self.answer(lambda: callback(request))
        identity = identity_of_oidc(answer.what)
        return complete(request, identity, answer.target or HOME, via=self.via, sid=self.sid_of(answer.target))
