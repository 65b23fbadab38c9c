"""Loads the demo campus through the services, so that its history is in the log like any other."""

import random
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

from accounts.models import User
from accounts.services.people import create_user
from classrooms import rules as classroom_rules
from classrooms.models import Classroom
from classrooms.services.closures import close_rooms
from classrooms.services.room_time import RoomAlreadyBooked
from classrooms.services.rooms import create_classroom
from demo import calendars, campus, societies
from demo.booking_rules import BOOKING_RULES, write_rules
from demo.rule_cases import CASES, asked_at, book_cases
from demo.semester import SECOND_BUILDING, semester
from groups import rules as group_rules
from groups.enums import Permissions
from groups.models import Group, UserGroup
from groups.services.groups import create_group
from groups.services.members import add_member
from kernel.campus_time import Interval, campus_date, wall_instant
from kernel.db.locks import Namespace, lock_namespace
from kernel.db.transactions import transactional
from kernel.errors import AlreadyExists, InvalidState
from registrations.models import Registration
from registrations.services.booking import Slot, book
from registrations.services.cancelling import cancel_registration
from registrations.services.deciding import approve_registration, reject_registration
from registrations.services.judging import PolicyBroken
from timetables.importing.records import Fault, Position, Record, record
from timetables.importing.timetable import import_timetable

PASSWORD = "cspace-demo"  # noqa: S105
SEED = 20260120
DAYS_EITHER_WAY = 21
PER_DAY = 6
ADMIN = "admin"
PEOPLE = {
    "ta217": "TA 217",
    "johndoe": "John Doe",
    "john_doe": "John Doe",
    "hsinmu": "蔡欣穆",
    "hil": "呂學一",
    "stranger": "Stranger",
}
GROUPS = ("522", "316", "research-team")
PLACES = (
    ("cspace", "ta217", Permissions.ADMIN),
    ("cspace", "johndoe", Permissions.MEMBER),
    ("522", "ta217", Permissions.ADMIN),
    ("522", "john_doe", Permissions.MEMBER),
    ("522", "hsinmu", Permissions.MEMBER),
    ("522", "hil", Permissions.ADMIN),
    ("316", "hsinmu", Permissions.ADMIN),
    ("research-team", "hil", Permissions.MEMBER),
)
RULES = (*BOOKING_RULES, *societies.HOUSE_RULES)
WORDS = ("Team meeting", "Study group", "Project review", "Reading circle", "Rehearsal", "")
Progress = Callable[[int], object]


