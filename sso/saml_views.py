"""Where a login comes back from a provider that speaks SAML, and what that is told of us."""

from typing import Any, ClassVar

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.saml import views as of_allauth
from allauth.socialaccount.providers.saml.utils import build_saml_config
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from onelogin.saml2.errors import OneLogin_Saml2_Error, OneLogin_Saml2_ValidationError
from onelogin.saml2.settings import OneLogin_Saml2_Settings

from kernel import clock
from kernel.requests import client_address, network_of
from kernel.throttling import count_try
from sso.claims import identity_of_saml
from sso.completing import complete
from sso.configuration import SAML
from sso.failures import REFUSED, SignOnFailed
from sso.places import HOME
from sso.views import FAULTS, BeginView, ProviderFaults, SignOnView

OF_XML: ProviderFaults = (*FAULTS, SyntaxError, OneLogin_Saml2_Error, OneLogin_Saml2_ValidationError)
"""Its metadata may be no XML, or lack what a login needs."""

MAX_ANSWER = 131_072
"""Bytes."""


class SamlBeginView(BeginView):
    via = SAML
    faults: ClassVar[ProviderFaults] = OF_XML


class AnswerView(SignOnView):
    """Takes what the provider has the browser post here. Such a request brings no cookie along (SameSite), so that the
    answer is kept for a moment and read by the next view, to which the browser shows which login it has begun.
    """

    http_method_names = ["post"]
    via = SAML

    def post(self, request: HttpRequest, **names: Any) -> HttpResponseBase:
        count_try("login_begun", network_of(client_address(request)), now=clock.now())
        if len(request.body) > MAX_ANSWER:  # anybody may post, and it is kept
            raise SignOnFailed(REFUSED)
        response: HttpResponseBase = of_allauth.acs(request, **names)
        return response


class SamlCallbackView(SignOnView):
    http_method_names = ["get"]
    via = SAML
    faults: ClassVar[ProviderFaults] = OF_XML

    def get(self, request: HttpRequest, **names: Any) -> HttpResponse:
        answer = self.answer(lambda: of_allauth.finish_acs(request, **names))
        identity = identity_of_saml(answer.what)
        return complete(request, identity, answer.target or HOME, via=self.via, sid=self.sid_of(answer.target))


class MetadataView(SignOnView):
    """What whoever runs the provider registers us by. Logging out there is not offered."""

    http_method_names = ["get"]
    via = SAML
    faults: ClassVar[ProviderFaults] = OF_XML

    def get(self, request: HttpRequest, **names: Any) -> HttpResponseBase:
        def metadata() -> HttpResponse:
            app = get_adapter().get_app(request, SAML)
            config = build_saml_config(request, app.settings, SAML)
            del config["sp"]["singleLogoutService"]
            own = OneLogin_Saml2_Settings(settings=config, sp_validation_only=True)
            return HttpResponse(own.get_sp_metadata(), content_type="application/samlmetadata+xml")

        return self.ask(metadata)


def no_logout(request: HttpRequest, **names: Any) -> HttpResponse:
    """allauth names its address in what it sets up, and nobody is logged out there."""
    raise Http404
