"""Who may do what: every operation of the API as five people, in one table taken from the contract.

The order of answers is 401, 403 (role), 404, 403 (object), 400, 409: a refused request is refused whatever its body.
"""

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine

from accounts.services.unsubscribing import unsubscribe_token
from allocations.services.distributing import distribute
from allocations.services.progress import end_event
from auditlog.models import LogEntry
from calendars.enums import CalendarSource, FeedKind
from calendars.models import Calendar
from calendars.rules.feeds import FeedSubject
from calendars.services.feeds import feed_of
from classrooms.services.closures import close_rooms
from groups.services.joining import issue_join_token
from kernel import clock
from kernel.campus_time import campus_interval
from notifications.models import Notification
from policies.queries.rulebook import renew_rulebook
from registrations.services.cancelling import cancel_registration
from tests.accounts.mailing import waiting_for
from tests.allocations.scenes import MONDAY, WEDNESDAY, make_entry, make_event
from tests.calendars.files import IMPORTED, as_form, standing_file
from tests.conftest import DOCUMENT_TIME
from tests.factories import (
    PASSWORD,
    cspace_group,
    join,
    make_classroom,
    make_group,
    make_registration,
    make_series,
    make_user,
)
from tests.factories.calendars import make_calendar
from tests.factories.timetables import make_course, make_plan
from tests.once import built_once
from tests.policies.scenes import make_mark, make_rule
from tests.routes import operation, operations
from tests.webhooks.scenes import make_webhook

pytestmark = pytest.mark.usefixtures("document_clock", "reachable_calendars")

ACTORS = ("anonymous", "stranger", "member", "group_admin", "cspace")
"""Logged in without a group; a member and an admin of {team}; a plain member of the system group."""

EVERYBODY = (200, 200, 200, 200, 200)
LOGGED_IN = (401, 200, 200, 200, 200)
CSPACE = (401, 403, 403, 403, 200)
CSPACE_CREATES = (401, 403, 403, 403, 201)
CSPACE_DELETES = (401, 403, 403, 403, 204)
NOBODY = (401, 403, 403, 403, 403)
CSPACE_MISSING = (401, 403, 403, 403, 404)
CSPACE_TOO_LATE = (401, 403, 403, 403, 409)
"""Not in the state for it, too early included."""
MISSING = (401, 404, 404, 404, 404)
NOWHERE = (404, 404, 404, 404, 404)
"""For nobody, though nobody has to log in."""

