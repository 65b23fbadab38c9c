"""Every page of the admin, with every filter, search and odd address: none of them is our fault (5xx).

The test client raises what a view does not catch, so a 5xx is an error of the test with its trace.
"""

import datetime as dt

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from accounts.enums import KeyScope
from accounts.services.access_keys import issue_api_key, issue_key
from accounts.services.sso_whitelist import add_to_whitelist
from allocations.services.distributing import distribute
from auditlog.models import LogEntry
from calendars.models import CalendarFeed, CalendarOutbox, MailTemplate, PriorityToken
from classrooms.services.closures import close_rooms
from groups.models import UserGroup
from jobs.services.due_times import enqueue_due
from kernel import clock
from kernel.admin.forms import NameFormField
from kernel.admin.pages import ServiceAdmin
from kernel.admin.site import site
from kernel.campus_time import campus_date, campus_interval
from notifications.models import Notification
from outbox.models import Letter
from policies.queries.rulebook import renew_rulebook
from policies.services.booking_rules import create_rule, read_rule
from registrations.services.cancelling import cancel_registration
from registrations.services.deciding import approve_registration
from tests.admin.failing import fail_a_job
from tests.admin.pages import actions, answer, ask, is_asking, said
from tests.allocations.scenes import ended, make_entry, make_event
from tests.factories import cspace_group, join, make_classroom, make_group, make_registration, make_series, make_user
from tests.factories.calendars import enter, make_calendar
from tests.factories.timetables import make_course, make_lecture, make_plan
from tests.once import built_once
from tests.outbox.made_up import post_hello
from tests.policies.scenes import make_mark
from tests.webhooks.scenes import make_delivery, make_webhook
from timetables.models import Teacher

PAGES = {f"{model._meta.app_label}/{model._meta.model_name}": model for model in site._registry}
SECRETS = [
    "password",
    "secret",
    "former_secret",
    "source_secret",
    "calendar__source_secret",
    "calendars__source_secret",
    "token",
    "webhook__secret",
    "token_version",
    "digest",
    "refresh_sessions__jti",
    "user__password",
    "created_by__password",
    "actor__password",
    "group__user_groups__user__password",
    "occupancy__registration__created_by__password",
]
ODD_QUERIES = [
    "q=%00",
    "q=%F0%9F%99%82%27%22%25_",
    "q=" + "a" * 5000,
    "p=x",
    "p=99999999999999999999",
    "o=x.y",
    "id__exact=x",
    "id__in=99999999999999999999",
    "nonsense=1",
    "_popup=1&_to_field=password",
    "status__exact=nonsense",
    "occupancy__classroom__floor=x",
    "permissions__exact=%FF",
    "is_active__exact=2",
    "archived_at__isempty=x",
    "_changelist_filters=%00",
]
ODD_ROWS = ["x", "-1", "99999999999999999999", "%00", "_5F"]
ODD_VALUES = ["", "\x00", "x", "9" * 30, "[" * 50_000, "NaN"]

EVERY_ACTION = [
    (f"{model._meta.app_label}/{model._meta.model_name}", action)
    for model, page in site._registry.items()
    for action in page.actions
]
BEFORE = {"activate": "deactivate", "approve": "reject", "restore": "withdraw", "distribute": "end"}
"""The actions that find something to do only after another."""

every_page = pytest.mark.parametrize("name", sorted(PAGES))


@pytest.fixture
def root(db, browser):
    return browser(make_user("root", is_superuser=True))


@pytest.fixture(scope="module")
def furniture(django_db_setup, django_db_blocker):
    with built_once(django_db_blocker, furnish):
        yield


@pytest.fixture
def furnished(furniture, db):
    """There is at least one row of everything, and the process goes by the rules there are."""
    renew_rulebook()


def furnish():
    now, day = clock.now(), campus_date(clock.now()) + dt.timedelta(days=3)
    by, person, team = make_user("by"), make_user("person"), make_group("522")
    join(by, cspace_group())
    join(person, team)
    room = make_classroom("Room A", equipment={"projector": 1})
    make_classroom("Room Z")
    held = make_registration(by=person, group=team, classroom=room, day=day)
    approve_registration(registration_id=held.pk, by=by, now=now)
    close_rooms(by=by, now=now, classrooms=[room], interval=campus_interval(day, 1200, 1440))
    for is_drawn in (True, False):
        event = make_event(by, weeks=2)
        make_entry(event, team, room, person, start=660 if is_drawn else 600, end=720 if is_drawn else 660)
        if is_drawn:
            ended(event, by)
            distribute(event_id=event.pk, by=by, now=now)
    blocking = make_registration(by=person, group=team, classroom=room, day=day, start=900, end=960)
    make_series(by=by, group=team, classroom=room, starts_on=day, start=900, end=960)
    cancel_registration(registration_id=blocking.pk, by=by, now=now)
    assert Notification.objects.exists()
    lecture = make_lecture(room, make_course(), day=day + dt.timedelta(days=1))
    make_plan(lecture.schedule.course)
    lecture.schedule.course.teachers.add(Teacher.objects.create(name="Grace Huang"))
    make_mark(by, team)
    issue_key(scope=KeyScope.USER, by=person, now=now, user_id=person.pk)
    issue_api_key(by=person, now=now, user_id=person.pk, name="The door sign", permissions=["events"])
    enqueue_due(now=now)
    fail_a_job(now)
    make_delivery(make_webhook("closure.created"), 1)
    longest = {"type": "length", "max_minutes": 1440}
    body = {"name": "A day", "who": {"kind": "everybody"}, "where": {"kind": "everywhere"}, "limit": longest}
    create_rule(by=by, now=now, wish=read_rule(body))
    add_to_whitelist(eppn="guest@uni.example", by=by, now=now)
    furnish_calendars(by, room, day)
    post_hello()
    Letter.objects.update(state="failed", error="550")


