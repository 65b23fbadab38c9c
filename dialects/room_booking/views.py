"""The calls. What goes wrong is raised; `envelope` words it for this wire."""

from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.views import View

from accounts.enums import ApiPermission
from accounts.models import User
from calendars.queries.calendars import calendar_used_by
from calendars.queries.clearing_json import clearing_report, use_item
from calendars.queries.winners import EventOverlaps
from calendars.rules.numbers import short
from calendars.services.clearing import calendars_to_clear
from calendars.services.clearings import clear_bookings
from calendars.services.creating import create_event, delete_event
from calendars.services.remote import RemoteFailed
from dialects.room_booking.bodies import object_in
from dialects.room_booking.clearing_query import is_test_in, slugs_in
from dialects.room_booking.envelope import WrongValues
from dialects.room_booking.keys import holder_of_key
from dialects.room_booking.openapi import document_text
from dialects.room_booking.wishes import wish_in, wrong_values
from kernel import clock
from kernel.auth_trail import AuthEvent, recording_refusals
from kernel.errors import Invalid, PermissionDenied
from kernel.read_throttling import count_read
from kernel.requests import name_actor


class KeyView(View):
    """For whoever shows an API key that permits it. Of what is wrong the first is said: who asks, how, what he may."""

    permission: ClassVar[ApiPermission]
    person: User

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with recording_refusals(AuthEvent.DENIED):
            holder = holder_of_key(request.headers.get("Authorization", ""), now=clock.now())
        name_actor(request, holder.user.pk)
        method = str(request.method).lower()
        if method not in self.http_method_names:
            return self.http_method_not_allowed(request)
        if self.permission not in holder.permissions:
            raise PermissionDenied
        self.person = holder.user
        try:
            answer: HttpResponseBase = getattr(self, method)(request, *args, **kwargs)
        except WrongValues as refusal:
            return JsonResponse(refusal.body, status=422)
        return answer


class NewEventView(KeyView):
    permission = ApiPermission.EVENTS
    http_method_names = ["post"]

    def post(self, request: HttpRequest, calendar: str) -> HttpResponseBase:
        zone = calendar_used_by(self.person.access, calendar).timezone
        wish = wish_in(object_in(request), ZoneInfo(zone))
        try:
            created = create_event(slug=calendar, by=self.person, now=clock.now(), wish=wish)
        except Invalid as refusal:
            raise wrong_values(refusal.details) from refusal
        except EventOverlaps as refusal:
            winner = use_item(refusal.use, zone)
            body = {"detail": refusal.message, "code": refusal.code, "overlaps_with": winner}
            return JsonResponse(body, status=409)
        name = short(created.event.public_id)
        headers = {"Location": f"/api/{calendar}/events/{name}", "X-Event-State": created.state.value}
        return JsonResponse({"id": name}, status=201, headers=headers)


class EventView(KeyView):
    permission = ApiPermission.EVENTS
    http_method_names = ["delete"]

    def delete(self, request: HttpRequest, calendar: str, event_id: str) -> HttpResponseBase:
        """A body, which some clients send, is passed over."""
        delete_event(slug=calendar, name=event_id, by=self.person, now=clock.now())
        return _nothing()


class ClearBookingsView(KeyView):
    permission = ApiPermission.CLEAR
    http_method_names = ["delete"]

    def delete(self, request: HttpRequest) -> HttpResponseBase:
        slugs = slugs_in(request.GET)
        try:
            is_test = is_test_in(request.GET)
        except WrongValues:
            calendars_to_clear(self.person, slugs)  # one that is unknown is told of before
            raise
        try:
            clearing = clear_bookings(by=self.person, now=clock.now(), slugs=slugs, is_test=is_test)
        except RemoteFailed as failure:
            return JsonResponse({"detail": failure.sentence}, status=502)
        return JsonResponse(clearing_report(clearing))


class DocumentView(View):
    """The OpenAPI document, for everybody."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest) -> HttpResponseBase:
        count_read(request)
        text, tag = document_text()
        response = HttpResponse(text, content_type="application/json")
        response["ETag"], response["Cache-Control"] = tag, "public, max-age=300"
        return get_conditional_response(request, etag=tag, response=response) or response


def _nothing() -> HttpResponse:
    response = HttpResponse(status=204)
    del response["Content-Type"]
    return response