# {team}, {other}, {system}: groups. {members}, {admins}, {cancelled}: registrations for {team}, by the member, by its
# admin, and one the member has cancelled. {…_place}: user-groups. {missing}, {Nowhere}: what does not exist.
MATRIX = {
    # §1 Authentication. The cookie of a refresh is the caller's own.
    ("POST", "auth/token/"): EVERYBODY,
    ("POST", "auth/token/refresh/"): LOGGED_IN,
    ("POST", "auth/logout/"): (401, 205, 205, 205, 205),
    # §2 Users
    ("GET", "users/"): CSPACE,
    ("GET", "users/me/"): LOGGED_IN,
    ("GET", "users/me/preferences/"): LOGGED_IN,
    ("PATCH", "users/me/preferences/"): LOGGED_IN,
    # Whoever has the token that was mailed, logged in or not; without one nobody.
    ("POST", "users/me/email/confirm/"): EVERYBODY,
    ("GET", "confirm-email/?token={confirmation}"): EVERYBODY,
    ("POST", "confirm-email/?token={confirmation}"): EVERYBODY,
    ("GET", "unsubscribe/?token={subscription}"): EVERYBODY,
    ("POST", "unsubscribe/?token={subscription}"): EVERYBODY,
    ("GET", "unsubscribe/?token={Nowhere}"): NOWHERE,
    ("POST", "unsubscribe/?token={Nowhere}"): NOWHERE,
    ("GET", "users/me/user-groups/"): LOGGED_IN,
    ("GET", "users/me/registrations/"): LOGGED_IN,
    # §3 Groups and user-groups
    ("GET", "groups/"): CSPACE,
    ("POST", "groups/"): CSPACE_CREATES,
    ("GET", "groups/{team}/"): (401, 403, 200, 200, 200),
    ("GET", "groups/{other}/"): CSPACE,
    ("GET", "groups/{system}/"): CSPACE,
    ("GET", "groups/{missing}/"): MISSING,
    ("PUT", "groups/{team}/"): CSPACE,
    ("PUT", "groups/{other}/"): CSPACE,
    ("PUT", "groups/{system}/"): CSPACE,
    ("PUT", "groups/{missing}/"): CSPACE_MISSING,
    ("PATCH", "groups/{team}/"): CSPACE,
    ("PATCH", "groups/{missing}/"): CSPACE_MISSING,
    ("DELETE", "groups/{team}/"): CSPACE_DELETES,
    ("DELETE", "groups/{system}/"): NOBODY,
    ("DELETE", "groups/{missing}/"): CSPACE_MISSING,
    ("POST", "groups/{team}/user-groups/"): (401, 403, 403, 201, 201),
    ("POST", "groups/{other}/user-groups/"): CSPACE_CREATES,
    ("POST", "groups/{system}/user-groups/"): NOBODY,
    ("POST", "groups/{missing}/user-groups/"): MISSING,
    ("POST", "groups/{team}/join-token/"): (401, 403, 403, 201, 201),
    ("POST", "groups/{other}/join-token/"): CSPACE_CREATES,
    ("POST", "groups/{system}/join-token/"): NOBODY,
    ("POST", "groups/{missing}/join-token/"): MISSING,
    # Whoever has the token of a group.
    ("POST", "groups/join/"): LOGGED_IN,
    ("GET", "user-groups/"): CSPACE,
    ("GET", "user-groups/{members_place}/"): (401, 403, 200, 200, 200),
    ("GET", "user-groups/{foreign_place}/"): CSPACE,
    ("GET", "user-groups/{missing}/"): MISSING,
    ("PUT", "user-groups/{members_place}/"): (401, 403, 403, 200, 200),
    ("PUT", "user-groups/{foreign_place}/"): CSPACE,
    ("PUT", "user-groups/{cspace_place}/"): NOBODY,
    ("PUT", "user-groups/{missing}/"): MISSING,
    ("PATCH", "user-groups/{members_place}/"): (401, 403, 403, 200, 200),
    ("PATCH", "user-groups/{foreign_place}/"): CSPACE,
    ("PATCH", "user-groups/{cspace_place}/"): NOBODY,
    ("DELETE", "user-groups/{members_place}/"): (401, 403, 204, 204, 204),
    ("DELETE", "user-groups/{foreign_place}/"): CSPACE_DELETES,
    ("DELETE", "user-groups/{cspace_place}/"): CSPACE_DELETES,
    ("DELETE", "user-groups/{cspace_admins_place}/"): NOBODY,
    ("DELETE", "user-groups/{missing}/"): MISSING,
    # §4 Classrooms
    ("GET", "classrooms/"): LOGGED_IN,
    ("POST", "classrooms/"): CSPACE_CREATES,
    ("GET", "classrooms/free/"): LOGGED_IN,
    ("GET", "classrooms/floor-plan.svg/?floor=2"): LOGGED_IN,
    ("GET", "classrooms/floor-plan.svg/?floor={missing}"): MISSING,
    ("GET", "classrooms/utilisation/?start_date=2026-02-01&end_date=2026-02-28"): CSPACE,
    ("GET", "classrooms/{room}/"): LOGGED_IN,
    ("GET", "classrooms/{Nowhere}/"): MISSING,
    ("PUT", "classrooms/{room}/"): CSPACE,
    ("PUT", "classrooms/{Nowhere}/"): CSPACE_MISSING,
    ("PATCH", "classrooms/{room}/"): CSPACE,
    ("DELETE", "classrooms/{unused_room}/"): CSPACE_DELETES,
    ("DELETE", "classrooms/{Nowhere}/"): CSPACE_MISSING,
    ("GET", "classrooms/{room}/agenda/"): LOGGED_IN,
    ("GET", "classrooms/{Nowhere}/agenda/"): MISSING,
    ("GET", "classrooms/{room}/availability/"): LOGGED_IN,
    ("GET", "classrooms/{Nowhere}/availability/"): MISSING,
    ("GET", "classrooms/{room}/closures/"): LOGGED_IN,
    ("POST", "classrooms/{room}/closures/"): CSPACE_CREATES,
    ("POST", "classrooms/{Nowhere}/closures/"): CSPACE_MISSING,
    ("DELETE", "classrooms/{room}/closures/{closure}/"): CSPACE_DELETES,
    ("DELETE", "classrooms/{unused_room}/closures/{closure}/"): CSPACE_MISSING,
    ("POST", "closures/"): CSPACE_CREATES,
    # §5 Registrations
    ("GET", "registrations/"): CSPACE,
    ("POST", "registrations/"): (401, 403, 201, 201, 201),
    ("POST", "registrations/check/"): LOGGED_IN,
    ("GET", "registrations/{members}/"): (401, 403, 200, 403, 200),
    ("GET", "registrations/{admins}/"): (401, 403, 403, 200, 200),
    ("GET", "registrations/{cancelled}/"): (401, 403, 404, 403, 200),
    ("GET", "registrations/{missing}/"): MISSING,
    ("PUT", "registrations/{members}/"): (401, 403, 200, 403, 200),
    ("PUT", "registrations/{admins}/"): (401, 403, 403, 200, 200),
    ("PUT", "registrations/{cancelled}/"): (401, 403, 404, 403, 409),
    ("PUT", "registrations/{missing}/"): MISSING,
    ("PATCH", "registrations/{members}/"): (401, 403, 200, 403, 200),
    ("PATCH", "registrations/{admins}/"): (401, 403, 403, 200, 200),
    ("DELETE", "registrations/{members}/"): (401, 403, 204, 403, 204),
    ("DELETE", "registrations/{admins}/"): (401, 403, 403, 204, 204),
    ("DELETE", "registrations/{missing}/"): MISSING,
    ("POST", "registrations/{members}/approve/"): CSPACE,
    ("POST", "registrations/{cancelled}/approve/"): (401, 403, 403, 403, 409),
    ("POST", "registrations/{missing}/approve/"): CSPACE_MISSING,
    ("POST", "registrations/{members}/reject/"): CSPACE,
    ("POST", "registrations/{cancelled}/reject/"): (401, 403, 403, 403, 409),
    ("POST", "registrations/{missing}/reject/"): CSPACE_MISSING,
    # §6 Allocation events. {event} is open, with an entry of {team} and one of {other}; {drawn} is distributed.
    ("GET", "allocation-events/"): LOGGED_IN,
    ("POST", "allocation-events/"): CSPACE_CREATES,
    ("GET", "allocation-events/{event}/"): LOGGED_IN,
    ("GET", "allocation-events/{missing}/"): MISSING,
    ("PUT", "allocation-events/{event}/"): CSPACE,
    ("PUT", "allocation-events/{closed}/"): CSPACE_TOO_LATE,
    ("PUT", "allocation-events/{missing}/"): CSPACE_MISSING,
    ("PATCH", "allocation-events/{event}/"): CSPACE,
    ("PATCH", "allocation-events/{missing}/"): CSPACE_MISSING,
    ("DELETE", "allocation-events/{upcoming}/"): CSPACE_DELETES,
    ("DELETE", "allocation-events/{event}/"): CSPACE_TOO_LATE,
    ("DELETE", "allocation-events/{missing}/"): CSPACE_MISSING,
    ("POST", "allocation-events/{event}/end/"): CSPACE,
    ("POST", "allocation-events/{closed}/end/"): CSPACE,
    ("POST", "allocation-events/{upcoming}/end/"): CSPACE_TOO_LATE,
    ("POST", "allocation-events/{missing}/end/"): CSPACE_MISSING,
    ("POST", "allocation-events/{event}/cancel/"): CSPACE,
    ("POST", "allocation-events/{missing}/cancel/"): CSPACE_MISSING,
    ("PUT", "allocation-events/{event}/weights/"): CSPACE,
    ("PUT", "allocation-events/{closed}/weights/"): CSPACE_TOO_LATE,
    ("PUT", "allocation-events/{missing}/weights/"): CSPACE_MISSING,
    ("POST", "allocation-events/{closed}/distribute/"): CSPACE,
    ("POST", "allocation-events/{drawn}/distribute/"): CSPACE,
    ("POST", "allocation-events/{event}/distribute/"): CSPACE_TOO_LATE,
    ("POST", "allocation-events/{missing}/distribute/"): CSPACE_MISSING,
    ("POST", "allocation-events/{drawn}/promote/"): CSPACE,
    ("POST", "allocation-events/{event}/promote/"): CSPACE_TOO_LATE,
    ("POST", "allocation-events/{missing}/promote/"): CSPACE_MISSING,
    ("GET", "allocation-events/{event}/unavailable-dates/"): LOGGED_IN,
    ("GET", "allocation-events/{missing}/unavailable-dates/"): MISSING,
    ("GET", "allocation-events/{event}/room-agenda/"): CSPACE,
    ("GET", "allocation-events/{missing}/room-agenda/"): CSPACE_MISSING,
    ("GET", "allocation-events/{event}/draw/"): LOGGED_IN,
    ("GET", "allocation-events/{missing}/draw/"): MISSING,
    ("GET", "allocation-events/{drawn}/draw/manifest/"): LOGGED_IN,
    ("GET", "allocation-events/{event}/draw/manifest/"): MISSING,
    ("GET", "allocation-events/{drawn}/draw/result/"): LOGGED_IN,
    ("GET", "allocation-events/{closed}/draw/result/"): MISSING,
    ("GET", "allocation-events/{event}/draw/verifier/"): LOGGED_IN,
    ("GET", "allocation-events/{missing}/draw/verifier/"): MISSING,
    # Entries: of one's own group, or any for cspace. An entry under another event's address is not there.
    ("GET", "allocation-events/{event}/registrations/"): LOGGED_IN,
    ("GET", "allocation-events/{event}/registrations/?user=member"): CSPACE,
    ("GET", "allocation-events/{missing}/registrations/"): MISSING,
    ("POST", "allocation-events/{event}/registrations/"): (401, 403, 201, 201, 201),
    ("POST", "allocation-events/{upcoming}/registrations/"): (401, 403, 409, 409, 409),
    ("POST", "allocation-events/{closed}/registrations/"): (401, 403, 409, 409, 409),
    ("POST", "allocation-events/{missing}/registrations/"): (401, 403, 404, 404, 404),
    ("GET", "allocation-events/{event}/registrations/{own_entry}/"): (401, 403, 200, 200, 200),
    ("GET", "allocation-events/{event}/registrations/{foreign_entry}/"): CSPACE,
    ("GET", "allocation-events/{event}/registrations/{missing}/"): MISSING,
    ("GET", "allocation-events/{drawn}/registrations/{own_entry}/"): MISSING,
    ("PUT", "allocation-events/{event}/registrations/{own_entry}/"): (401, 403, 200, 200, 200),
    ("PUT", "allocation-events/{event}/registrations/{foreign_entry}/"): CSPACE,
    ("PUT", "allocation-events/{drawn}/registrations/{own_drawn}/"): (401, 403, 409, 409, 409),
    ("PUT", "allocation-events/{drawn}/registrations/{own_entry}/"): MISSING,
    ("PATCH", "allocation-events/{event}/registrations/{own_entry}/"): (401, 403, 200, 200, 200),
    ("PATCH", "allocation-events/{event}/registrations/{foreign_entry}/"): CSPACE,
    ("PATCH", "allocation-events/{drawn}/registrations/{own_entry}/"): MISSING,
    ("DELETE", "allocation-events/{event}/registrations/{own_entry}/"): (401, 403, 204, 204, 204),
    ("DELETE", "allocation-events/{event}/registrations/{foreign_entry}/"): CSPACE_DELETES,
    ("DELETE", "allocation-events/{drawn}/registrations/{own_drawn}/"): (401, 403, 409, 409, 409),
    ("DELETE", "allocation-events/{drawn}/registrations/{own_entry}/"): MISSING,
    ("POST", "allocation-events/{event}/registrations/{own_entry}/approve/"): CSPACE,
    ("POST", "allocation-events/{event}/registrations/{missing}/approve/"): CSPACE_MISSING,
    ("POST", "allocation-events/{drawn}/registrations/{own_entry}/approve/"): CSPACE_MISSING,
    ("POST", "allocation-events/{event}/registrations/{own_entry}/reject/"): CSPACE,
    ("POST", "allocation-events/{event}/registrations/{missing}/reject/"): CSPACE_MISSING,
    ("POST", "allocation-events/{drawn}/registrations/{own_entry}/reject/"): CSPACE_MISSING,
    ("POST", "allocation-events/{drawn}/registrations/{own_drawn}/withdraw/"): (401, 403, 200, 200, 200),
    ("POST", "allocation-events/{drawn}/registrations/{foreign_drawn}/withdraw/"): CSPACE,
    ("POST", "allocation-events/{event}/registrations/{own_entry}/withdraw/"): (401, 403, 409, 409, 409),
    ("POST", "allocation-events/{event}/registrations/{missing}/withdraw/"): MISSING,
    ("GET", "allocation-events/{drawn}/registrations/{own_drawn}/alternatives/"): (401, 403, 200, 200, 200),
    ("GET", "allocation-events/{drawn}/registrations/{foreign_drawn}/alternatives/"): CSPACE,
    ("GET", "allocation-events/{event}/registrations/{own_entry}/alternatives/"): (401, 403, 409, 409, 409),
    ("GET", "allocation-events/{event}/registrations/{missing}/alternatives/"): MISSING,
    # policy.md §1 Booking rules, §6 Marks. {mark} is the group's.
    ("GET", "booking-rules/"): LOGGED_IN,
    ("GET", "booking-rules/?all=true"): CSPACE,
    ("POST", "booking-rules/"): CSPACE_CREATES,
    ("PUT", "booking-rules/{rule}/"): CSPACE,
    ("PUT", "booking-rules/{missing}/"): CSPACE_MISSING,
    ("PATCH", "booking-rules/{rule}/"): CSPACE,
    ("PATCH", "booking-rules/{missing}/"): CSPACE_MISSING,
    ("DELETE", "booking-rules/{rule}/"): CSPACE_DELETES,
    ("DELETE", "booking-rules/{missing}/"): CSPACE_MISSING,
    ("GET", "users/me/quota/"): LOGGED_IN,
    ("GET", "groups/{team}/quota/"): (401, 403, 200, 200, 200),
    ("GET", "groups/{other}/quota/"): CSPACE,
    ("GET", "groups/{system}/quota/"): CSPACE,
    ("GET", "groups/{missing}/quota/"): MISSING,
    ("GET", "users/me/marks/"): LOGGED_IN,
    ("GET", "groups/{team}/marks/"): (401, 403, 200, 200, 200),
    ("GET", "groups/{other}/marks/"): CSPACE,
    ("GET", "groups/{system}/marks/"): CSPACE,
    ("GET", "groups/{missing}/marks/"): MISSING,
    ("POST", "marks/"): CSPACE_CREATES,
    ("DELETE", "marks/{mark}/?reason=ill"): CSPACE_DELETES,
    ("DELETE", "marks/{missing}/?reason=ill"): CSPACE_MISSING,
    # §7 Batch allocation
    ("GET", "batch-allocations/"): CSPACE,
    ("POST", "batch-allocations/"): CSPACE_CREATES,
    ("GET", "batch-allocations/{series}/"): CSPACE,
    ("GET", "batch-allocations/{missing}/"): CSPACE_MISSING,
    ("PUT", "batch-allocations/{series}/"): CSPACE,
    ("PUT", "batch-allocations/{missing}/"): CSPACE_MISSING,
    ("PATCH", "batch-allocations/{series}/"): CSPACE,
    ("PATCH", "batch-allocations/{missing}/"): CSPACE_MISSING,
    ("DELETE", "batch-allocations/{series}/"): CSPACE_DELETES,
    ("DELETE", "batch-allocations/{missing}/"): CSPACE_MISSING,
    ("POST", "batch-allocations/{series}/retry-skipped/"): CSPACE,
    ("POST", "batch-allocations/{missing}/retry-skipped/"): CSPACE_MISSING,
    # occupancy.md: the public timetable in CSpace's own conventions
    ("GET", "courses/"): LOGGED_IN,
    ("GET", "courses/{course}/"): LOGGED_IN,
    ("GET", "courses/{Nowhere}/"): MISSING,
    ("GET", "study-plans/"): LOGGED_IN,
    ("GET", "study-plans/{plan}/"): LOGGED_IN,
    ("GET", "study-plans/{missing}/"): MISSING,
    # §8 Notifications, §9 Logs
    ("GET", "notifications/"): LOGGED_IN,
    ("GET", "notifications/stream/"): LOGGED_IN,
    ("POST", "notifications/stream/ticket/"): (401, 201, 201, 201, 201),
    ("GET", "classrooms/stream/"): LOGGED_IN,
    ("PATCH", "notifications/{members_notice}/"): (401, 404, 200, 404, 404),
    ("PATCH", "notifications/{missing}/"): MISSING,
    ("POST", "notifications/read-all/"): LOGGED_IN,
    ("GET", "logs/"): CSPACE,
    # live §8 Webhooks
    ("GET", "webhooks/"): CSPACE,
    ("POST", "webhooks/"): CSPACE_CREATES,
    ("GET", "webhooks/{webhook}/"): CSPACE,
    ("GET", "webhooks/{missing}/"): CSPACE_MISSING,
    ("PUT", "webhooks/{webhook}/"): CSPACE,
    ("PUT", "webhooks/{missing}/"): CSPACE_MISSING,
    ("PATCH", "webhooks/{webhook}/"): CSPACE,
    ("PATCH", "webhooks/{missing}/"): CSPACE_MISSING,
    ("DELETE", "webhooks/{webhook}/"): CSPACE_DELETES,
    ("DELETE", "webhooks/{missing}/"): CSPACE_MISSING,
    ("POST", "webhooks/{webhook}/rotate-secret/"): CSPACE,
    ("POST", "webhooks/{missing}/rotate-secret/"): CSPACE_MISSING,
    ("POST", "webhooks/{webhook}/test/"): (401, 403, 403, 403, 202),
    ("POST", "webhooks/{silent}/test/"): CSPACE_TOO_LATE,
    ("POST", "webhooks/{missing}/test/"): CSPACE_MISSING,
    ("GET", "webhooks/{webhook}/deliveries/"): CSPACE,
    ("GET", "webhooks/{missing}/deliveries/"): CSPACE_MISSING,
    # room-booking.md §8 Calendars. {calendar} is the group's. live §6 Feeds: who knows the token reads without a login.
    ("GET", "calendars/"): LOGGED_IN,
    ("GET", "calendars/{calendar}/events/"): (401, 404, 200, 200, 200),
    ("GET", "calendars/{Nowhere}/events/"): MISSING,
    ("POST", "calendars/{remote}/sync/"): (401, 404, 200, 200, 200),
    ("POST", "calendars/{calendar}/sync/"): (401, 404, 409, 409, 409),
    ("POST", "calendars/{Nowhere}/sync/"): MISSING,
    ("POST", "calendars/{calendar}/import/"): (401, 404, 200, 200, 200),
    ("POST", "calendars/{Nowhere}/import/"): MISSING,
    ("GET", "calendars/{calendar}/feed/"): (401, 404, 200, 200, 200),
    ("GET", "calendars/{Nowhere}/feed/"): MISSING,
    ("POST", "calendars/{calendar}/feed/renew/"): (401, 404, 200, 200, 200),
    ("POST", "calendars/{Nowhere}/feed/renew/"): MISSING,
    ("GET", "calendars/{calendar}/feed.ics/?token={calendar_token}"): EVERYBODY,
    ("GET", "calendars/{calendar}/feed.ics/?token={Nowhere}"): NOWHERE,
    ("GET", "users/me/feed/"): LOGGED_IN,
    ("POST", "users/me/feed/renew/"): LOGGED_IN,
    ("GET", "groups/{team}/feed/"): (401, 403, 200, 200, 200),
    ("GET", "groups/{other}/feed/"): CSPACE,
    ("GET", "groups/{system}/feed/"): CSPACE,
    ("GET", "groups/{missing}/feed/"): MISSING,
    ("POST", "groups/{team}/feed/renew/"): (401, 403, 403, 200, 200),
    ("POST", "groups/{other}/feed/renew/"): CSPACE,
    ("POST", "groups/{system}/feed/renew/"): CSPACE,
    ("POST", "groups/{missing}/feed/renew/"): MISSING,
    ("GET", "classrooms/{room}/feed/"): CSPACE,
    ("GET", "classrooms/{Nowhere}/feed/"): CSPACE_MISSING,
    ("POST", "classrooms/{room}/feed/renew/"): CSPACE,
    ("POST", "classrooms/{Nowhere}/feed/renew/"): CSPACE_MISSING,
    ("GET", "classrooms/{room}/feed.ics/?token={room_token}"): EVERYBODY,
    ("GET", "classrooms/{room}/feed.ics/?token={calendar_token}"): NOWHERE,
    ("GET", "feeds/{team_token}.ics/"): EVERYBODY,
    ("GET", "feeds/{room_token}.ics/"): NOWHERE,
}
PUBLIC = {
    "classrooms/",
    "classrooms/free/",
    "classrooms/stream/",
    "classrooms/floor-plan.svg/?floor=2",
    *(f"classrooms/{{room}}/{rest}" for rest in ("", "agenda/", "availability/", "closures/")),
    "courses/",
    "courses/{course}/",
    "study-plans/",
    "study-plans/{plan}/",
    "confirm-email/?token={confirmation}",
    "unsubscribe/?token={subscription}",
    *(path for (_, path), row in MATRIX.items() if row == EVERYBODY and ".ics/" in path),
}
"""What `CSPACE_PUBLIC_READS` opens: the reads of the contract's §4, and the timetable."""
OPENED_MISSING = (
    *("unsubscribe/?token={N", "study-plans/{m", "classrooms/floor-plan.svg/?floor={m"),
    *(path for (_, path), row in MATRIX.items() if row == NOWHERE),
)
"""Open too, but there is nothing: 404 to anybody."""