def furnish_calendars(by, room, day):
    """Two events of a room's calendar that overlap, and what calendars have besides."""
    calendar, now = make_calendar("aula", users=(by,), classroom=room), clock.now()
    for minute in (480, 510):
        enter(calendar, campus_interval(day, minute, minute + 60), by=by, now=now + dt.timedelta(seconds=minute))
    PriorityToken.objects.create(token="dean-2026-first", priority=5)
    MailTemplate.objects.create(name="Sorry", subject="{{ name }}", text="{{ name }} has gone")
    CalendarFeed.objects.create(subject=f"calendar:{calendar.pk}", token="x" * 32, created_at=now)
    failure = {"attempts": 5, "next_try_at": None, "last_error": "HTTP 500"}
    CalendarOutbox.objects.create(calendar=calendar, operation="delete", uid="x", created_at=now, **failure)


def rows_of(name):
    return list(PAGES[name]._default_manager.all())


def test_every_page_is_one_whose_writes_are_service_calls():
    assert sorted(PAGES) == [
        "accounts/accesskey",
        "accounts/ssowhitelist",
        "accounts/user",
        "allocations/allocationevent",
        "allocations/allocationregistration",
        "auditlog/logentry",
        "calendars/calendar",
        "calendars/calendarevent",
        "calendars/calendarfeed",
        "calendars/calendaroutbox",
        "calendars/mailtemplate",
        "calendars/prioritytoken",
        "classrooms/classroom",
        "classrooms/closure",
        "groups/group",
        "groups/usergroup",
        "jobs/duetime",
        "jobs/queuedjob",
        "notifications/notification",
        "outbox/letter",
        "policies/bookingrule",
        "policies/mark",
        "registrations/registration",
        "registrations/series",
        "timetables/course",
        "timetables/coursebooking",
        "timetables/courseschedule",
        "timetables/plannedcourse",
        "timetables/semester",
        "timetables/studyplan",
        "timetables/teacher",
        "timetables/unit",
        "webhooks/delivery",
        "webhooks/webhook",
    ]
    assert [page for page in site._registry.values() if not isinstance(page, ServiceAdmin)] == []


@every_page
def test_nothing_is_deleted_past_a_service(root, furnished, name):
    before = actions()
    for row in rows_of(name):
        assert root.get(f"/admin/{name}/{row.pk}/delete/").status_code == 403
        assert root.post(f"/admin/{name}/{row.pk}/delete/", {"post": "yes"}).status_code == 403
        root.post(f"/admin/{name}/", {"action": "delete_selected", "_selected_action": row.pk, "post": "yes"})
        assert PAGES[name]._default_manager.filter(pk=row.pk).exists()
    assert actions() == before


@every_page
def test_every_page_of_every_row_renders(root, admin, furnished, name):
    for client in (root, admin):
        changelist = client.get(f"/admin/{name}/")
        expected = 200 if changelist.context["has_add_permission"] else 403
        pages = ["", *(f"{row.pk}/{page}/" for row in rows_of(name) for page in ("change", "history"))]
        assert [client.get(f"/admin/{name}/{page}").status_code for page in pages] == [200] * len(pages)
        assert client.get(f"/admin/{name}/add/").status_code == expected
    assert root.get(f"/admin/{PAGES[name]._meta.app_label}/").status_code == 200


@every_page
def test_every_filter_and_column_answers(root, furnished, name):
    changelist = root.get(f"/admin/{name}/").context["cl"]
    links = [choice["query_string"] for spec in changelist.filter_specs for choice in spec.choices(changelist)]
    columns = [f"?o={sign}{number}" for number in range(1, len(changelist.list_display)) for sign in ("", "-")]
    for query in {*links, *columns, "?q=a", "?all=", "?p=2", "?_facets=True"}:
        assert root.get(f"/admin/{name}/{query}", follow=True).status_code == 200, query


@every_page
def test_an_odd_address_is_not_our_fault(root, furnished, name):
    for query in ODD_QUERIES:
        assert root.get(f"/admin/{name}/?{query}").status_code in {200, 302, 400}, query
    for pk in ODD_ROWS:
        for page in ("change/", "history/", "password/"):
            assert root.get(f"/admin/{name}/{pk}/{page}").status_code in {302, 400, 404}
            assert root.post(f"/admin/{name}/{pk}/{page}", {}).status_code in {302, 400, 403, 404, 405}


