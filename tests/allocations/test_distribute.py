"""The draw's transaction: what it writes, what it refuses, and that it happens once."""

import datetime as dt
from hashlib import sha256

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from allocations import draw
from allocations.models import AllocationEvent, AllocationRegistration, Draw, DrawSecret
from allocations.services.distributing import distribute
from allocations.services.manifest import unpacked
from auditlog.models import LogEntry
from classrooms.models import Occupancy
from classrooms.services.closures import close_rooms
from cspace import clock
from cspace.db.ranges import campus_date, days_interval
from notifications.models import Notification
from registrations.models import Registration, Series
from tests.allocations.scenes import (
    TUESDAY,
    WEDNESDAY,
    dates,
    ended,
    make_crowd,
    make_entry,
    make_event,
    states,
)
from tests.factories import make_classroom, make_group, make_registration, make_user

pytestmark = pytest.mark.django_db
OVERLAPS = """
SELECT count(*) FROM classrooms_occupancy a JOIN classrooms_occupancy b
  ON a.id < b.id AND a.classroom_id = b.classroom_id AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at
WHERE a.is_live AND b.is_live
"""


def scalar(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def held(event, by, **more):
    return distribute(event_id=event.pk, by=by, now=clock.now(), **more)


def test_winners_get_ordinary_registrations(cspace, member, team, room):
    event = make_event(cspace)
    first = event.target_starts_on
    blocked_on, closed_on = dates(first, WEDNESDAY, 16)[2], dates(first, WEDNESDAY, 16)[5]
    single = make_registration(by=member, group=team, classroom=room, day=blocked_on, start=500, end=560)
    close_rooms(
        by=cspace, now=clock.now(), classrooms=[room], interval=days_interval(closed_on, closed_on), reason="Floors"
    )
    entry = make_entry(event, team, room, member, day=WEDNESDAY, start=550, end=620, description="Rehearsal")
    ended(event, cspace)
    Notification.objects.all().delete()
    before = LogEntry.objects.count()

    stored = held(event, cspace)

    assert (stored.total, stored.successful, stored.failed) == (1, 1, 0)
    event.refresh_from_db()
    assert event.status == "distributed"
    assert states([entry]) == [("approved", "", None, 1, 0, "draw")]
    series = Series.objects.get()
    assert AllocationRegistration.objects.get().series_id == series.pk
    assert (series.source, series.event_id, series.group_id, series.created_by_id) == (
        "draw", event.pk, team.pk, member.pk,
    )  # fmt: skip
    rows = Registration.objects.filter(series=series).select_related("occupancy").in_order()
    kept = [day for day in dates(first, WEDNESDAY, 16) if day not in (blocked_on, closed_on)]
    assert [campus_date(row.occupancy.starts_at) for row in rows] == kept
    assert {(row.status, row.created_by_id, row.group_id, row.description) for row in rows} == {
        ("approved", member.pk, team.pk, "Rehearsal")
    }
    assert [(row.date, row.why, row.blocked_by_id) for row in series.skipped_dates.order_by("date")] == [
        (blocked_on, "booked", single.pk),
        (closed_on, "closed", None),
    ]
    assert [(row.action, row.target) for row in LogEntry.objects.order_by("id")[before:]] == [
        ("allocation_event.distributed", f"allocation_event:{event.pk}")
    ]
    (notice,) = Notification.objects.all()
    assert notice.user == member
    assert notice.description == (
        f"Draw of allocation event {event.pk}: "
        "522 got Room A, Wednesdays 09:10–10:20, 14 dates, 1 skipped (booked), 1 skipped (closed)."
    )


def test_losers_are_told_to_whom_they_lost(cspace, member, team, room, api):
    other = make_group("316")
    filer = make_user("filer")
    event = make_event(cspace)
    mine = make_entry(event, team, room, member, start=600, end=720)
    theirs = make_entry(event, other, room, filer, start=660, end=780)
    refused = make_entry(event, other, room, filer, day=TUESDAY, status="rejected", reason="REJECTED_BY_ADMIN")
    ended(event, cspace)
    Notification.objects.all().delete()

    stored = held(event, cspace)

    assert (stored.total, stored.successful, stored.failed) == (3, 1, 2)
    won, lost = (mine, theirs) if states([mine])[0][0] == "approved" else (theirs, mine)
    assert states([won, lost, refused]) == [
        ("approved", "", None, 1, 0, "draw"),
        ("rejected", "LOST", won.pk, None, None, ""),
        ("rejected", "REJECTED_BY_ADMIN", None, None, None, ""),
    ]
    told = {row.user.username: row.description for row in Notification.objects.select_related("user")}
    assert set(told) == {"member", "filer"}
    assert f"lost to entry {won.pk}" in told[lost.created_by.username]
    assert "316 did not get Room A, Tuesdays 10:00–11:00: refused by hand before the draw." in told["filer"]


def test_what_is_stored_can_be_verified(cspace, member, team, room):
    event = make_event(cspace)
    make_entry(event, team, room, member)
    ended(event, cspace)
    secret = bytes(DrawSecret.objects.get(event=event).seed)

    stored = held(event, cspace)

    manifest, result = unpacked(stored.manifest), unpacked(stored.result)
    assert bytes(stored.seed) == secret
    assert sha256(secret).hexdigest() == event.commitment
    assert (sha256(manifest).hexdigest(), sha256(result).hexdigest()) == (stored.manifest_sha256, stored.result_sha256)
    again = draw.draw(draw.read_manifest(manifest), secret, "")
    assert draw.write_result(again, stored.manifest_sha256, bytes.fromhex(stored.key)) == result


def test_the_second_time_answers_what_is_stored(cspace, member, team, room):
    event = make_event(cspace)
    make_entry(event, team, room, member)
    ended(event, cspace)
    first = held(event, cspace)
    counts = [model.objects.count() for model in (Registration, Series, LogEntry, Notification)]
    assert held(event, cspace) == first
    assert [model.objects.count() for model in (Registration, Series, LogEntry, Notification)] == counts
    assert Draw.objects.count() == 1


def test_an_open_event_whose_window_is_over_is_closed_first(cspace, member, team, room):
    event = make_event(cspace)
    make_entry(event, team, room, member)
    later = event.registration_end + dt.timedelta(seconds=1)
    stored = distribute(event_id=event.pk, by=cspace, now=later)
    assert stored.successful == 1
    assert list(LogEntry.objects.order_by("id").values_list("action", flat=True)) == [
        "allocation_event.created",
        "allocation_event.closed",
        "allocation_event.distributed",
    ]
    event = AllocationEvent.objects.get(pk=event.pk)
    assert unpacked(event.frozen_manifest) == unpacked(stored.manifest)


def test_an_event_without_entries(cspace):
    event = make_event(cspace)
    ended(event, cspace)
    stored = held(event, cspace)
    assert (stored.total, stored.successful, stored.failed) == (0, 0, 0)


def test_the_query_count_does_not_grow(cspace, django_assert_num_queries):
    groups, rooms = [make_group() for _ in range(20)], [make_classroom() for _ in range(8)]
    person = make_user()
    counted = []
    for count in (10, 1000):
        event = make_event(cspace, weeks=2, starts_on=campus_date(clock.now()) + dt.timedelta(days=30 + count))
        make_crowd(event, groups, rooms, person, count=count)
        ended(event, cspace)
        with CaptureQueriesContext(
            connection,
        ) as seen:
            stored = held(event, cspace)
        assert stored.successful == count
        counted.append(len(seen))
    assert counted[0] == counted[1]
    assert Occupancy.objects.filter(is_live=True).count() == 2020
    assert scalar(OVERLAPS) == 0


def test_the_limits_are_raised_for_this_transaction_only(cspace, member, team, room):
    event = make_event(cspace)
    ended(event, cspace)
    with CaptureQueriesContext(connection) as seen:
        held(event, cspace)
    raised = [query["sql"] for query in seen if "statement_timeout" in query["sql"]]
    assert len(raised) == 1
    assert "true), set_config('lock_timeout', '30s', true)" in raised[0]
