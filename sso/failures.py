"""Why nobody has signed on, and what is said of it: one page and one line of the trail for each cause."""

from collections.abc import Mapping
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse

from accounts.api.pages import message_page
from kernel.auth_trail import AuthEvent, record
from kernel.errors import RateLimited

BAD_TARGET, BAD_STATE, CANCELLED = "bad_target", "bad_state", "cancelled"
REFUSED, UNREACHABLE, NONSENSE = "refused_by_provider", "provider_unreachable", "provider_unintelligible"
UNKNOWN, UNVERIFIED, NOT_ADMITTED = "unknown_identity", "unverified_email", "not_admitted"
RETRY_SECONDS = 10
PAGES: Mapping[str, tuple[str, HTTPStatus]] = {
    BAD_TARGET: ("page.sso.no_login", HTTPStatus.BAD_REQUEST),
    BAD_STATE: ("page.sso.over", HTTPStatus.BAD_REQUEST),
    CANCELLED: ("page.sso.nobody", HTTPStatus.BAD_REQUEST),
    REFUSED: ("page.sso.nobody", HTTPStatus.BAD_REQUEST),
    UNKNOWN: ("page.sso.nobody", HTTPStatus.BAD_REQUEST),
    UNVERIFIED: ("page.sso.unverified", HTTPStatus.FORBIDDEN),
    NOT_ADMITTED: ("page.sso.not_admitted", HTTPStatus.FORBIDDEN),
    UNREACHABLE: ("page.sso.unreachable", HTTPStatus.SERVICE_UNAVAILABLE),
    NONSENSE: ("page.sso.unreachable", HTTPStatus.SERVICE_UNAVAILABLE),
}


class SignOnFailed(Exception):
    """Nobody has signed on, for one of the reasons above."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def failure_page(request: HttpRequest, failure: SignOnFailed, *, via: str) -> HttpResponse:
    """`fault`: the kind of error that it came of; what that says may have a secret in it."""
    fault = type(failure.__cause__).__name__ if failure.__cause__ else None
    record(AuthEvent.LOGIN_FAILED, reason=failure.reason, via=via, fault=fault)
    kind, status = PAGES[failure.reason]
    response = message_page(request, kind, status)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response["Retry-After"] = str(RETRY_SECONDS)
    return response


def throttled_page(request: HttpRequest, refusal: RateLimited, *, via: str) -> HttpResponse:
    record(AuthEvent.LOGIN_THROTTLED, via=via)
    response = message_page(request, "page.sso.too_often", HTTPStatus.TOO_MANY_REQUESTS)
    response["Retry-After"] = str(refusal.retry_after)
    return response