@every_page
def test_an_odd_form_is_not_our_fault_and_writes_nothing(root, furnished, name):
    before, row = actions(), rows_of(name)[0]
    fields = site._registry[PAGES[name]].get_form(root.get(f"/admin/{name}/").wsgi_request).base_fields
    for value in ODD_VALUES:
        # Almost any text may be a name, but for an invisible one.
        form = {key: f"{value}\u200b" if isinstance(field, NameFormField) else value for key, field in fields.items()}
        assert root.get(f"/admin/{name}/add/", {key: odd[:200] for key, odd in form.items()}).status_code in {200, 403}
        for page in ("add/", f"{row.pk}/change/"):
            assert root.post(f"/admin/{name}/{page}", form).status_code in {200, 403}
    assert root.post(f"/admin/{name}/{row.pk}/change/", {"_saveasnew": "1"}).status_code in {200, 403}
    assert root.post(f"/admin/{name}/add/", {"_to_field": "password"}).status_code in {400, 403}
    assert actions() == before


@every_page
def test_an_odd_selection_is_not_our_fault(root, furnished, name):
    before = actions()
    for action in (*site._registry[PAGES[name]].actions, "nonsense"):
        for pk in ("x", "\x00", "9" * 30, "-1"):
            response = root.post(f"/admin/{name}/", {"action": action, "_selected_action": [pk]})
            assert response.status_code in {200, 302, 400}
    assert actions() == before


@pytest.mark.parametrize(("name", "action"), EVERY_ACTION)
def test_every_action_shows_first_what_it_would_do_and_does_it_once(root, furnished, name, action):
    """In the words of the page; nothing before the answer, nothing by GET, nothing at the second answer."""
    # Nobody deactivates himself here: then he could not answer any more.
    rows = [row for row in rows_of(name) if getattr(row, "username", "") != "root"]
    if action in BEFORE:
        answer(root, ask(root, name, BEFORE[action], *rows))
    before = everything()
    ids = "&".join(f"_selected_action={row.pk}" for row in rows)
    assert root.get(f"/admin/{name}/?action={action}&{ids}").status_code in {200, 302, 400}
    page = ask(root, name, action, *rows, reason="Because")
    assert is_asking(page), f"give `furnish` a row that this changes: {said(page)}"
    html = page.content.decode()
    for prospect in page.context["acting"]:
        assert escape(prospect.name) in html
        assert all(escape(line) in html for line in prospect.lines)
    assert root.get(page.request["PATH_INFO"]).status_code == 200
    assert everything() == before

    done = answer(root, page)
    assert done.redirect_chain
    after = everything()
    added = LogEntry.objects.count() - len(before["auditlog.LogEntry"])
    assert added == sum(len(prospect.lines) for prospect in page.context["acting"])
    again = answer(root, page)
    assert "already" in "".join(said(again))
    assert everything() == after


def everything():
    """{model: all its rows}: of every table of ours, sessions apart."""
    labels = {"cspace", *(name.partition("/")[0] for name in PAGES)}
    models = [model for label in labels for model in apps.get_app_config(label).get_models()]
    return {model._meta.label: sorted(map(repr, model._base_manager.values_list())) for model in models}


@every_page
def test_nobody_is_looked_up_by_secrets(root, furnished, name):
    for lookup in SECRETS:
        for query in (f"{lookup}=a", f"{lookup}__startswith=a"):
            response = root.get(f"/admin/{name}/?{query}")
            # Refused, or not known there at all: then Django leads back to the list with `e=1`.
            assert response.status_code == 400 or response["Location"].endswith("?e=1"), query


@pytest.mark.parametrize(
    "query",
    [
        {"app_label": "groups", "model_name": "usergroup", "field_name": "user", "term": "\x00"},
        {"app_label": "groups", "model_name": "usergroup", "field_name": "user", "term": "a", "page": "x"},
        {"app_label": "groups", "model_name": "usergroup", "field_name": "nonsense", "term": "a"},
        {"app_label": "nonsense"},
        {},
    ],
)
def test_looking_up_while_typing_is_not_our_fault(root, query):
    assert root.get("/admin/autocomplete/", query).status_code in {400, 403, 404}


@pytest.mark.parametrize("name", ["index", "password_change", "password_change_done", "search"])
def test_the_other_pages_answer_cspace_alone(admin, stranger, browser, name):
    page = reverse(f"admin:{name}")
    assert admin.get(page).status_code == 200
    for client in (browser(stranger), Client()):
        assert client.get(page)["Location"].startswith("/admin/login/")


@every_page
def test_every_form_and_list_is_csrf_protected(cspace_admin, furnished, name):
    client = Client(enforce_csrf_checks=True)
    client.force_login(cspace_admin)
    before, row = actions(), rows_of(name)[0]
    of_row = [f"{row.pk}/{page}/" for page in ("change", "password", "delete")]
    for page in ("", "add/", *of_row, "import/", "process_import/", "export/"):
        response = client.post(f"/admin/{name}/{page}", {"action": "approve", "_selected_action": row.pk})
        assert response.status_code == 403
    assert actions() == before
    assert UserGroup.objects.count() == 3
