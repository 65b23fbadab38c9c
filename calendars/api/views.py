"""Calendars and what stands in them over HTTP (contract Room Booking §8)."""

from zoneinfo import ZoneInfo

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.viewsets import CallerViewSet
from calendars.api.authentication import OPENED_BY, KeyOrTokenAuthentication
from calendars.api.serializers import (
    SLUG_IN_PATH,
    CalendarEventList,
    CalendarEventsQuery,
    CalendarList,
    CalendarOutput,
    ImportInput,
    SyncOutput,
    bounds,
)
from calendars.models import Calendar
from calendars.queries.calendars import LOADED, calendar_used_by
from calendars.queries.listing import DateView, dates_in_calendar
from calendars.rules import MAX_FILE_BYTES
from calendars.services.remote import RemoteFailed
from calendars.services.syncing import CalendarIsLocal, CalendarIsSubscribed, import_file, sync_calendar
from calendars.services.taking_in import SyncReport
from kernel import clock
from kernel.api.errors import envelope
from kernel.api.operations import Operation, RequestBody
from kernel.api.permissions import LoggedIn
from kernel.api.uploads import FORM, FormParser
from kernel.errors import ErrorCode, Invalid

NEVER_DRY = "A synchronisation cannot be tried out"
CALENDAR_FILE: RequestBody = {
    FORM: {
        "type": "object",
        "properties": {"file": {"type": "string", "format": "binary"}},
        "required": ["file"],
        "example": {"file": "BEGIN:VCALENDAR\r\n…\r\nEND:VCALENDAR\r\n"},
    }
}


class CalendarViewSet(CallerViewSet):
    """To synchronise again does no harm, and what a server is told is not taken back: so no key, and no dry run."""

    tag = "calendars"
    takes_keys = False
    authentication_classes = (KeyOrTokenAuthentication,)
    path_example = SLUG_IN_PATH

    @Operation(
        LoggedIn, responses=CalendarList, auth=OPENED_BY, description="Those that the caller uses; cspace uses all."
    )
    def list(self, request: Request) -> Response:
        mine = Calendar.objects.used_by(self.access).select_related(*LOADED)
        return self.listing(mine.order_by("slug"), CalendarOutput)

    @Operation(
        LoggedIn,
        parameters=[CalendarEventsQuery],
        responses=CalendarEventList,
        is_paged=True,
        auth=OPENED_BY,
        description=(
            "One row for each date that overlaps the time from `start` to `end`: days, of which both are included, or"
            " instants; 31 days from now, at most 366. Of one that is said alone, 31 days from there."
        ),
    )
    def events(self, request: Request, slug: str) -> Response:
        calendar = calendar_used_by(self.access, slug)
        zone, now = ZoneInfo(calendar.timezone), clock.now()
        query = self.query(CalendarEventsQuery, zone=zone)
        response = self.listing(dates_in_calendar(calendar, bounds(query, zone=zone, now=now), query.get("state")))
        view = DateView.of(calendar)
        response.data["results"] = [view.shown(row) for row in response.data["results"]]
        return response

    @Operation(
        LoggedIn,
        responses=SyncOutput,
        conflicts=[CalendarIsLocal],
        auth=OPENED_BY,
        description=(
            "Tell its server what has happened here, and read what is new there. At most 20 seconds; a source that does"
            " not answer is a 502 with the same keys, and `error`. It cannot be tried out: `dry_run` is a 400."
        ),
    )
    def sync(self, request: Request, slug: str) -> Response:
        calendar_used_by(self.access, slug)
        if self.is_dry:
            raise Invalid({"dry_run": [NEVER_DRY]})
        try:
            report = sync_calendar(slug=slug, by=self.caller, now=clock.now())
        except RemoteFailed as failure:
            nothing = SyncOutput(SyncReport()).data
            return Response({**nothing, **envelope(str(failure), ErrorCode.SERVICE_UNAVAILABLE)}, status=502)
        return Response(SyncOutput(report).data)


class CalendarImportViewSet(CallerViewSet):
    """The same file again changes nothing, so it takes no key."""

    tag = "calendars"
    path_example = SLUG_IN_PATH
    authentication_classes = (KeyOrTokenAuthentication,)
    parser_classes = (FormParser,)
    takes_keys = False
    largest_upload = MAX_FILE_BYTES

    @Operation(
        LoggedIn,
        request=CALENDAR_FILE,
        responses={200: SyncOutput},
        outcome={"conflicting": 1},
        conflicts=[CalendarIsSubscribed],
        resource="Calendar",
        auth=OPENED_BY,
        description=(
            "Take the events of an `.ics` of at most 10 MiB into a local calendar: one that is there already, by its"
            " UID, becomes what the file says of it; what the file does not have, stays. What cannot be read is one of"
            " the `errors`, and the rest goes in."
        ),
    )
    def create(self, request: Request, slug: str) -> Response:
        calendar_used_by(self.access, slug)
        file = self.body(ImportInput)["file"]
        report = import_file(slug=slug, by=self.caller, now=clock.now(), data=file, charset=file.charset)
        return Response(SyncOutput(report).data)
