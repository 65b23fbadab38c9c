"""Two things at once with one event: nothing is filed after the end, a wish stands once, a limit holds."""

import datetime as dt

import pytest
from django.db import connection

from allocations.enums import EntryStatus
from allocations.models import AllocationEvent, AllocationRegistration
from allocations.services.deciding import SlotIsPromised, approve_entry
from allocations.services.entries import (
    EventIsNotOpen,
    Wish,
    WishIsFiled,
    WishOverlapsAnother,
    change_entry,
    file_entry,
)
from allocations.services.events import create_event
from allocations.services.progress import advance_due_events, cancel_event, end_event
from auditlog.models import LogEntry
from groups.services.groups import archive_group
from kernel import clock
from kernel.campus_time import campus_date
from kernel.errors import Invalid, LimitReached
from tests.factories import cspace_group, join, make_classroom, make_group, make_user
from tests.races.threads import at_once, raised

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 15
MUTANT_ROUNDS = 200
"""At most; the first entry after the end, or beyond the limit, ends them."""
DAY = dt.timedelta(days=1)


class Scene:
    """Somebody of two groups, a leader of cspace, and a room."""

    def __init__(self):
        self.leader, self.person = make_user(), make_user()
        join(self.leader, cspace_group())
        self.groups = [make_group(), make_group()]
        for group in self.groups:
            join(self.person, group)
        self.room = make_classroom()
        assert self.leader.access.is_cspace
        assert self.person.access.may_book_at_all

    def event(self, **options):
        now = clock.now()
        first = campus_date(now) + 3 * DAY
        return create_event(
            by=self.leader,
            now=now,
            registration_start=now - DAY,
            registration_end=now + DAY,
            target_starts_on=first,
            target_ends_on=first + 30 * DAY,
            **options,
        )

    def filing(self, event, *, start=600, group=0, day=3):
        wish = Wish(
            classroom=self.room,
            group_id=self.groups[group].pk,
            day_of_week=day,
            start_minute=start,
            end_minute=start + 60,
        )
        return lambda: file_entry(event_id=event.pk, by=self.person, now=clock.now(), wish=wish)

    def ending(self, event):
        return lambda: end_event(event_id=event.pk, by=self.leader, now=clock.now())


@pytest.fixture
def scene():
    return Scene()


def deadlocks():
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return cursor.fetchone()[0]


def history(event):
    """What the log says about an event and its entries, in the order of the commits."""
    entries = [
        f"allocation_registration:{pk}"
        for pk in AllocationRegistration.objects.of_event(event.pk).values_list("id", flat=True)
    ]
    rows = LogEntry.objects.filter(target__in=[f"allocation_event:{event.pk}", *entries]).order_by("id")
    return [row.action.split(".")[1] for row in rows]


def filed_after_the_end(event):
    """What the log says of entries after the closing: it was not seen when they were frozen."""
    said = history(event)
    return [action for action in said[said.index("closed") :] if action in ("filed", "changed")]


def race_the_end(scene):
    event = scene.event()
    results = at_once(
        scene.filing(event, start=480),
        scene.ending(event),
        scene.filing(event, start=600),
        scene.filing(event, start=720, group=1),
    )
    return event, results


def test_nothing_is_filed_after_the_end(scene):
    for _ in range(ROUNDS):
        event, results = race_the_end(scene)
        assert set(raised(results)) <= {EventIsNotOpen}
        filed = AllocationRegistration.objects.of_event(event.pk).count()
        assert (filed, filed_after_the_end(event)) == (3 - len(raised(results)), [])
        closed = LogEntry.objects.get(action="allocation_event.closed", target=f"allocation_event:{event.pk}")
        assert closed.details["entries"] == filed


def test_without_the_lock_something_is_filed_after_the_end(scene, settings):
    """The mutant: the same race with an unlocked read of the event. It shows the rounds above can fail."""
    settings.CSPACE_TEST_FAULTS = {"skip-event-lock"}
    for _ in range(MUTANT_ROUNDS):
        event, _ = race_the_end(scene)
        if filed_after_the_end(event):
            return
    pytest.fail("the mutant survived: the race is never met")


def test_the_same_wish_at_once(scene):
    for _ in range(ROUNDS):
        event = scene.event()
        results = at_once(*[scene.filing(event)] * 4)
        assert raised(results) == [WishIsFiled] * 3
        assert history(event) == ["created", "filed"]


def test_overlapping_wishes_of_one_group_at_once(scene):
    for _ in range(ROUNDS):
        event = scene.event()
        results = at_once(*[scene.filing(event, start=600 + 10 * number) for number in range(4)])
        assert raised(results) == [WishOverlapsAnother] * 3


def race_the_limit(scene):
    event = scene.event(max_entries_per_group=2)
    results = at_once(*[scene.filing(event, start=480 + 60 * number) for number in range(5)])
    return AllocationRegistration.objects.of_event(event.pk).count(), results


def test_a_limit_holds_at_once(scene):
    for _ in range(ROUNDS):
        filed, results = race_the_limit(scene)
        assert (filed, raised(results)) == (2, [LimitReached] * 3)


