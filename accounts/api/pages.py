"""Pages of one sentence, for somebody who is just logging in: of whom nothing is known but what his browser says."""

from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from kernel.languages import language_wished_for
from kernel.phrases import sentence

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "Referrer-Policy": "same-origin",
}
"""The address of a page may have a secret in it, which no other site is told; Django's check of forms needs it here."""


PROVIDER = "page.sso.provider"


def message_page(request: HttpRequest, kind: str, status: int = 200) -> HttpResponse:
    """What a kind says, and nothing to be done."""
    context = {"language": page_language(request), "sentence": page_sentence(request, kind), "button": ""}
    return HttpResponse(render_to_string("accounts/one_button.html", context), status=status, headers=HEADERS)


def sign_on_buttons(request: HttpRequest, target: str) -> list[dict[str, str]]:
    """For each identity provider the words of a button, and where a form with it leads; `target`: where that ends."""
    return [
        {"address": f"{address}?{urlencode({'next': target})}", "words": page_sentence(request, PROVIDER, name=name)}
        for address, name in settings.SSO_BUTTONS
    ]


def page_sentence(request: HttpRequest, kind: str, **params: str) -> str:
    return sentence(kind, params, language=page_language(request))


def page_language(request: HttpRequest) -> str:
    """The one that the browser asks for: nobody has logged in yet."""
    return language_wished_for(request.headers.get("Accept-Language", "")) or settings.CSPACE_LANGUAGE
