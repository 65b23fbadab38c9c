"""The draw's transaction: what it writes, what it refuses, and that it happens once."""

import datetime as dt
import random
from contextlib import suppress
from hashlib import sha256

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from allocations import draw
from allocations.models import AllocationEvent, AllocationRegistration, Draw, DrawSecret
from allocations.queries.manifest import unpacked
from allocations.queries.verifying import verify_draw
from allocations.services.distributing import distribute
from auditlog.models import LogEntry
from classrooms.models import BookingHold, Occupancy
from classrooms.services.closures import close_rooms
from classrooms.services.room_time import RoomAlreadyBooked
from kernel import clock
from kernel.campus_time import campus_date, days_interval, wall_instant
from notifications.models import Notification
from registrations.models import Registration, Series
from tests.allocations.scenes import (
    MONDAY,
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
    assert [(row.date, row.why, row.blocked_by_id) for row in series.weeks.skipped().in_order()] == [
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


def test_an_entry_approved_by_hand_goes_first(cspace, member, team, room):
    event = make_event(cspace)
    fixed = make_entry(event, team, room, member, status="approved")
    beaten = make_entry(event, make_group(), room, member, start=630, end=690)
    ended(event, cspace)
    held(event, cspace)
    assert states([fixed, beaten]) == [
        ("approved", "", None, 0, 0, "draw"),
        ("rejected", "LOST", fixed.pk, None, None, ""),
    ]


def test_a_range_that_lacks_a_weekday(cspace, member, team, room):
    """Monday to Friday of one week: a Sunday wish has no date and cannot take part."""
    first = make_event(cspace).target_starts_on + dt.timedelta(days=1)
    event = make_event(cspace, starts_on=first, ends_on=first + dt.timedelta(days=4))
    lost, won = make_entry(event, team, room, member, day=1), make_entry(event, team, room, member, day=MONDAY)
    ended(event, cspace)
    stored = held(event, cspace)
    assert (stored.total, stored.successful, stored.failed) == (2, 1, 1)
    assert [state[:2] for state in states([lost, won])] == [("rejected", "UNAVAILABLE"), ("approved", "")]
    assert Registration.objects.count() == 1


def test_the_hold_on_singles_ends_with_the_draw(cspace, member, team, room):
    event = make_event(cspace, hold_singles=True)
    ended(event, cspace)
    assert BookingHold.objects.count() == 1
    held(event, cspace)
    assert BookingHold.objects.count() == 0


@pytest.mark.parametrize(
    ("zone", "change", "gap"),
    [
        ("Europe/Berlin", dt.date(2027, 3, 28), (120, 180)),
        ("Australia/Lord_Howe", dt.date(2027, 10, 3), (120, 150)),
    ],
)
def test_a_clock_put_forward_moves_nothing(cspace, member, team, room, settings, zone, change, gap):
    """The changes fall on Sundays at 02:00: a wish inside the gap skips that date, its neighbours touch."""
    settings.CSPACE_TIME_ZONE = zone
    event = make_event(cspace, starts_on=change - dt.timedelta(days=7), ends_on=change + dt.timedelta(days=7))
    before = make_entry(event, team, room, member, day=1, start=60, end=gap[0] + 10)
    inside = make_entry(event, make_group(), room, member, day=1, start=gap[0] + 10, end=gap[1] - 5)
    after = make_entry(event, make_group(), room, member, day=1, start=gap[1] - 5, end=gap[1] + 60)
    ended(event, cspace)
    stored = held(event, cspace)
    assert (stored.total, stored.successful, stored.failed) == (3, 3, 0)
    found = {}
    for entry in (before, inside, after):
        entry.refresh_from_db()
        rows = Registration.objects.filter(series=entry.series).select_related("occupancy").in_order()
        found[entry.pk] = [(row.occupancy.starts_at, row.occupancy.ends_at) for row in rows]
        skipped = list(entry.series.weeks.skipped().in_order().values_list("date", "why"))
        assert skipped == ([(change, "dst")] if entry == inside else [])
    assert [len(spans) for spans in found.values()] == [3, 2, 3]
    assert found[before.pk][1][1] == found[after.pk][1][0]
    assert verify_draw(event).occurrences == 8
    assert scalar(OVERLAPS) == 0


@pytest.mark.parametrize(
    ("zone", "change", "end"),
    [("Europe/Berlin", dt.date(2026, 10, 25), 180), ("Australia/Lord_Howe", dt.date(2027, 4, 4), 120)],
)
def test_a_clock_put_back_gives_no_overlap(cspace, member, team, room, settings, zone, change, end):
    """A booking in the second pass of the repeated hour is inside a wish that begins later, but in the first pass."""
    settings.CSPACE_TIME_ZONE = zone
    with time_machine.travel("2026-09-01T00:00:00Z", tick=False):
        event = make_event(cspace, starts_on=change - dt.timedelta(days=7), ends_on=change + dt.timedelta(days=7))
        second_pass = wall_instant(change, end) - dt.timedelta(minutes=20)
        Occupancy.objects.create(
            classroom=room, starts_at=second_pass, ends_at=second_pass + dt.timedelta(minutes=5), kind="calendar"
        )
        over_it = make_entry(event, team, room, member, day=1, start=end - 10, end=end + 10)
        clear = make_entry(event, make_group(), room, member, day=1, start=end + 10, end=end + 60)
        ended(event, cspace)
        held(event, cspace)
    assert [state[0] for state in states([over_it, clear])] == ["approved", "approved"]
    over_it.refresh_from_db()
    assert list(over_it.series.weeks.skipped().in_order().values_list("date", "why")) == [(change, "booked")]
    assert verify_draw(event).occurrences == 5
    assert scalar(OVERLAPS) == 0


def test_any_draw_keeps_rooms_free_of_overlaps_and_its_counts_straight(cspace, member):
    """Random events one after another on the same rooms, with singles and closures between."""
    chance = random.Random(7)
    groups, rooms = [make_group() for _ in range(6)], [make_classroom() for _ in range(3)]
    first = make_event(cspace).target_starts_on
    for _ in range(8):
        event = make_event(
            cspace,
            starts_on=first,
            weeks=3,
            conflict=chance.choice(("skip", "reject")),
            balance=chance.choice(("minutes", "entries")),
            tie=chance.choice(("ticket", "spread")),
            max_wins_per_group=chance.choice((None, 1, 2)),
        )
        for number in range(25):
            start = chance.randrange(480, 1300, 5)
            make_entry(
                event,
                chance.choice(groups),
                chance.choice(rooms),
                member,
                day=chance.randint(1, 7),
                start=start,
                end=start + chance.choice((30, 45, 120)) + number % 5,
                rank=chance.randint(1, 3),
                choice=chance.choice((0, 0, 1)),
            )
        ended(event, cspace)
        stored = held(event, cspace)
        assert stored.total == stored.successful + stored.failed == 25
        verified = verify_draw(event)
        assert (verified.wins, verified.losses, list(verified.since)) == (stored.successful, stored.failed, [])
        assert scalar(OVERLAPS) == 0
        day = first + dt.timedelta(days=chance.randrange(20))
        with suppress(RoomAlreadyBooked):
            make_registration(by=cspace, group=groups[0], classroom=rooms[0], day=day, start=900, end=1000)


def test_who_filed_and_distributes_himself_is_told_too(cspace, team, room):
    event = make_event(cspace)
    make_entry(event, team, room, cspace)
    ended(event, cspace)
    Notification.objects.all().delete()
    held(event, cspace)
    assert [row.user_id for row in Notification.objects.all()] == [cspace.pk]
