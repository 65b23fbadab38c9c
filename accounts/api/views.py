"""Logging in and out, and who one is (contract §1, §2)."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.cookies import check_origin, clear_cookie, put_cookie, read_cookie
from accounts.api.serializers import (
    AccessOutput,
    LoginInput,
    PreferencesInput,
    PreferencesOutput,
    TicketOutput,
    UserList,
    UserOutput,
)
from accounts.api.viewsets import CallerViewSet
from accounts.models import User
from accounts.queries.preferences import asking_for_preferences, preferences_of
from accounts.services.letters import MailIsOff
from accounts.services.preferences import change_preferences
from accounts.services.sessions import Tokens, end_families, exchange, log_in
from accounts.services.tickets import TICKET_SECONDS, issue_ticket
from accounts.services.tokens import read_expired_access, read_refresh
from kernel import clock
from kernel.api.errors import to_response
from kernel.api.operations import Operation
from kernel.api.permissions import Anyone, InCSpace, LoggedIn
from kernel.api.viewsets import ApiViewSet
from kernel.auth_trail import AuthEvent, record, recording_refusals
from kernel.devices import device_mark, remember_device
from kernel.errors import NotAuthenticated
from kernel.requests import client_address
from kernel.throttling import count_try


class SessionViewSet(ApiViewSet):
    """`/auth/*`: the only operations that read or write the refresh cookie."""

    tag = "auth"
    authentication_classes = ()
    repeatable = False

    @Operation(Anyone, request=LoginInput, responses=AccessOutput, auth=[])
    def log_in(self, request: Request) -> Response:
        check_origin(request)
        login, now, address = self.body(LoginInput), clock.now(), client_address(request)
        name = login["username"]
        with recording_refusals(AuthEvent.LOGIN_FAILED, AuthEvent.LOGIN_THROTTLED, name=name):
            tokens = log_in(
                username=name,
                password=login["password"],
                now=now,
                user_agent=request.headers.get("User-Agent", ""),
                address=address,
                device=device_mark(request, name),
            )
        record(AuthEvent.LOGIN, user_id=tokens.user_id, name=name)
        response = _answer(tokens)
        remember_device(request, response, name)
        return response

    @Operation(Anyone, responses=AccessOutput, auth=[{"refreshCookie": []}])
    def refresh(self, request: Request) -> Response:
        check_origin(request)
        try:
            with recording_refusals(AuthEvent.REFRESH_REFUSED, AuthEvent.REFRESH_THROTTLED):
                tokens = self._exchange(request)
        except NotAuthenticated as refusal:
            response = to_response(refusal, {"request": request, "view": self})
            clear_cookie(response)
            return response
        record(AuthEvent.REFRESH, user_id=tokens.user_id)
        return _answer(tokens)

    def _exchange(self, request: Request) -> Tokens:
        token = read_cookie(request)
        if token is None:
            raise NotAuthenticated("missing")
        claims, now = read_refresh(token), clock.now()
        count_try("refresh", str(claims.family), now=now)
        return exchange(jti=claims.jti, now=now)

    @Operation(Anyone, responses={205: None}, auth=[{"bearer": [], "refreshCookie": []}])
    def log_out(self, request: Request) -> Response:
        check_origin(request)
        scheme, _, access = request.headers.get("Authorization", "").partition(" ")
        with recording_refusals(AuthEvent.LOGOUT_REFUSED):
            if scheme.lower() != "bearer":
                raise NotAuthenticated("missing")
            # Genuine is enough, expired or not: a page left open overnight can still be left properly.
            claims = read_expired_access(access.strip())
        end_families({claims.family, *_family_of_cookie(request)}, now=clock.now())
        record(AuthEvent.LOGOUT, user_id=claims.user_id)
        response = Response(status=205)
        clear_cookie(response)
        return response

    def get_authenticate_header(self, request: Request) -> str:
        return "Bearer"


class TicketViewSet(CallerViewSet):
    """Written like a login: never tried out, never repeated."""

    tag = "notifications"
    repeatable = False

    @Operation(
        LoggedIn,
        responses={201: TicketOutput},
        description=(
            "Opens one stream, of one's own notifications or of the rooms, as `?ticket=`: for the `EventSource` of a"
            " browser, which sends no header. Good once, for 30 seconds, while the session lasts that asked for it."
        ),
    )
    def create(self, request: Request) -> Response:
        now = clock.now()
        count_try("write", str(self.caller_id), now=now)
        ticket = issue_ticket(self.claims, now=now)
        return Response({"ticket": ticket, "expires_in": TICKET_SECONDS}, status=201)


class UserViewSet(CallerViewSet):
    tag = "users"

    @Operation(InCSpace, responses=UserList)
    def list(self, request: Request) -> Response:
        return self.listing(User.objects.order_by("username", "id"), UserOutput)

    @Operation(LoggedIn, responses=UserOutput)
    def me(self, request: Request) -> Response:
        return Response(UserOutput().represent(self.caller))


class PreferencesViewSet(CallerViewSet):
    """What the caller wants to be told, how and in which language (contract of streams and mail, §3)."""

    tag = "users"

    @Operation(
        LoggedIn,
        responses=PreferencesOutput,
        ahead=lambda view: [asking_for_preferences(view.asker.user_id)],
    )
    def retrieve(self, request: Request) -> Response:
        return Response(PreferencesOutput(preferences_of(self.caller_id)).data)

    @Operation(
        LoggedIn,
        request=PreferencesInput,
        responses=PreferencesOutput,
        conflicts=[MailIsOff],
        description=(
            "What is not sent stays. Another `email` is shown as `pending_email` until it is confirmed by the link that"
            " is mailed there; the present one ends the waiting, an empty one takes the address away."
        ),
    )
    def partial_update(self, request: Request) -> Response:
        values = self.changes(PreferencesInput)
        preferences = change_preferences(by=self.caller, now=clock.now(), **values)
        return Response(PreferencesOutput(preferences).data)


def _answer(tokens: Tokens) -> Response:
    response = Response({"access": tokens.access})
    if tokens.refresh is not None:
        put_cookie(response, tokens.refresh, expires_at=tokens.refresh_expires_at, now=clock.now())
    return response


def _family_of_cookie(request: Request) -> set[UUID]:
    """Of the session the cookie stands for, which may be a later login than the access token's; empty if none."""
    try:
        token = read_cookie(request)
        return {read_refresh(token).family} if token else set()
    except NotAuthenticated:
        return set()