class DemoNamesAreTaken(AlreadyExists):
    """Somebody else has names that the demo gives to its own."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(
            f"the demo campus needs names that are taken here: {', '.join(names)}. Nothing was loaded. "
            "Load it into an empty database: another CSPACE_DATA_DIR or DATABASE_URL"
        )


class NoSystemGroup(InvalidState):
    message = "there is no cspace group, so this database was flushed or never migrated. Use a new one, then migrate"


@transactional
def load(*, now: datetime, progress: Progress = lambda steps: None) -> bool:
    """Load everything, or nothing if the demo's people are there already. Whether it loaded.

    `progress` is called with the number of steps done. Raises: DemoNamesAreTaken, NoSystemGroup.
    """
    lock_namespace(Namespace.DEMO)
    if User.objects.filter(username__in=[ADMIN, *PEOPLE]).count() == len(PEOPLE) + 1:
        return False
    if names := list(_names_taken()):
        raise DemoNamesAreTaken(names)
    began = now - timedelta(days=DAYS_EITHER_WAY + 1)
    admin = _people(began)
    _rooms(admin, began, progress)
    for _ in write_rules(RULES, by=admin, now=began):
        progress(1)
    _timetable(admin, began, campus_date(now))
    for _ in book_cases(admin=admin, now=now):
        progress(1)
    _registrations(admin, now, progress)
    _closures(admin, now)
    calendars.make_calendars(by=admin, now=now)
    return True


def steps() -> int:
    """How often `progress` will be called."""
    rooms = campus.ROOMS_PER_FLOOR * 3 + len(campus.HALL_PARTS) + 1 + len(societies.ROOMS) + len(calendars.ROOMS)
    return rooms + len(RULES) + CASES + (2 * DAYS_EITHER_WAY + 1) * PER_DAY


def _names_taken() -> Iterator[str]:
    """The names of the demo that belong to somebody else, such as "group 522"."""
    people = set(User.objects.filter(username__in=[ADMIN, *PEOPLE]).values_list("username", flat=True))
    yield from (f"user {name}" for name in (ADMIN, *PEOPLE) if name in people)
    groups = {key for keys in Group.objects.living().values_list("name_key", "code_key") for key in keys}
    names = [*GROUPS, *societies.SOCIETIES, *societies.SOCIETIES.values()]
    yield from (f"group {name}" for name in names if group_rules.name_key(name) in groups)
    rooms = {key for keys in Classroom.objects.values_list("name_key", "code_key") for key in keys}
    names = [*(room["name"] for room in campus.rooms()), *campus.HALL_PARTS, campus.HALL, *SECOND_BUILDING]
    names += calendars.ROOMS
    names += [name for room in societies.rooms() for name in (room["name"], room["code"])]
    yield from (f"room {name}" for name in names if classroom_rules.name_key(name) in rooms)


def _people(now: datetime) -> User:
    system = Group.objects.filter(is_system=True).first()
    if system is None:
        raise NoSystemGroup
    admin = create_user(
        by=None, now=now, username=ADMIN, password=PASSWORD, display_name="Campus Admin", is_superuser=True
    )
    add_member(group_id=system.pk, by=admin, now=now, username=ADMIN, permissions=Permissions.ADMIN)
    for username, display_name in PEOPLE.items():
        create_user(by=admin, now=now, username=username, password=PASSWORD, display_name=display_name)
    groups = {"cspace": system} | {name: create_group(by=admin, now=now, name=name) for name in GROUPS}
    for group, username, permissions in PLACES:
        add_member(group_id=groups[group].pk, by=admin, now=now, username=username, permissions=permissions)
    societies.make_societies(by=admin, now=now)
    return admin


def _rooms(admin: User, now: datetime, progress: Progress) -> None:
    """The hall last: it consists of others."""
    for room in [*campus.rooms(), *campus.hall_parts(), *societies.rooms(), *calendars.rooms()]:
        create_classroom(by=admin, now=now, **room)
        progress(1)
    parts = list(Classroom.objects.filter(name__in=campus.HALL_PARTS))
    create_classroom(by=admin, now=now, parts=parts, **campus.hall())
    progress(1)


def _timetable(admin: User, now: datetime, today: date) -> None:
    """Before the registrations, which find their rooms around it."""
    file = semester(today)

    def read() -> Iterator[Record | Fault]:
        for noun, records in file.items():
            for item, raw in enumerate(records):
                yield record(Position(0, noun, item), raw)

    import_timetable(by=admin, now=now, source="demo semester", read=read, create_rooms=True)


def _registrations(admin: User, now: datetime, progress: Progress) -> None:
    """Seeded: the same campus on the same day. Every state occurs; what a rule refuses is not booked.

    What documents book is left free: the hall, and the house of societies.
    """
    chance, sizes = random.Random(SEED), random.Random(SEED)  # noqa: S311
    places = UserGroup.objects.filter(user__username__in=PEOPLE).exclude(group__name__in=societies.SOCIETIES)
    bookers = list(places.with_api_relations().order_by("id"))
    not_for_all = [campus.HALL, *campus.HALL_PARTS, *societies.ROOMS, *calendars.ROOMS]
    rooms = list(Classroom.objects.active().exclude(name__in=not_for_all).in_order())
    today = campus_date(now)
    for offset in range(-DAYS_EITHER_WAY, DAYS_EITHER_WAY + 1):
        for _ in range(PER_DAY):
            place, room = chance.choice(bookers), chance.choice(rooms)
            start = chance.randrange(8 * 2, 20 * 2) * 30
            slot = Slot(today + timedelta(days=offset), start, start + chance.choice((60, 90, 120)))
            moment = asked_at(slot, now)
            progress(1)
            if offset == 0:
                continue
            try:
                registration = book(
                    by=place.user,
                    now=moment,
                    classroom=room,
                    group_id=place.group_id,
                    slot=slot,
                    description=chance.choice(WORDS),
                    attendees=sizes.choice((None, sizes.randint(1, room.capacity))),
                )
            except (RoomAlreadyBooked, PolicyBroken):
                continue
            _decide(registration, admin, place.user, moment, chance.random())


def _decide(registration: Registration, admin: User, owner: User, now: datetime, dice: float) -> None:
    if dice < 0.5:
        approve_registration(registration_id=registration.pk, by=admin, now=now)
    elif dice < 0.6:
        reject_registration(registration_id=registration.pk, by=admin, now=now, reason="The room is needed for an exam")
    elif dice < 0.7:
        cancel_registration(registration_id=registration.pk, by=owner, now=now)


def _closures(admin: User, now: datetime) -> None:
    day = campus_date(now) + timedelta(days=10)
    close_rooms(
        by=admin,
        now=now,
        classrooms=list(Classroom.objects.filter(name__in=["101", "102"]).in_order()),
        interval=Interval(wall_instant(day, 18 * 60), wall_instant(day + timedelta(days=1), 12 * 60)),
        reason="New projectors",
        cancel_registrations=True,
    )
