"""The addresses of feeds, and what is read there (contracts live §6, Room Booking §8)."""

from hashlib import sha256
from typing import Any
from urllib.parse import quote

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.viewsets import CallerViewSet
from calendars.api.authentication import OPENED_BY, KeyOrTokenAuthentication
from calendars.api.serializers import SLUG_IN_PATH, TOKEN_EXAMPLE, FeedOutput, FeedTokenQuery
from calendars.enums import FeedKind
from calendars.models import CalendarFeed
from calendars.queries.calendars import calendar_used_by
from calendars.queries.feeds import FeedFile, feed_of_bookings, feed_of_calendar, feed_of_classroom
from calendars.rules.feeds import FeedSubject
from calendars.services.feeds import feed_of, renew_feed
from classrooms.api.examples import ROOM_IN_PATH
from classrooms.queries.rooms import classroom_named
from groups.services.groups import GroupNotFound
from groups.services.holding import asking_for_group, group_with_id
from kernel import clock
from kernel.api.conditional import CACHE_CONTROL
from kernel.api.operations import Operation
from kernel.api.permissions import HoldsToken, InCSpace, LoggedIn
from kernel.api.rendering import FastJSONRenderer
from kernel.api.viewsets import DocumentViewSet

API = "/api/v1"
ICS = "text/calendar"
FILE: Any = {(200, ICS): OpenApiTypes.STR}
ADDRESS = (
    "The address at which a calendar program subscribes. Whoever knows it may read the feed without logging in. It"
    " stays the same until it is renewed, and is made when it is asked for the first time."
)
RENEWAL = "Another address: the one before leads nowhere from now on."
CONTENT = (
    "iCalendar (RFC 5545), from 31 days ago to 400 days ahead, with `ETag`. No login: the token is enough. A wrong one,"
    " and one of what is there no more, is a 404."
)


class _AddressViewSet(CallerViewSet):
    """The feed of something: where it is, or another place for it."""

    def address(self, subject: FeedSubject) -> Response:
        feed = feed_of(subject=subject, by=self.caller, now=clock.now())
        return Response(FeedOutput((self.url(feed), feed)).data)

    def other_address(self, subject: FeedSubject) -> Response:
        feed = renew_feed(subject=subject, by=self.caller, now=clock.now())
        answer = FeedOutput((self.url(feed), feed)).data
        return Response(dict.fromkeys(answer) if self.is_dry else answer)

    def url(self, feed: CalendarFeed) -> str:
        """Relative."""
        return f"{API}/feeds/{feed.token}.ics"


class OwnFeedViewSet(_AddressViewSet):
    tag = "users"

    @Operation(LoggedIn, responses=FeedOutput, description=ADDRESS)
    def retrieve(self, request: Request) -> Response:
        return self.address(self._subject)

    @Operation(LoggedIn, responses=FeedOutput, description=RENEWAL)
    def renew(self, request: Request) -> Response:
        return self.other_address(self._subject)

    @property
    def _subject(self) -> FeedSubject:
        return FeedSubject(FeedKind.USER, self.caller.pk, self.caller.username)


class GroupFeedViewSet(_AddressViewSet):
    tag = "groups"

    @Operation(
        LoggedIn,
        responses=FeedOutput,
        resource="Group",
        description=ADDRESS,
        ahead=lambda view, pk: [asking_for_group(pk)],
    )
    def retrieve(self, request: Request, pk: int) -> Response:
        return self.address(self._subject(pk))

    @Operation(
        LoggedIn,
        responses=FeedOutput,
        resource="Group",
        description=RENEWAL,
        ahead=lambda view, pk: [asking_for_group(pk)],
    )
    def renew(self, request: Request, pk: int) -> Response:
        return self.other_address(self._subject(pk))

    def _subject(self, group_id: int) -> FeedSubject:
        group = group_with_id(group_id)
        if group is None:
            raise GroupNotFound
        return FeedSubject(FeedKind.GROUP, group.pk, group.name)


