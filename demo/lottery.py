"""An allocation event as a students' union has it: 300 clubs, about 1,000 wishes, everybody wants Wednesday evening."""

import random
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

from accounts.models import User
from accounts.services.people import create_user
from allocations.models import AllocationEvent
from allocations.services.entries import Wish, WishIsFiled, WishOverlapsAnother, file_entry
from allocations.services.events import create_event
from classrooms.models import Classroom
from groups.enums import Permissions
from groups.models import Group, UserGroup
from groups.services.groups import create_group
from groups.services.members import add_member
from kernel.campus_time import campus_date
from kernel.db.locks import Namespace, lock_namespace
from kernel.db.transactions import transactional

CLUBS = 300
WISHES = 1000
WEEKS = 16
POPULAR_ROOMS = 12
STARTS = (17 * 60, 17 * 60 + 30, 18 * 60, 18 * 60 + 30, 19 * 60, 19 * 60 + 30, 20 * 60, 14 * 60)
LENGTHS = (60, 90, 120, 120, 180)
DAYS = (2, 3, 4, 4, 4, 5, 5, 6, 1, 7)
"""1 = Sunday; as often as wished for."""
Progress = Callable[[int], object]


def steps() -> int:
    """How often `progress` will be called."""
    return CLUBS + WISHES


def hold_registration_period(*, admin: User, now: datetime, progress: Progress = lambda steps: None) -> AllocationEvent:
    """An open event for the next free term, with every wish filed by its club's own person, through the services.

    The term after the latest event's, so that this can be done again and again.
    """
    clubs = _clubs(admin, now, progress)
    first = _next_term(campus_date(now))
    event = create_event(
        by=admin,
        now=now,
        registration_start=now - timedelta(minutes=1),
        registration_end=now + timedelta(hours=1),
        target_starts_on=first,
        target_ends_on=first + timedelta(days=7 * WEEKS - 1),
    )
    chance = random.Random(event.pk)  # noqa: S311
    rooms = list(Classroom.objects.active().in_order())
    for number in range(WISHES):
        # Every club wishes once, the eager ones again and again.
        club = clubs[number] if number < len(clubs) else chance.choice(clubs[: len(clubs) // 2])
        _file(event, club, rooms, chance, now)
        progress(1)
    return event


def _next_term(today: date) -> date:
    """A Sunday at least four weeks ahead, after the range of every event so far."""
    latest = AllocationEvent.objects.order_by("-target_ends_on").values_list("target_ends_on", flat=True).first()
    earliest = max(today + timedelta(days=28), (latest or today) + timedelta(days=1))
    return earliest + timedelta(days=-earliest.isoweekday() % 7)


@transactional
def _clubs(admin: User, now: datetime, progress: Progress) -> Sequence[UserGroup]:
    """The clubs' people, each in a group of its own; made the first time. They have no password: nobody logs in."""
    lock_namespace(Namespace.DEMO)
    names = [f"Club {number:03}" for number in range(1, CLUBS + 1)]
    there = set(Group.objects.living().filter(name__in=names).values_list("name", flat=True))
    for name in names:
        progress(1)
        if name in there:
            continue
        username = name.lower().replace(" ", "-")
        if not User.objects.filter(username=username).exists():
            create_user(by=admin, now=now, username=username, password=None, display_name=f"Chair of {name}")
        group = create_group(by=admin, now=now, name=name)
        add_member(group_id=group.pk, by=admin, now=now, username=username, permissions=Permissions.ADMIN)
    places = UserGroup.objects.living().filter(group__name__in=names).with_api_relations()
    return list(places.order_by("group__name", "id"))


def _file(
    event: AllocationEvent, club: UserGroup, rooms: Sequence[Classroom], chance: random.Random, now: datetime
) -> None:
    """One wish of a club; a wish that meets another of its own is thought over again."""
    for _ in range(20):
        start = chance.choice(STARTS)
        wish = Wish(
            classroom=chance.choice(rooms[:POPULAR_ROOMS] if chance.random() < 0.8 else rooms),
            group_id=club.group_id,
            day_of_week=chance.choice(DAYS),
            start_minute=start,
            end_minute=start + chance.choice(LENGTHS),
            rank=chance.choice((1, 1, 1, 2, 3)),
            description="Weekly meeting",
        )
        try:
            file_entry(event_id=event.pk, by=club.user, now=now, wish=wish)
        except (WishOverlapsAnother, WishIsFiled):
            continue
        return
