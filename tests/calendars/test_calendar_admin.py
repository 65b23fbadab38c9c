"""Calendars in the admin: made, changed and cleared there, and what nobody is shown."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from auditlog.models import LogEntry
from calendars.enums import CalendarEventStatus, CalendarSource, OccurrenceState
from calendars.models import Calendar, CalendarEvent, CalendarFeed, CalendarOutbox, MailTemplate, PriorityToken
from calendars.services.sealing import opened
from jobs.models import QueuedJob
from kernel import clock
from kernel.campus_time import campus_date
from tests.admin.pages import act, actions, answer, ask, errors, is_asking, said, save, sections
from tests.calendars.files import event_text, serving_file
from tests.calendars.test_events import hours, states
from tests.factories import join, make_classroom, make_group, make_registration, make_user
from tests.factories.calendars import enter, make_calendar
from tests.races.server import free_port

pytestmark = pytest.mark.django_db
CALENDARS, EVENTS = "/admin/calendars/calendar/", "/admin/calendars/calendarevent/"
TOKENS, TEMPLATES = "/admin/calendars/prioritytoken/", "/admin/calendars/mailtemplate/"
WORD, SECRET = "dean-2026-first", "s3cret, of a server"
LIVE, CONFLICTING = OccurrenceState.LIVE, OccurrenceState.CONFLICTING


@pytest.fixture
def admin(cspace):
    client = Client()
    client.force_login(cspace)
    return client


@pytest.fixture
def person():
    return make_user("head", email="head@example.org")


@pytest.fixture
def calendar(person):
    return make_calendar("aula", users=(person,), classroom=make_classroom("Aula"))


@pytest.fixture
def pair(calendar, person):
    """Two events that overlap; the second one waits."""
    now = clock.now()
    first = enter(calendar, hours(10, 12), by=person, name="first", now=now).event
    return first, enter(calendar, hours(11, 13), by=person, name="second", now=now + timedelta(seconds=1)).event


def form(**more):
    return {
        "slug": "aula",
        "name": "Aula",
        "classroom": "",
        "group": "",
        "usernames": "",
        "timezone": "Europe/Berlin",
        "source": "local",
        "on_overlap": "keep",
        "tentative_blocks": "on",
        "default_priority": "0",
        "mail_template": "",
    } | more


def change_page(row):
    return f"/admin/{row._meta.app_label}/{row._meta.model_name}/{row.pk}/change/"


def html_of(client, page):
    return client.get(page).content.decode()


# --- calendars -------------------------------------------------------------------------------------------------


def test_a_calendar_is_made_by_its_form(admin, person):
    room, group = make_classroom("Aula"), make_group("522")
    response = save(
        admin,
        f"{CALENDARS}add/",
        form(classroom=room.pk, group=group.pk, usernames="head\r\n\r\n", is_public="on", default_priority="3"),
    )
    assert said(response) != [], errors(response)
    made = Calendar.objects.get()
    assert (made.slug, made.name, made.classroom, made.group, list(made.users.all())) == (
        *("aula", "Aula", room, group),
        [person],
    )
    assert (made.source, made.timezone, made.is_public, made.auto_clear) == ("local", "Europe/Berlin", True, False)
    assert (made.default_priority, made.tentative_blocks) == (3, True)
    assert actions() == ["calendar.created"]


def test_what_the_service_refuses_stands_under_its_field(admin):
    wrong = form(slug="rooms", usernames="nobody\nno-one", source_url="ftp://x", default_priority="-1")
    response = save(admin, f"{CALENDARS}add/", wrong)
    assert sorted(errors(response)) == ["default_priority", "usernames"]
    assert errors(response)["usernames"] == ["Unknown user: no-one", "Unknown user: nobody"]
    response = save(admin, f"{CALENDARS}add/", form(slug="rooms", source="ics", source_url="ftp://x"))
    assert errors(response) == {
        "slug": ["This address is reserved"],
        "source_url": ["Must begin with https:// or http://"],
    }
    make_calendar("aula")
    response = save(admin, f"{CALENDARS}add/", form())
    assert errors(response) == {"slug": ["A calendar with this address already exists"]}
    assert Calendar.objects.count() == 1
    assert actions() == []


@pytest.fixture
def remote(admin):
    where = {"source": "caldav", "source_url": "https://cal.example.org/a/", "source_username": "robot"}
    save(admin, f"{CALENDARS}add/", form(password=SECRET, **where))
    return Calendar.objects.get(), where


def test_a_password_is_kept_and_never_shown(admin, remote):
    calendar, where = remote
    assert calendar.source_secret not in ("", SECRET)
    assert opened(calendar.source_secret) == SECRET
    pages = [change_page(calendar), CALENDARS, f"{CALENDARS}{calendar.pk}/history/", "/admin/auditlog/logentry/"]
    for page in pages:
        html = html_of(admin, page)
        assert SECRET not in html
        assert calendar.source_secret not in html
    assert 'placeholder="kept; leave empty to keep it"' in html_of(admin, change_page(calendar))

    save(admin, change_page(calendar), form(name="Great hall", **where))
    calendar.refresh_from_db()
    assert (calendar.name, opened(calendar.source_secret)) == ("Great hall", SECRET)
    save(admin, change_page(calendar), form(name="Great hall", password="another", **where))
    calendar.refresh_from_db()
    assert opened(calendar.source_secret) == "another"
    save(admin, change_page(calendar), form(name="Great hall", has_no_password="on", **where))
    calendar.refresh_from_db()
    assert calendar.source_secret == ""
    assert actions() == ["calendar.created", *["calendar.changed"] * 3]
    assert "another" not in str(list(LogEntry.objects.values_list("details", flat=True)))


@pytest.mark.parametrize("elsewhere", [{"source_url": "https://evil.example.org/"}, {"source_username": "eve"}])
def test_a_kept_password_goes_to_no_other_server(admin, remote, elsewhere):
    calendar, where = remote
    response = save(admin, change_page(calendar), form(**where | elsewhere))
    assert list(errors(response)) == ["password"]
    calendar.refresh_from_db()
    assert (calendar.source_url, calendar.source_username) == (where["source_url"], "robot")
    page = save(admin, change_page(calendar), form(password="new", **where | elsewhere))
    assert "adminform" not in page.context, errors(page)
    calendar.refresh_from_db()
    assert opened(calendar.source_secret) == "new"


def test_another_room_is_asked_about_with_who_gets_the_old_one(admin, calendar, pair):
    other = make_classroom("Lab")
    response = admin.post(change_page(calendar), form(name="aula", classroom=other.pk, usernames="head"))
    assert is_asking(response)
    assert states() == {"first": LIVE, "second": CONFLICTING}
    answer(admin, response)
    calendar.refresh_from_db()
    assert calendar.classroom == other
    assert not is_asking(admin.post(change_page(calendar), form(name="New name", classroom=other.pk, usernames="head")))


def test_the_last_synchronisation_in_a_word_and_in_a_sentence(admin):
    now = clock.now()
    source = {"source": CalendarSource.ICS, "source_url": "https://x.example.org/"}
    make_calendar("local")
    make_calendar("new", **source)
    make_calendar("good", last_synced_at=now, **source)
    make_calendar("faulty", last_synced_at=now, last_error="line 3: no UID", **source)
    bad = make_calendar("bad", last_error="HTTP <500>", failures=3, **source)
    html = html_of(admin, CALENDARS)
    words = dict(
        re.findall(
            r">(local|new|good|faulty|bad)</a>.*?(in order|not yet|with faults|failed|local)\s*<", html, re.DOTALL
        )
    )
    assert words == {"local": "local", "new": "not yet", "good": "in order", "faulty": "with faults", "bad": "failed"}
    assert "HTTP &lt;500&gt; (3 in a row)" in html_of(admin, change_page(bad))
    shown = admin.get(f"{CALENDARS}?last_error__isempty=0").context["cl"].result_list
    assert [row.slug for row in shown] == ["bad", "faulty"]


def test_what_a_server_could_not_be_told_is_said_of_its_calendar(admin):
    now = clock.now()
    source = {"source": CalendarSource.CALDAV, "source_url": "https://x.example.org/a/", "last_synced_at": now}
    calendars = {slug: make_calendar(slug, **source) for slug in ("given-up", "trying", "told", "broken")}
    Calendar.objects.filter(slug="broken").update(failures=1, last_error="HTTP 500")
    ends = {
        "given-up": {"attempts": 5, "next_try_at": None},
        "trying": {"attempts": 1, "next_try_at": now},
        "told": {"attempts": 5, "next_try_at": None, "done_at": now},
        "broken": {"attempts": 5, "next_try_at": None},
    }
    for slug, end in ends.items():
        for uid in ("one", "two"):
            CalendarOutbox.objects.create(
                calendar=calendars[slug], operation="put", uid=uid, last_error="HTTP 403", created_at=now, **end
            )
    html = html_of(admin, CALENDARS)
    words = dict(
        re.findall(r">(given-up|trying|told|broken)</a>.*?(in order|not delivered|failed)\s*<", html, re.DOTALL)
    )
    assert words == {"given-up": "not delivered", "trying": "in order", "told": "in order", "broken": "failed"}
    for slug, sentence in (("given-up", "2 changes"), ("broken", "2 changes"), ("trying", "–"), ("told", "–")):
        row = calendars[slug]
        (shown,) = re.findall(r"Not delivered.*?readonly[^>]*>(.*?)</div>", html_of(admin, change_page(row)), re.DOTALL)
        assert re.sub(r"<[^>]*>", "", shown).strip() == sentence
        if sentence == "–":
            continue
        (address,) = re.findall(r'href="([^"]*)"', shown)
        rows = admin.get(address.replace("&amp;", "&")).context["cl"].result_list
        assert {(each.calendar_id, each.uid) for each in rows} == {(row.pk, "one"), (row.pk, "two")}


def test_the_number_of_queries_of_a_list_does_not_grow(admin, calendar, person):
    PriorityToken.objects.create(token=WORD, priority=5)
    counts = []
    for number in range(3):
        enter(calendar, hours(10, 12, days=3 + number), by=person)
        make_calendar()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            admin.get(CALENDARS)
            admin.get(EVENTS)
        counts.append(len(queries))
    assert counts[1:] == counts[1:2] * 2


def test_deleting_says_first_how_many_events_go(admin, calendar, pair):
    page = ask(admin, "calendars/calendar", "delete_calendars", calendar)
    assert sections(page) == {"aula": ["Calendar deleted: calendar aula, events 2"]}
    answer(admin, page)
    assert Calendar.objects.count() == CalendarEvent.objects.count() == 0


# --- clearing --------------------------------------------------------------------------------------------------


def test_clearing_shows_what_would_go_and_does_that(admin, cspace, calendar, pair, person):
    beside = make_calendar("beside", users=(person,), classroom=calendar.classroom)
    PriorityToken.objects.create(token=WORD, priority=5)
    now = clock.now()
    for name in ("one", "other"):
        enter(beside, hours(20, 21), by=person, name=name, description=WORD, now=now)
        now += timedelta(seconds=1)
    enter(beside, hours(7, 8), by=person, name="off")
    CalendarEvent.objects.filter(name="off").update(status=CalendarEventStatus.CANCELLED)
    before = states()

    page = ask(admin, "calendars/calendar", "clear", calendar, beside)
    (lines,) = sections(page).values()
    assert list(sections(page)) == ["Aula: aula, beside"]
    assert [re.search(r"name (\w+)", line)[1] for line in lines] == ["off", "second"]
    rows = {each["title"]: [(row["name"], row["winner"][:5]) for row in each["rows"]] for each in page.context["lists"]}
    assert rows == {
        "Cancelled, and would be deleted": [("off", "")],
        "Overlap others, and would be deleted": [("second", "first")],
        "Overlap others, and are left alone": [("other", "one, ")],
    }
    assert states() == before
    assert said(answer(admin, page)) == ["1 cleared."]
    assert states() == {"first": LIVE, "one": LIVE, "other": CONFLICTING}
    entries = LogEntry.objects.filter(action="calendar_event.cleared")
    assert [(entry.actor_id, entry.details["reason"]) for entry in entries.order_by("pk")] == [
        (cspace.pk, "cancelled"),
        (cspace.pk, "overlapping"),
    ]


def test_what_has_changed_meanwhile_is_shown_again(admin, calendar, pair, person):
    page = ask(admin, "calendars/calendar", "clear", calendar)
    enter(calendar, hours(10, 11), by=person, name="third")
    again = answer(admin, page)
    assert is_asking(again)
    assert len(CalendarEvent.objects.all()) == 3


def test_where_nothing_goes_nothing_is_asked(admin, calendar, person):
    enter(calendar, hours(10, 12), by=person)
    page = ask(admin, "calendars/calendar", "clear", calendar)
    assert said(page) == ["Aula: aula: Nothing is cancelled, and nothing overlaps that could go"]


# --- synchronising ---------------------------------------------------------------------------------------------


def synchronise(client, calendar):
    return client.post(f"{CALENDARS}{calendar.pk}/synchronise/", follow=True)


def test_a_calendar_is_synchronised_at_once_after_a_page_that_asks(admin, cspace, settings):
    day = f"{campus_date(clock.now()) + timedelta(days=3):%Y%m%d}"
    settings.CALENDAR_ALLOW_PRIVATE_HOSTS = ["127.0.0.1"]
    with serving_file() as file:
        nameless = event_text("x", f"{day}T090000", f"{day}T100000").replace("UID:x\r\n", "")
        file.write(event_text("one@example.org", f"{day}T100000", f"{day}T110000", name="Lecture"), nameless)
        calendar = make_calendar("lab", source=CalendarSource.ICS, source_url=file.url)
        page = f"{CALENDARS}{calendar.pk}/synchronise"
        assert page in html_of(admin, change_page(calendar))
        assert "Its events are read from 127.0.0.1:" in html_of(admin, f"{page}/")
        assert file.conditions == []
        messages = said(synchronise(admin, calendar))
    assert messages[0] == "lab: 1 created, 0 updated, 0 unchanged, 0 removed, 0 conflicting"
    assert len(messages) == 2
    assert [event.name for event in CalendarEvent.objects.all()] == ["Lecture"]
    entry = LogEntry.objects.get()
    assert (entry.action, entry.actor) == ("calendar.synced", cspace)
    assert "with faults" in html_of(admin, CALENDARS)


def test_a_server_that_is_away_is_said_and_noted(admin, settings):
    settings.CALENDAR_ALLOW_PRIVATE_HOSTS = ["127.0.0.1"]
    calendar = make_calendar("lab", source=CalendarSource.ICS, source_url=f"http://127.0.0.1:{free_port()}/x.ics")
    (message,) = said(synchronise(admin, calendar))
    calendar.refresh_from_db()
    assert message == f"lab: {calendar.last_error}"
    assert calendar.failures == 1
    assert f"The last time: {calendar.last_error}" in html_of(admin, f"{CALENDARS}{calendar.pk}/synchronise/")


def test_a_calendar_of_ours_has_nothing_to_synchronise(admin, calendar):
    for response in (admin.get(f"{CALENDARS}{calendar.pk}/synchronise/", follow=True), synchronise(admin, calendar)):
        assert said(response) == ["The events of this calendar are entered here: there is nothing to synchronise."]
    assert admin.get(f"{CALENDARS}999999/synchronise/").status_code == 302
    assert "/login/" in Client().post(f"{CALENDARS}{calendar.pk}/synchronise/")["Location"]


# --- events ----------------------------------------------------------------------------------------------------


def test_an_event_shows_what_is_in_its_way(admin, calendar, pair, person):
    first, second = pair
    html = html_of(admin, change_page(second))
    assert "Conflicting" in html
    assert re.search(r"first, \d{4}-\d\d-\d\d", html)
    assert "first, " not in html_of(admin, change_page(first))
    group = make_group("522")
    join(person, group)
    day = campus_date(clock.now()) + timedelta(days=3)
    make_registration(
        by=person, group=group, classroom=calendar.classroom, day=day, start=780, end=840, description="Choir"
    )
    third = enter(calendar, hours(11, 14), by=person, name="third").event
    html = html_of(admin, change_page(third))
    assert re.search(r"first, [^;]*; Choir, ", html)


def test_what_is_in_the_way_in_a_calendar_without_a_room(admin, person):
    calendar = make_calendar(users=(person,))
    enter(calendar, hours(10, 12), by=person, name="first")
    second = enter(calendar, hours(11, 13), by=person, name="second").event
    assert re.search(r"first, \d{4}-", html_of(admin, change_page(second)))


def test_a_word_that_gives_priority_is_read_nowhere(admin, calendar, person):
    PriorityToken.objects.create(token=WORD, priority=5)
    PriorityToken.objects.create(token="retired-word", priority=5, is_active=False)
    said_so = {"name": f"Exam {WORD}", "description": f"See {WORD} and retired-word."}
    event = enter(calendar, hours(10, 12), by=person, **said_so).event
    room_page = change_page(calendar.classroom)
    for page in (EVENTS, change_page(event), f"{EVENTS}{event.pk}/history/", TOKENS, room_page):
        html = html_of(admin, page).replace(f"name Exam {WORD}", "").replace(f"Exam {WORD}&quot;", "")
        assert WORD not in html, page
        assert "retired-word" not in html, page
    assert "Exam •••" in html_of(admin, EVENTS)
    assert "See ••• and •••." in html_of(admin, change_page(event))
    for lookup in ("description__contains", "raw_ics__contains", "calendar__priority_tokens__token__startswith"):
        assert admin.get(f"{EVENTS}?{lookup}=d").status_code in (302, 400)
    assert list(admin.get(f"{EVENTS}?q={WORD[:6]}-2026-first-and").context["cl"].result_list) == []


def test_an_event_is_entered_in_campus_time(admin, cspace, calendar):
    day = campus_date(clock.now()) + timedelta(days=3)
    typed = {"calendar": calendar.pk, "name": "Exam", "starts_on": day, "start_time": "9:00", "ends_on": day}
    response = save(admin, f"{EVENTS}add/", typed | {"end_time": "24:00", "organizer": "ada@example.org"})
    assert "adminform" not in response.context, errors(response)
    event = CalendarEvent.objects.get()
    assert (event.starts_at, event.ends_at) == (hours(9, 24).starts_at, hours(9, 24).ends_at)
    assert (event.name, event.organizer, event.created_by) == ("Exam", "ada@example.org", cspace)
    assert actions() == ["calendar_event.created"]
    response = save(admin, f"{EVENTS}add/", typed | {"end_time": "8:00"})
    assert errors(response) == {"ends_on": ["Must be after the start"]}
    response = save(admin, f"{EVENTS}add/", typed | {"end_time": "", "organizer": "no address"})
    assert sorted(errors(response)) == ["end_time", "organizer"]


def test_a_calendar_that_rejects_refuses_here_too(admin, person):
    calendar = make_calendar(users=(person,), on_overlap="reject")
    enter(calendar, hours(10, 12), by=person)
    day = campus_date(clock.now()) + timedelta(days=3)
    typed = {"calendar": calendar.pk, "name": "Exam", "starts_on": day, "ends_on": day}
    response = save(admin, f"{EVENTS}add/", typed | {"start_time": "11:00", "end_time": "12:00"})
    assert errors(response) == {"__all__": ["The event overlaps another one"]}


def test_events_are_deleted_and_not_edited(admin, calendar, pair):
    first, _ = pair
    assert admin.post(change_page(first), {"name": "x"}).status_code == 403
    page = ask(admin, "calendars/calendarevent", "delete_events", first)
    assert list(sections(page)) == ["aula: first"]
    answer(admin, page)
    assert states() == {"second": LIVE}


def test_events_are_found(admin, calendar, pair, person):
    enter(make_calendar("lab", users=(person,)), hours(10, 12), by=person, name="elsewhere")

    def names(query):
        return sorted(row.name for row in admin.get(f"{EVENTS}?{query}").context["cl"].result_list)

    assert names("q=SECO") == ["second"]
    assert names("q=lab") == ["elsewhere"]
    assert names(f"calendar__id__exact={calendar.pk}") == ["first", "second"]
    assert names("state=conflicting") == ["second"]
    assert names("state=none") == []
    assert "1 conflicting" in html_of(admin, EVENTS)


def test_a_room_s_page_has_the_next_events_of_its_calendars(admin, calendar, pair):
    html = html_of(admin, change_page(calendar.classroom))
    panel = re.search(r'<section class="calendar-panel".*?</section>', html, re.DOTALL)[0]
    assert change_page(calendar) in panel
    assert re.search(r"first.*aula.*Live.*second.*aula.*Conflicting", panel, re.DOTALL)
    assert "calendar-panel" not in html_of(admin, change_page(make_classroom("Empty")))


# --- priority tokens, mail templates, the outbox, feeds ---------------------------------------------------------


def test_a_token_is_typed_once_and_never_shown(admin, calendar):
    typed = {"word": WORD, "priority": "5", "in_calendars": [calendar.pk], "is_in_force": "on"}
    save(admin, f"{TOKENS}add/", typed)
    token = PriorityToken.objects.get()
    assert (token.token, token.priority, list(token.calendars.all()), token.is_active) == (WORD, 5, [calendar], True)
    for page in (TOKENS, change_page(token), f"{TOKENS}{token.pk}/history/", "/admin/auditlog/logentry/"):
        assert WORD not in html_of(admin, page)
    assert "de•••" in html_of(admin, TOKENS)
    save(admin, change_page(token), {"word": "", "priority": "7", "in_calendars": []})
    token.refresh_from_db()
    assert (token.token, token.priority, list(token.calendars.all()), token.is_active) == (WORD, 7, [], False)
    assert errors(save(admin, f"{TOKENS}add/", typed | {"word": "short"})) == {
        "word": ["Must have 8 to 100 visible characters and no space"]
    }
    assert list(errors(save(admin, f"{TOKENS}add/", typed))) == ["word"]
    assert admin.get(f"{TOKENS}?token__startswith=d").status_code == 400
    assert said(act(admin, "calendars/prioritytoken", "delete_tokens", token)) == ["1 deleted."]
    assert actions() == ["priority_token.created", "priority_token.changed", "priority_token.deleted"]


def template_form(**more):
    html = "<p>{{ name }}</p><script>alert(1)</script>"
    return {"name": "Sorry", "subject": "{{ name }}", "text": "Sorry, {{ organizer }}.", "html": html} | more


def test_a_template_is_shown_as_it_would_be_read(admin):
    save(admin, f"{TEMPLATES}add/", template_form())
    html = html_of(admin, change_page(MailTemplate.objects.get()))
    assert "Sorry, head-of-fundraising@my-awesome.org." in html
    frame = re.search(r"<iframe [^>]*>", html)[0]
    assert 'sandbox=""' in frame
    assert "&lt;p&gt;Fundraising Weekly&lt;/p&gt;&lt;script&gt;" in frame
    assert "<script>alert(1)" not in html
    assert all(f"<code>{name}</code>" in html for name in ("name", "is_deprioritized", "overlap_events"))


def test_what_is_typed_is_shown_without_being_kept(admin):
    preview = f"{TEMPLATES}preview/"
    html = admin.post(preview, template_form(text="{{ calendar_name }}")).content.decode()
    assert "Meeting Room 1" in html
    html = admin.post(preview, template_form(text="one\n{{ calendar")).content.decode()
    assert "text: Line 2" in html
    assert admin.post(preview, {}).status_code == 200
    assert admin.get(preview).status_code == 405
    assert Client().post(preview, template_form()).status_code == 302
    assert MailTemplate.objects.count() == 0


def test_a_faulty_template_is_refused_in_its_field(admin):
    response = save(admin, f"{TEMPLATES}add/", template_form(html="{{ nam }}"))
    assert list(errors(response)) == ["html"]
    assert "nam" in errors(response)["html"][0]
    assert MailTemplate.objects.count() == 0


def test_a_template_that_is_used_is_not_deleted(admin, calendar):
    save(admin, f"{TEMPLATES}add/", template_form())
    template = MailTemplate.objects.get()
    Calendar.objects.update(mail_template=template)
    assert said(ask(admin, "calendars/mailtemplate", "delete_templates", template)) == [
        "Sorry: Calendars use this mail template: give them another one first"
    ]
    Calendar.objects.update(mail_template=None)
    assert said(act(admin, "calendars/mailtemplate", "delete_templates", template)) == ["1 deleted."]


def test_a_server_is_told_again(admin, cspace, calendar):
    now = clock.now()
    row = CalendarOutbox.objects.create(
        calendar=calendar, operation="put", uid="u-1", attempts=5, last_error="HTTP <500>", created_at=now
    )
    assert "HTTP &lt;500&gt;" in html_of(admin, "/admin/calendars/calendaroutbox/")
    page = ask(admin, "calendars/calendaroutbox", "try_again", row)
    assert QueuedJob.objects.filter(task_name="calendars.synchronise").count() == 0
    assert said(answer(admin, page)) == ["1 to be tried again."]
    row.refresh_from_db()
    assert (row.attempts, row.next_try_at >= now) == (0, True)
    job = QueuedJob.objects.get(task_name="calendars.synchronise")
    assert job.args == {"calendar_id": calendar.pk}
    entry = LogEntry.objects.get()
    assert (entry.action, entry.actor, entry.target) == (
        *("calendar.telling_tried_again", cspace),
        f"calendar:{calendar.pk}",
    )
    assert entry.details == {"calendar": "aula", "operation": "put", "uid": "u-1"}
    assert "about to be" in said(ask(admin, "calendars/calendaroutbox", "try_again", row))[0]


def test_a_feed_is_listed_without_its_token(admin):
    feed = CalendarFeed.objects.create(subject="group:4", token="t0ken-of-a-feed", created_at=clock.now())
    for page in ("/admin/calendars/calendarfeed/", change_page(feed)):
        assert "group:4" in html_of(admin, page)
        assert feed.token not in html_of(admin, page)
    assert admin.get("/admin/calendars/calendarfeed/?token__startswith=t").status_code == 400
