"""History: what the change log has about one thing, on every page whose things have facts."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from allocations.models import AllocationRegistration
from allocations.services.distributing import distribute
from auditlog.models import LogEntry
from classrooms.models import Closure
from classrooms.services.closures import close_rooms
from groups.models import UserGroup
from groups.services.groups import create_group
from kernel import clock, history
from kernel.admin.site import site
from kernel.campus_time import campus_interval
from kernel.facts import Fact
from registrations.models import Registration, Series
from registrations.services.cancelling import cancel_registration
from registrations.services.deciding import approve_registration
from tests.allocations.scenes import ended, make_entry, make_event
from tests.factories import make_classroom, make_registration, make_series
from timetables.models import Course, Teacher
from timetables.services.editing import add_row, withdraw

DAY = dt.date(2026, 2, 1)

pytestmark = pytest.mark.usefixtures("document_clock")


def shown(client, row, query=""):
    meta = row._meta
    return client.get(f"/admin/{meta.app_label}/{meta.model_name}/{row.pk}/history/{query}")


def told(response):
    """The first words of what the page tells, newest first."""
    return [entry["sentence"].partition(":")[0] for entry in response.context["entries"]]


def note(target, action="registration.changed", at=None, **details):
    LogEntry.objects.create(action=action, target=target, details=details, created_at=at or clock.now())


def test_a_registration_has_its_story_with_people_times_and_all_details(admin, cspace, member, team, room):
    held = make_registration(by=member, group=team, classroom=room, day=DAY, description="Chess")
    make_registration(by=member, group=team, classroom=room, day=DAY, start=800, end=900)
    approve_registration(registration_id=held.pk, by=cspace, now=clock.now())
    page = shown(admin, held)
    newest, oldest = page.context["entries"]
    assert newest["sentence"] == (
        "Registration approved: group 522, classroom Room A, date 2026-02-01, start time 10:00, end time 12:00"
    )
    assert (newest["who"], oldest["who"]) == (cspace, member)
    assert newest["at"] == "2026-01-20 10:00:00"
    html = page.content.decode()
    assert "campus times (Asia/Taipei)" in html
    assert "<time>2026-01-20 10:00:00</time>" in html
    assert "<summary>All details</summary>" in html
    assert told(page) == ["Registration approved", "Registration created"]


def test_every_kind_of_thing_with_facts_has_its_history(admin, cspace, member, team, room):
    """The words that facts use for a thing are those by which its page looks for them."""
    at = {"by": cspace, "now": clock.now()}
    make_series(by=cspace, group=team, classroom=room, starts_on=DAY, start=1000, end=1100)
    make_registration(by=member, group=team, classroom=room, day=DAY)
    make_entry(event := make_event(cspace), team, room, member)
    close_rooms(classrooms=[room], interval=campus_interval(DAY + dt.timedelta(days=1), 0, 60), **at)
    create_group(name="Choir", **at)
    add_row(kind=Teacher, name="Grace Huang", **at)
    for model, page in site._registry.items():
        row = model._default_manager.order_by("pk").first()
        if row is None or model.__name__ in {"LogEntry", "Notification"}:
            continue
        noun = page.target_noun or model._meta.model_name
        note(f"{noun}:{row.pk}", f"{noun}.noted")
        note(f"{noun}:{row.pk}0", f"{noun}.of_another")
        assert told(shown(admin, row))[0] == f"{noun.replace('_', ' ').capitalize()} noted"
    seen = {
        target.partition(":")[0]
        for target in LogEntry.objects.exclude(action__contains="noted").values_list("target", flat=True)
    }
    assert {"registration", "series", "allocation_event", "closure", "group", "teacher"} <= seen
    for row in (
        event,
        *Registration.objects.all(),
        *Series.objects.all(),
        *Closure.objects.all(),
        *Teacher.objects.all(),
    ):
        assert any("created" in words or "added" in words for words in told(shown(admin, row))), row


def test_whatever_a_fact_can_be_about_has_a_page_that_asks_by_its_word():
    nouns = {page.target_noun or model._meta.model_name for model, page in site._registry.items()}
    actions = {
        kind.action
        for kind in kinds_of(Fact)
        if kind.__module__.partition(".")[0] != "tests" and hasattr(kind, "action")
    }
    about = {action.partition(".")[0] for action in actions}
    # A family of sessions is a user's; an import is a file's, rows of the timetable are called by their model; a feed
    # is that of a room, a calendar, a person or a group.
    assert about - {"auth", "timetable", "feed"} <= nouns
    assert len(about) > 8


def kinds_of(kind):
    """All kinds below a kind."""
    return [*kind.__subclasses__(), *(lower for each in kind.__subclasses__() for lower in kinds_of(each))]


def test_commands_about_many_stand_in_the_history_of_each(admin, cspace, team, room):
    other = make_classroom("Room B")
    at = {"by": cspace, "now": clock.now()}
    close_rooms(classrooms=[room, other], interval=campus_interval(DAY, 0, 60), **at)
    courses = [
        add_row(kind=Course, code=code, name=code, credits=5, edu_url="", language="", teachers=[], **at)
        for code in ("CS-101", "CS-102", "CS-103")
    ]
    withdraw(kind=Course, row_ids=[course.pk for course in courses[:2]], **at)
    for closure in Closure.objects.all():
        assert told(shown(admin, closure)) == ["Closure created"]
    assert told(shown(admin, courses[1])) == ["Timetable withdrawn", "Timetable added"]
    assert told(shown(admin, courses[2])) == ["Timetable added"]


def test_an_occurrence_tells_of_its_series(admin, cspace, team, room):
    series = make_series(by=cspace, group=team, classroom=room, starts_on=DAY, weeks=2)
    first, second = series.occurrences.order_by("pk")
    cancel_registration(registration_id=first.pk, by=cspace, now=clock.now())
    assert told(shown(admin, first)) == ["Registration cancelled", "Series created"]
    assert told(shown(admin, second)) == ["Series created"]
    assert told(shown(admin, series)) == ["Series created"]


def test_an_entry_tells_of_its_draw(admin, cspace, member, team, room):
    event, other = make_event(cspace, weeks=2), make_event(cspace, weeks=2)
    make_entry(event, team, room, member)
    make_entry(other, team, room, member)
    ended(event, cspace)
    distribute(event_id=event.pk, by=cspace, now=clock.now())
    entry, undrawn = AllocationRegistration.objects.order_by("pk")
    assert told(shown(admin, entry)) == ["Allocation event distributed"]
    assert told(shown(admin, undrawn)) == []


def test_a_long_history_has_pages_newest_first(admin, room):
    for minute in range(history.PER_PAGE + 5):
        note(f"classroom:{room.pk}", at=clock.now() + dt.timedelta(minutes=minute), number=minute)
    numbers = [entry["sentence"] for entry in shown(admin, room).context["entries"]]
    assert numbers == [f"Registration changed: number {minute}" for minute in range(54, 4, -1)]
    assert len(shown(admin, room, "?p=2").context["entries"]) == 5
    for odd in ("?p=x", "?p=-1", "?p=99999999999999999999", "?p=%F0"):
        assert shown(admin, room, odd).status_code == 200
    assert shown(admin, room, "?p=%00").status_code == 400


def test_what_the_log_says_is_text_and_whole(admin, room):
    long = "<script>alert(1)</script>" + "x" * 5000
    note(f"classroom:{room.pk}", text=long, many=list(range(2000)))
    html = shown(admin, room).content.decode()
    assert "<script>alert" not in html
    assert "x" * 5000 in html
    assert " 1999" in html
    entry = LogEntry.objects.order_by("-pk").first()
    for page in ("/admin/auditlog/logentry/", f"/admin/auditlog/logentry/{entry.pk}/change/"):
        html = admin.get(page).content.decode()
        assert "<script>alert" not in html
        assert "x" * 5000 in html
        assert " 1999" in html
        assert '<details class="folded">' in html


def test_a_row_of_the_log_leads_to_the_whole_story_of_its_thing(admin, room):
    note(f"classroom:{room.pk}", "classroom.noted")
    note(f"classroom:{room.pk}", "classroom.changed", day_of_week=7)
    (first, _) = LogEntry.objects.order_by("pk")
    assert told(shown(admin, first)) == ["Classroom changed", "Classroom noted"]
    assert "Classroom changed: day of week Saturday" in shown(admin, first).content.decode()


def test_the_system_is_named_where_nobody_did_it(admin, room):
    note(f"classroom:{room.pk}")
    assert "the system" in shown(admin, room).content.decode()


def test_a_thing_without_a_story_says_so(admin, room):
    assert "The change log has nothing about this" in shown(admin, room).content.decode()


def test_a_history_costs_the_same_for_one_row_and_for_many(admin, room, cspace, django_assert_num_queries):
    for _ in range(3):
        LogEntry.objects.create(action="a.b", actor=cspace, target=f"classroom:{room.pk}", created_at=clock.now())
    shown(admin, room)
    with CaptureQueriesContext(connection) as few:
        shown(admin, room)
    for _ in range(20):
        LogEntry.objects.create(action="a.b", actor=cspace, target=f"classroom:{room.pk}", created_at=clock.now())
    with django_assert_num_queries(len(few)):
        shown(admin, room)
    assert UserGroup.objects.exists()
