"""Where the links lead that are mailed: confirming an address, and no more mail (contract of mail, §3).

The token in a link is enough, nobody has to be logged in. So no cookie is read here, and no other page can make a
browser do what it could not do itself. Opening a link changes nothing: programs open them too, before people do.
"""

from django.conf import settings
from django.http import HttpResponse
from django.template.loader import render_to_string
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.serializers import ConfirmationInput, ConfirmationOutput, MailedTokenQuery
from accounts.models import Preferences
from accounts.services.confirming import confirm_email, waiting_preferences
from accounts.services.unsubscribing import subscription, unsubscribe
from kernel import clock
from kernel.api.operations import Operation
from kernel.api.permissions import HoldsToken
from kernel.api.rendering import FastJSONRenderer
from kernel.api.viewsets import ApiViewSet, DocumentViewSet
from kernel.phrases import sentence
from kernel.requests import client_address, network_of
from kernel.throttling import count_try

HTML = "text/html"
PAGE = {(200, HTML): {"type": "string"}}
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "Referrer-Policy": "no-referrer",
}
"""The address of the page has the token in it, which is told to nobody."""


class Html(BaseRenderer):
    """Named for the negotiation only: a page is sent as it is."""

    media_type = HTML
    format = "html"


class EmailViewSet(ApiViewSet):
    tag = "users"
    authentication_classes = ()
    takes_keys = False

    @Operation(
        HoldsToken,
        request=ConfirmationInput,
        responses=ConfirmationOutput,
        auth=[],
        description="By the token of the letter that was sent to the address: good for three days, and once.",
    )
    def confirm(self, request: Request) -> Response:
        _count(request)
        token = self.body(ConfirmationInput)["token"]
        return Response({"email": confirm_email(token=token, now=clock.now()).user.email})


class _OneButtonViewSet(DocumentViewSet):
    """A page that asks, with one button that does it. It needs no script. What a POST brings along is not read."""

    tag = "users"
    authentication_classes = ()
    takes_keys = False
    renderer_classes = [FastJSONRenderer, Html]

    @property
    def token(self) -> str:
        """Of the query string. Raises: ValidationError, if there is none."""
        token: str = self.query(MailedTokenQuery)["token"]
        return token

    def page(self, kind: str, preferences: Preferences, *, email: str = "", button: bool = False) -> HttpResponse:
        """In the language of the person."""
        language = preferences.language or settings.CSPACE_LANGUAGE
        context = {
            "language": language,
            "sentence": sentence(kind, {"email": email}, language=language),
            "button": sentence(f"{kind}.button", {}, language=language) if button else "",
        }
        return HttpResponse(render_to_string("accounts/one_button.html", context), headers=HEADERS)


class ConfirmationPageViewSet(_OneButtonViewSet):
    @Operation(HoldsToken, parameters=[MailedTokenQuery], responses=PAGE, auth=[])
    def show(self, request: Request) -> HttpResponse:
        preferences = waiting_preferences(token=self.token, now=clock.now())
        return self.page("page.confirmation", preferences, email=preferences.pending_email, button=True)

    @Operation(HoldsToken, parameters=[MailedTokenQuery], responses=PAGE, auth=[])
    def confirm(self, request: Request) -> HttpResponse:
        _count(request)
        preferences = confirm_email(token=self.token, now=clock.now())
        return self.page("page.confirmation.done", preferences, email=preferences.user.email)


class UnsubscribePageViewSet(_OneButtonViewSet):
    @Operation(HoldsToken, parameters=[MailedTokenQuery], responses=PAGE, auth=[], resource="Link")
    def show(self, request: Request) -> HttpResponse:
        return self.page("page.unsubscribing", subscription(token=self.token), button=True)

    @Operation(
        HoldsToken,
        parameters=[MailedTokenQuery],
        responses=PAGE,
        auth=[],
        resource="Link",
        description=(
            "One click (RFC 8058): no more mail to whomever the token was mailed to, as often as it is said. A body is"
            " not read; mail programs send the form `List-Unsubscribe=One-Click`."
        ),
    )
    def unsubscribe(self, request: Request) -> HttpResponse:
        _count(request)
        return self.page("page.unsubscribing.done", unsubscribe(token=self.token, now=clock.now()))


def _count(request: Request) -> None:
    """One write of somebody who does not say who he is. Raises: RateLimited."""
    count_try("anonymous_write", network_of(client_address(request)), now=clock.now())
