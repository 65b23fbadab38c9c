"""Where a registration comes from, and what other programs call it by (contract of the Roomie dialect, §8)."""

import datetime as dt

from django.db import connection

from kernel import clock
from kernel.campus_time import campus_date
from kernel.db.batch import send
from registrations.enums import Origin
from registrations.models import Registration
from registrations.services.registration_rows import inserting
from tests.factories import make_classroom, make_occupancy, make_registration, make_series


def in_days(count):
    return campus_date(clock.now()) + dt.timedelta(days=count)


def test_a_booking_knows_its_uid_without_asking(member, team, room):
    made = make_registration(by=member, group=team, classroom=room, day=in_days(1))
    other = make_registration(by=member, group=team, classroom=room, day=in_days(2))
    kept = Registration.objects.in_bulk()
    assert {pk: each.uid for pk, each in kept.items()} == {made.pk: made.uid, other.pk: other.uid}
    assert made.uid != other.uid
    assert {each.origin for each in kept.values()} == {"cspace"}


def test_each_date_of_a_series_has_one(cspace, team, room):
    make_series(by=cspace, group=team, classroom=room, starts_on=in_days(1))
    uids = list(Registration.objects.values_list("uid", flat=True))
    assert len(set(uids)) == len(uids) == 4
    assert set(Registration.objects.values_list("origin", flat=True)) == {"cspace"}


def test_one_of_another_door_says_so(member, team, room):
    made = make_registration(by=member, group=team, classroom=room, day=in_days(1))
    elsewhere = make_occupancy(make_classroom(), made.interval, "registration")
    foreign = Registration(
        occupancy=elsewhere,
        group=team,
        created_by=member,
        status="approved",
        created_at=made.created_at,
        origin=Origin.ROOMIE,
    )
    send(inserting(foreign, by=member))
    kept = Registration.objects.get(pk=elsewhere.pk)
    assert (kept.origin, kept.uid) == ("roomie", foreign.uid)


def test_the_database_gives_both_by_itself(member, team, room):
    make_registration(by=member, group=team, classroom=room, day=in_days(1))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name, column_default FROM information_schema.columns"
            " WHERE table_name = 'registrations_registration' AND column_name IN ('origin', 'uid') ORDER BY 1"
        )
        assert cursor.fetchall() == [("origin", "'cspace'::character varying"), ("uid", "gen_random_uuid()")]