class ClassroomFeedViewSet(_AddressViewSet):
    tag = "classrooms"
    path_example = ROOM_IN_PATH

    @Operation(InCSpace, responses=FeedOutput, resource="Classroom", description=ADDRESS)
    def retrieve(self, request: Request, name: str) -> Response:
        return self.address(self._subject(name))

    @Operation(InCSpace, responses=FeedOutput, resource="Classroom", description=RENEWAL)
    def renew(self, request: Request, name: str) -> Response:
        return self.other_address(self._subject(name))

    def url(self, feed: CalendarFeed) -> str:
        return f"{API}/classrooms/{quote(self.kwargs['name'], safe='')}/feed.ics?token={feed.token}"

    def _subject(self, name: str) -> FeedSubject:
        room = classroom_named(name)
        return FeedSubject(FeedKind.CLASSROOM, room.pk, room.name)


class CalendarFeedViewSet(_AddressViewSet):
    tag = "calendars"
    authentication_classes = (KeyOrTokenAuthentication,)
    path_example = SLUG_IN_PATH

    @Operation(LoggedIn, responses=FeedOutput, resource="Calendar", auth=OPENED_BY, description=ADDRESS)
    def retrieve(self, request: Request, slug: str) -> Response:
        return self.address(self._subject(slug))

    @Operation(LoggedIn, responses=FeedOutput, resource="Calendar", auth=OPENED_BY, description=RENEWAL)
    def renew(self, request: Request, slug: str) -> Response:
        return self.other_address(self._subject(slug))

    def url(self, feed: CalendarFeed) -> str:
        return f"{API}/calendars/{self.kwargs['slug']}/feed.ics?token={feed.token}"

    def _subject(self, slug: str) -> FeedSubject:
        calendar = calendar_used_by(self.access, slug)
        return FeedSubject(FeedKind.CALENDAR, calendar.pk, calendar.slug)


class Ics(BaseRenderer):
    """Named for the negotiation only: the file is sent as it is."""

    media_type = ICS
    format = "ics"


class _FileViewSet(DocumentViewSet):
    """Nobody logs in here, and no cookie is read."""

    authentication_classes = ()
    repeatable = False
    renderer_classes = [FastJSONRenderer, Ics]

    def file(self, feed: FeedFile) -> HttpResponseBase:
        """The same text has the same tag, whoever has written it."""
        data = feed.text.encode()
        tag = f'"{sha256(data).hexdigest()}"'
        headers = {
            "ETag": tag,
            "Cache-Control": CACHE_CONTROL,
            "Content-Disposition": content_disposition_header(False, f"{feed.name}.ics") or "inline",
        }
        response = HttpResponse(data, content_type=f"{ICS}; charset=utf-8", headers=headers)
        conditional: Any = get_conditional_response(self.request, etag=tag, response=response)
        return response if conditional is None else conditional

    @property
    def token(self) -> str:
        """Of the query string. Raises: ValidationError, if there is none."""
        token: str = self.query(FeedTokenQuery)["token"]
        return token


class BookingFeedViewSet(_FileViewSet):
    tag = "users"
    path_example = {"token": TOKEN_EXAMPLE}

    @Operation(HoldsToken, responses=FILE, resource="Feed", auth=[], description=f"Of a person or group. {CONTENT}")
    def retrieve(self, request: Request, token: str) -> HttpResponseBase:
        return self.file(feed_of_bookings(token, now=clock.now()))


class CalendarFileViewSet(_FileViewSet):
    tag = "calendars"
    path_example = SLUG_IN_PATH

    @Operation(
        HoldsToken,
        parameters=[FeedTokenQuery],
        responses=FILE,
        resource="Feed",
        auth=[],
        description=f"{CONTENT} What waits for its room is TENTATIVE, with `X-CSPACE-STATE:CONFLICTING`.",
    )
    def retrieve(self, request: Request, slug: str) -> HttpResponseBase:
        return self.file(feed_of_calendar(slug, self.token, now=clock.now()))


class ClassroomFileViewSet(_FileViewSet):
    tag = "classrooms"
    path_example = ROOM_IN_PATH

    @Operation(
        HoldsToken,
        parameters=[FeedTokenQuery],
        responses=FILE,
        resource="Feed",
        auth=[],
        description=f"{CONTENT} The dates of its calendars; whatever else the room is used for is `Busy`.",
    )
    def retrieve(self, request: Request, name: str) -> HttpResponseBase:
        return self.file(feed_of_classroom(name, self.token, now=clock.now()))
