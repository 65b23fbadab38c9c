"""Makes the people, groups and rooms tests are about. Through the models: services are what is tested."""

import itertools
from datetime import date, timedelta
from typing import Any

from accounts.models import User
from classrooms import rules as classroom_rules
from classrooms.enums import OccupancyKind
from classrooms.models import Classroom, Occupancy
from groups import rules as group_rules
from groups.models import Group, UserGroup
from kernel import clock
from kernel.campus_time import Interval, day_of_week
from registrations.models import Registration, Series
from registrations.services.booking import Slot, book
from registrations.services.series import SeriesRequest, create_series
from registrations.services.series_dates import SeriesDraft

PASSWORD = "correct horse battery staple"
_numbers = itertools.count(1)


def make_user(username: str | None = None, **fields: Any) -> User:
    """A person; the password is `PASSWORD`."""
    name = username or f"person-{next(_numbers)}"
    return User.objects.create_user(name, PASSWORD, **fields)


def make_group(name: str | None = None) -> Group:
    name = name or f"group-{next(_numbers)}"
    return Group.objects.create(name=name, name_key=group_rules.name_key(name))


def cspace_group() -> Group:
    """The system group; a flushed database has lost the one from the migration."""
    group, _ = Group.objects.get_or_create(is_system=True, defaults={"name": "cspace", "name_key": "cspace"})
    return group


def join(user: User, group: Group, permissions: str = "member") -> UserGroup:
    place = UserGroup.objects.create(user=user, group=group, permissions=permissions)
    user.forget_access()
    return place


def make_classroom(name: str | None = None, **fields: Any) -> Classroom:
    name = name or f"Room {next(_numbers)}"
    if "code" in fields:
        fields["code_key"] = classroom_rules.name_key(fields["code"])
    return Classroom.objects.create(
        name=name,
        name_key=classroom_rules.name_key(name),
        name_order=classroom_rules.natural_order(name),
        **{"capacity": 30, "floor": 2, "equipment": {}} | fields,
    )


def make_occupancy(
    classroom: Classroom, interval: Interval, kind: OccupancyKind = OccupancyKind.LECTURE, *, is_live: bool = True
) -> Occupancy:
    """Room time and nothing that uses it, through the model."""
    return Occupancy.objects.create(
        classroom=classroom, starts_at=interval.starts_at, ends_at=interval.ends_at, kind=kind, is_live=is_live
    )


def make_registration(
    *, by: User, group: Group, classroom: Classroom, day: date, start: int = 600, end: int = 720, **more: Any
) -> Registration:
    """A registration, booked through the service; minutes since midnight."""
    return book(
        by=by,
        now=clock.now(),
        classroom=classroom,
        group_id=group.pk,
        slot=Slot(day, start, end),
        **more,
    )


def make_series(
    *,
    by: User,
    group: Group,
    classroom: Classroom,
    starts_on: date,
    weeks: int = 4,
    start: int = 600,
    end: int = 720,
    attendees: int | None = None,
) -> Series:
    """A series on the weekday of `starts_on`, entered through the service by somebody of cspace."""
    draft = SeriesDraft(
        group_id=group.pk,
        classroom_id=classroom.pk,
        day_of_week=day_of_week(starts_on),
        start_minute=start,
        end_minute=end,
        starts_on=starts_on,
        ends_on=starts_on + timedelta(days=7 * weeks - 7),
        created_by_id=by.pk,
        description="Seminar",
        attendees=attendees,
    )
    wanted = SeriesRequest(draft=draft, classroom=classroom, may_skip=True)
    (series,) = create_series(by=by, now=clock.now(), requests=[wanted])
    return series