def test_without_the_lock_a_limit_is_passed(scene, settings):
    """The mutant: the group's filings are not locked, so that two count the same entries."""
    settings.CSPACE_TEST_FAULTS = {"skip-lock"}
    for _ in range(MUTANT_ROUNDS):
        filed, _ = race_the_limit(scene)
        if filed > 2:
            return
    pytest.fail("the mutant survived: the race is never met")


def test_other_groups_do_not_wait_for_each_other(scene):
    for _ in range(ROUNDS):
        event = scene.event(max_entries_per_group=1)
        assert raised(at_once(scene.filing(event), scene.filing(event, group=1))) == []


def test_two_overlapping_approvals_at_once(scene):
    for _ in range(ROUNDS):
        event = scene.event()
        entries = [scene.filing(event, group=group)() for group in (0, 1)]

        def approving(entry, event=event):
            return lambda: approve_entry(event_id=event.pk, entry_id=entry.pk, by=scene.leader, now=clock.now())

        assert raised(at_once(*[approving(entry) for entry in entries])) == [SlotIsPromised]


def test_an_event_ends_once(scene):
    for _ in range(ROUNDS):
        event = scene.event()
        assert raised(at_once(*[scene.ending(event)] * 4)) == []
        assert history(event) == ["created", "closed"]


def test_ending_and_cancelling_end_in_one_of_two_histories(scene):
    for _ in range(ROUNDS):
        event = scene.event()
        at_once(scene.ending(event), lambda: cancel_event(event_id=event.pk, by=scene.leader, now=clock.now()))
        assert history(event) in (["created", "closed", "cancelled"], ["created", "cancelled"])
        assert AllocationEvent.objects.get(pk=event.pk).status == "cancelled"


def test_several_steps_at_once_move_an_event_on_once(scene):
    for _ in range(ROUNDS):
        event = scene.event()
        later = event.registration_end + dt.timedelta(seconds=1)
        results = at_once(*[lambda: advance_due_events(now=later)] * 4)
        assert (raised(results), sum(results)) == ([], 1)
        assert history(event) == ["created", "closed"]


def test_filings_at_the_moment_an_event_opens(scene):
    """Each finds the event due: one opens it, the others find it open, and none is refused."""
    before = deadlocks()
    for _ in range(ROUNDS):
        event = scene.event()
        AllocationEvent.objects.filter(pk=event.pk).update(status="upcoming")
        filings = [scene.filing(event, start=480 + 60 * number, group=number % 2) for number in range(4)]
        assert raised(at_once(*filings)) == []
        assert history(event) == ["created", "opened", *["filed"] * 4]
    assert deadlocks() == before


def test_a_write_and_the_step_at_once(scene):
    """Both find the event due: one moves it on, the other finds it moved."""
    for _ in range(ROUNDS):
        event = scene.event()
        later = event.registration_end + dt.timedelta(seconds=1)
        results = at_once(
            lambda: advance_due_events(now=later),
            lambda: end_event(event_id=event.pk, by=scene.leader, now=later),
            lambda: file_entry(
                event_id=event.pk,
                by=scene.person,
                now=later,
                wish=Wish(
                    classroom=scene.room,
                    group_id=scene.groups[0].pk,
                    day_of_week=3,
                    start_minute=600,
                    end_minute=660,
                ),
            ),
        )
        assert raised(results) == [EventIsNotOpen]
        assert history(event) == ["created", "closed"]


def test_an_archived_group_keeps_no_entry_filed_meanwhile(scene):
    for _ in range(ROUNDS):
        event, group = scene.event(), make_group()
        join(scene.person, group)
        scene.groups[0] = group
        assert scene.person.access.is_member_of(group.pk)
        results = at_once(
            scene.filing(event),
            lambda: archive_group(group_id=group.pk, by=scene.leader, now=clock.now()),
        )
        assert raised(results) in ([], [Invalid])
        left = AllocationRegistration.objects.of_event(event.pk).values_list("status", flat=True)
        assert list(left) == ([] if raised(results) else [EntryStatus.WITHDRAWN])


def test_everything_at_once_waits_in_one_order(scene):
    """Filing, changing to another group, approving, archiving, ending: nobody waits in a circle."""
    before = deadlocks()
    for _ in range(ROUNDS):
        event, group = scene.event(), make_group()
        join(scene.person, group)
        scene.groups[0] = group
        assert scene.person.access.is_member_of(group.pk)
        moved, approved = scene.filing(event, start=480, group=1)(), scene.filing(event, start=540, group=1)()
        names = {"event_id": event.pk, "by": scene.leader}
        results = at_once(
            scene.filing(event),
            lambda: change_entry(**names, entry_id=moved.pk, now=clock.now(), wish=Wish(group_id=group.pk)),
            lambda: approve_entry(**names, entry_id=approved.pk, now=clock.now()),
            lambda: archive_group(group_id=group.pk, by=scene.leader, now=clock.now()),
            scene.ending(event),
        )
        assert set(raised(results)) <= {Invalid, EventIsNotOpen}
        of_archived = AllocationRegistration.objects.of_event(event.pk).filter(group=group)
        assert set(of_archived.values_list("status", flat=True)) <= {"withdrawn"}
        assert filed_after_the_end(event) == []
        approved.refresh_from_db()
        assert approved.status == "approved"
    assert deadlocks() == before