CODES = {401: "NOT_AUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 409: "INVALID_STATE"}
DAY = date(2026, 2, 1)
SLOT = "?date=2026-02-01&start_time=18:00&end_time=19:00"
CLOSURE = {"starts_at": "2026-02-03T00:00:00Z", "ends_at": "2026-02-03T10:00:00Z"}
RULE = {
    "name": "Two hours at most",
    "who": {"kind": "everybody"},
    "where": {"kind": "everywhere"},
    "limit": {"type": "length", "max_minutes": 120},
}
BODIES: dict[tuple[str, str], Any] = {
    ("POST", "token/"): {"username": "member", "password": PASSWORD},
    ("POST", "groups/"): {"name": "chess-club"},
    ("PUT", "groups/"): {"tags": ["gold"]},
    ("PATCH", "groups/"): {"tags": ["gold"]},
    ("POST", "user-groups/"): {"username": "newcomer"},
    ("PUT", "user-groups/"): {"permissions": "admin"},
    ("PATCH", "user-groups/"): {"permissions": "admin"},
    ("POST", "classrooms/"): {"name": "Room C", "capacity": 30, "floor": 2},
    ("PUT", "classrooms/"): {"capacity": 31},
    ("PATCH", "classrooms/"): {"capacity": 31},
    ("POST", "closures/"): CLOSURE,
    ("POST", "import/"): IMPORTED,
    ("PUT", "registrations/"): {"description": "Reading circle"},
    ("PATCH", "registrations/"): {"description": "Reading circle"},
    ("PATCH", "notifications/"): {"status": "read"},
    ("PATCH", "preferences/"): {"mail": "daily", "daily_at": "07:30"},
    ("POST", "allocation-events/"): {
        "registration_start": "2026-01-15T00:00:00Z",
        "registration_end": "2026-01-30T23:59:59Z",
        "target_start_date": "2026-02-22",
        "target_end_date": "2026-06-12",
    },
    ("PUT", "allocation-events/"): {"registration_end": "2026-01-30T23:59:59Z"},
    ("PATCH", "allocation-events/"): {"registration_end": "2026-01-30T23:59:59Z"},
    ("PUT", "batch-allocations/"): {"description": "Seminar"},
    ("PATCH", "batch-allocations/"): {"description": "Seminar"},
    ("POST", "booking-rules/"): RULE,
    ("PUT", "booking-rules/"): {"name": "Short"},
    ("PATCH", "booking-rules/"): {"name": "Short"},
    ("POST", "marks/"): {"username": "member", "kind": "no_show", "points": 1},
    ("POST", "webhooks/"): {"url": "https://hooks.example.org/cspace", "events": ["registration.*"]},
    ("PUT", "webhooks/"): {"events": ["closure.created"]},
    ("PATCH", "webhooks/"): {"events": ["closure.created"]},
}
"""{(method, last collection of the path): a body that is accepted}."""


def booking(group_id: int | None) -> dict[str, Any]:
    return {
        "classroom": "Room A",
        "group_id": group_id,
        "date": "2026-02-01",
        "start_time": "18:00",
        "end_time": "19:00",
    }


def wish(group_id: int) -> dict[str, Any]:
    return {"classroom": "Room A", "group_id": group_id, "start_time": "9:10", "end_time": "10:20", "day_of_week": 4}


def drawn(event: Any, by: Any) -> int:
    """The event, ended and distributed; its id."""
    end_event(event_id=event.pk, by=by, now=clock.now())
    distribute(event_id=event.pk, by=by, now=clock.now())
    return event.pk


@pytest.fixture(scope="module")
def loaded(django_db_setup, django_db_blocker):
    """The people and what the paths name."""
    with time_machine.travel(DOCUMENT_TIME, tick=False), built_once(django_db_blocker, build) as campus:
        yield campus


@pytest.fixture
def campus(loaded, db):
    for user in loaded.actors.values():
        if user is not None:
            user.forget_access()
    renew_rulebook()
    return loaded


def build() -> SimpleNamespace:
    """What the paths name."""
    team, other, system = make_group("522"), make_group("316"), cspace_group()
    stranger, member, group_admin, cspace, cspace_admin, foreigner = (
        make_user(name) for name in ("stranger", "member", "group_admin", "cspace", "cspace_admin", "foreigner")
    )
    make_user("newcomer")
    places = {
        "members_place": join(member, team).pk,
        "admins_place": join(group_admin, team, "admin").pk,
        "cspace_place": join(cspace, system).pk,
        "cspace_admins_place": join(cspace_admin, system, "admin").pk,
        "foreign_place": join(foreigner, other).pk,
    }
    room = make_classroom("Room A")

    def book(by: Any, hour: int) -> Any:
        return make_registration(by=by, group=team, classroom=room, day=DAY, start=hour * 60, end=hour * 60 + 60)

    members, admins, cancelled = book(member, 8), book(group_admin, 9), book(member, 10)
    cancel_registration(registration_id=cancelled.pk, by=member, now=clock.now())
    (closure,) = close_rooms(by=cspace, now=clock.now(), classrooms=[room], interval=campus_interval(DAY, 1200, 1260))
    notice = Notification.objects.create(user=member, description="x", created_at=clock.now())
    names = {
        **places,
        "team": team.pk,
        "other": other.pk,
        "system": system.pk,
        "room": room.name,
        "course": make_course().code,
        "plan": make_plan().pk,
        "unused_room": make_classroom("Never used").name,
        "closure": closure.pk,
        "members": members.pk,
        "admins": admins.pk,
        "cancelled": cancelled.pk,
        "members_notice": notice.pk,
        "rule": make_rule(cspace, who={"kind": "group", "group_id": other.pk}),
        "mark": make_mark(cspace, team).pk,
        "calendar": make_calendar("physics", group=team, classroom=room).slug,
        "remote": make_calendar(group=team, source=CalendarSource.ICS, source_url=standing_file().url).slug,
        "webhook": make_webhook("group.archived").pk,
        "silent": make_webhook("group.archived", is_active=False).pk,
        "missing": 10**17,
        "Nowhere": "Nowhere",
        "subscription": unsubscribe_token(member.pk),
        "join_token": issue_join_token(group_id=team.pk, by=cspace, now=clock.now()).token,
        "confirmation": waiting_for("ada@example.edu", member),
        **allocations(team, other, room, member, cspace),
    }
    names |= tokens_of_feeds(cspace, team, room)
    actors = dict(zip(ACTORS, (None, stranger, member, group_admin, cspace), strict=True))
    return SimpleNamespace(actors=actors, team=team.pk, other=other.pk, names=names)


def tokens_of_feeds(cspace: Any, team: Any, room: Any) -> dict[str, str]:
    """{name in a path: the token that leads there}."""
    subjects = {
        "team_token": FeedSubject(FeedKind.GROUP, team.pk, team.name),
        "room_token": FeedSubject(FeedKind.CLASSROOM, room.pk, room.name),
        "calendar_token": FeedSubject(FeedKind.CALENDAR, Calendar.objects.get(slug="physics").pk, ""),
    }
    return {name: feed_of(subject=subject, by=cspace, now=clock.now()).token for name, subject in subjects.items()}


def allocations(team: Any, other: Any, room: Any, member: Any, cspace: Any) -> dict[str, int]:
    """A series, and events in every state with entries of both groups: {name in a path: id}."""
    upcoming = make_event(cspace, opens_in=timedelta(hours=1))
    open_event, closed, done = (make_event(cspace) for _ in range(3))
    end_event(event_id=closed.pk, by=cspace, now=clock.now())
    entries = {
        name: make_entry(event, group, room, member, day=day, start=hour * 60, end=hour * 60 + 60).pk
        for name, event, group, day, hour in (
            ("own_entry", open_event, team, MONDAY, 14),
            ("foreign_entry", open_event, other, WEDNESDAY, 14),
            ("own_drawn", done, team, MONDAY, 12),
            ("foreign_drawn", done, other, WEDNESDAY, 12),
        )
    }
    series = make_series(by=cspace, group=team, classroom=room, starts_on=date(2026, 2, 2), weeks=3)

    return entries | {
        "upcoming": upcoming.pk,
        "event": open_event.pk,
        "closed": closed.pk,
        "drawn": drawn(done, cspace),
        "series": series.pk,
    }


def body_for(method: str, path: str, campus: Any) -> Any:
    if (method, path) == ("POST", "registrations/"):
        return booking(campus.team)
    if path == "registrations/check/":
        return booking(None)
    if path == "batch-allocations/":
        dates = {"start_date": "2026-02-03", "end_date": "2026-02-24", "on_conflict": "skip"}
        return wish(campus.team) | {"day_of_week": 3} | dates
    if path.endswith("registrations/") and method == "POST":
        return wish(campus.team)
    if method in ("PUT", "PATCH") and "/registrations/{" in path:
        return {"description": "Reading circle"}
    if path.endswith("weights/"):
        return {str(campus.team): 2}
    if path == "users/me/email/confirm/":
        return {"token": campus.names["confirmation"]}
    if path == "groups/join/":
        return {"token": campus.names["join_token"]}
    if path == "closures/":
        return CLOSURE | {"classrooms": ["Room A", "Never used"]}
    parts = [part for part in path.split("/") if part and not part.startswith("{")]
    return BODIES.get((method, f"{parts[-1]}/"))


def send(method: str, path: str, actor: str, campus: Any, api: Any, body: Any) -> Any:
    client = api(campus.actors[actor])
    if path == "auth/token/refresh/" and client.user is not None:
        client.post("auth/token/", {"username": client.user.username, "password": PASSWORD})
    query = SLOT if path.endswith(("free/", "availability/")) else ""
    query = "?classroom=Room A" if path.endswith(("unavailable-dates/", "room-agenda/")) else query
    content, headers = as_form(body) if path.endswith("import/") else (body, {})
    return client(method, path.format(**campus.names) + query, content, **headers)


CELLS = [
    pytest.param(method, path, actor, status, id=f"{method} {path} as {actor}")
    for (method, path), row in MATRIX.items()
    for actor, status in zip(ACTORS, row, strict=True)
]


@pytest.mark.parametrize(("method", "path", "actor", "status"), CELLS)
def test_a_cell(method, path, actor, status, campus, api):
    before = LogEntry.objects.count()
    # A refusal does not look at the body; the group of a booking stands in it.
    bodies = [body_for(method, path, campus)] + ([None] if status in (401, 403, 404) and method != "GET" else [])
    for body in bodies:
        response = send(method, path, actor, campus, api, body)
        assert response.status_code == status, response.content
        if status >= 400:
            assert response.json()["code"] == CODES[status]
            assert LogEntry.objects.count() == before


FOREIGN = [
    ("POST", "registrations/", booking, CSPACE_CREATES),
    ("PUT", "registrations/{members}/", lambda group_id: {"group_id": group_id}, CSPACE),
    ("POST", "allocation-events/{event}/registrations/", wish, CSPACE_CREATES),
    ("PUT", "allocation-events/{event}/registrations/{own_entry}/", lambda group_id: {"group_id": group_id}, CSPACE),
]
"""Writes whose body names a group: (method, path, body for a group, what each actor gets for a foreign one)."""


@pytest.mark.parametrize(("method", "path", "body", "row"), FOREIGN)
@pytest.mark.parametrize("actor", ACTORS)
def test_a_foreign_group_in_the_body(method, path, body, row, actor, campus, api):
    status = dict(zip(ACTORS, row, strict=True))[actor]
    before = LogEntry.objects.count()
    response = send(method, path, actor, campus, api, body(campus.other))
    assert response.status_code == status, response.content
    if status >= 400:
        assert response.json()["code"] == CODES[status]
    assert LogEntry.objects.count() == before + (status < 300)


@pytest.mark.parametrize(
    "path",
    [path for method, path in MATRIX if method == "GET" and not path.startswith(OPENED_MISSING) and "{N" not in path],
)
def test_public_reads_open_the_rooms_and_nothing_else(path, campus, api, settings):
    settings.CSPACE_PUBLIC_READS = True
    response = send("GET", path, "anonymous", campus, api, None)
    assert response.status_code == (200 if path in PUBLIC else 401), response.content


def test_the_table_names_every_operation_and_no_other():
    assert {operation(method, path) for method, path in MATRIX} == operations()
