"""What the pages look like, as far as a test can say: visible fields, headings, the campus clock, bounded tables."""

import datetime as dt
import re
from xml.etree.ElementTree import fromstring

import pytest
from django.contrib.admin.templatetags.admin_list import result_headers
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper

from allocations.models import AllocationEvent, AllocationRegistration
from allocations.queries.demand import demand, picture
from allocations.services.distributing import distribute
from auditlog.models import LogEntry
from classrooms.admin.pictures import WindowForm, plan_of
from classrooms.models import Classroom
from classrooms.services.closures import close_rooms
from kernel import clock
from kernel.admin.forms import WallTimeFormField
from kernel.admin.site import site
from kernel.campus_time import campus_date, campus_interval, campus_zone, wall_instant
from tests.admin.pages import errors, is_asking, typed
from tests.allocations.scenes import ended, make_entry, make_event
from tests.factories import make_classroom, make_registration, make_user
from tests.factories.timetables import make_course, make_lecture

EVENTS = "/admin/allocations/allocationevent/"
PAGES = {f"{model._meta.app_label}/{model._meta.model_name}": page for model, page in site._registry.items()}

every_page = pytest.mark.parametrize("name", sorted(PAGES))


@pytest.fixture
def request_of_root(rf, db):
    request = rf.get("/")
    request.user = make_user("root", is_superuser=True)
    return request


def forms_of(page, request):
    """The forms that a page shows: of a new row, of an old one, and beside the actions."""
    if page.has_add_permission(request):
        yield page.get_form(request, None, change=False).base_fields
    if page.has_change_permission(request, row := page.model(pk=1)):
        yield page.get_form(request, row, change=True).base_fields
    yield page.action_form.base_fields
    yield WindowForm.base_fields


@every_page
def test_every_field_is_one_of_the_theme_and_can_be_seen(request_of_root, name):
    """Django's own widgets have no border here, and no colour in dark mode."""
    for fields in forms_of(PAGES[name], request_of_root):
        for label, field in fields.items():
            widget = field.widget.widget if isinstance(field.widget, RelatedFieldWidgetWrapper) else field.widget
            # The theme, or what we have made of its widgets. Its page of actions hides `select_across` by itself.
            kinds = {kind.__module__.partition(".")[0] for kind in type(widget).__mro__}
            assert "unfold" in kinds or widget.is_hidden, (label, type(widget))


@every_page
def test_no_date_field_compares_the_clocks_of_browser_and_server(admin, request_of_root, name):
    for fields in forms_of(PAGES[name], request_of_root):
        for field in fields.values():
            assert "vDateField" not in str(field.widget.attrs)
            assert "vTimeField" not in str(field.widget.attrs)
            assert "DateTimeShortcuts" not in str(field.widget.media)
            if isinstance(field, WallTimeFormField):
                assert str(field.help_text).endswith("campus time (Asia/Taipei)")


def test_the_zone_of_all_times_stands_on_every_page(admin):
    assert f"Times: {campus_zone().key}" in admin.get("/admin/").content.decode()


@every_page
def test_no_column_is_called_after_an_id_of_the_database(admin, name):
    headings = [str(header["text"]) for header in result_headers(admin.get(f"/admin/{name}/").context["cl"])]
    assert len(headings) > 2
    assert [text for text in headings if re.search(r"\bid\b", text, re.IGNORECASE) and "<" not in text] == []


def test_a_moment_is_written_on_the_campus_clock(admin, member):
    member.date_joined = dt.datetime(2026, 1, 20, 17, 30, 5, tzinfo=dt.UTC)
    member.save()
    assert "2026-01-21 01:30:05" in admin.get("/admin/accounts/user/").content.decode()


# --- pictures -----------------------------------------------------------------------------------------


def test_a_picture_brings_the_paper_for_its_words(cspace, team, member, room):
    """Its words are dark: on a dark page they need a light ground of their own, as large as the picture."""
    room.equipment = {"svg": {"x": 0, "y": 0, "width": 90, "height": 60, "text": "", "type": "a"}}
    room.save()
    event = make_event(cspace)
    make_entry(event, team, room, member)
    for svg in (picture(demand(event)), str(plan_of([room], now=clock.now()))):
        drawn = fromstring(svg)
        _, _, width, height = map(float, drawn.get("viewBox").split())
        paper = next(shape for shape in drawn.iter() if shape.tag.endswith("rect"))
        first_word = next(shape for shape in drawn.iter() if shape.tag.endswith("text"))
        shapes = list(drawn.iter())
        assert shapes.index(paper) < shapes.index(first_word)
        assert (float(paper.get("width")), float(paper.get("height"))) == (width, height)
        assert paper.get("fill") == "#ffffff"
        assert 'style="' not in svg


def test_the_pictures_scroll_instead_of_shrinking(admin, cspace, team, member, room):
    room.equipment = {"svg": {"x": 0, "y": 0, "width": 90, "height": 60, "text": "", "type": "a"}}
    room.save()
    make_entry(event := make_event(cspace), team, room, member)
    for page in (
        f"{EVENTS}{event.pk}/change/",
        "/admin/classrooms/classroom/",
        f"/admin/classrooms/classroom/{room.pk}/change/",
    ):
        html = admin.get(page).content.decode()
        assert re.search(r'<div class="scrolls"[^>]*><svg', html), page
        assert "kernel/admin.css" in html


# --- the result of a draw ---------------------------------------------------------------------------------


def test_a_long_result_is_bounded_and_leads_to_all_of_it(admin, cspace, team, member, room, monkeypatch):
    monkeypatch.setattr("allocations.admin.MAX_LINES", 3)
    event = make_event(cspace, weeks=2)
    for start in range(600, 900, 60):
        make_entry(event, team, room, member, start=start, end=start + 60)
    ended(event, cspace)
    distribute(event_id=event.pk, by=cspace, now=clock.now())
    html = admin.get(f"{EVENTS}{event.pk}/change/").content.decode()
    table = re.search(r'<div class="scrolls"[^>]*><table class="results">.*?</table>', html, re.DOTALL)[0]
    assert table.count("<tr>") == 1 + 3
    assert "All 5 entries" in html
    way = re.search(r'class="way" href="([^"]+)"', html)[1]
    assert admin.get(way).context["cl"].result_count == 5


@every_page
def test_a_page_of_a_list_has_at_most_fifty_rows(name):
    assert PAGES[name].list_per_page <= 50


# --- midnight is the end of a day --------------------------------------------------------------------------


@pytest.fixture
def soon():
    return campus_date(clock.now()) + dt.timedelta(days=7)


def test_an_end_at_midnight_is_shown_as_24_00(admin, cspace, member, team, room, soon):
    make_registration(by=member, group=team, classroom=room, day=soon, start=1380, end=1440)
    close_rooms(
        by=cspace, now=clock.now(), classrooms=[make_classroom("Room B")], interval=campus_interval(soon, 60, 1440)
    )
    make_lecture(make_classroom("Room C"), make_course(), day=soon, start=1320, end=1440)
    event = make_event(cspace)
    AllocationEvent.objects.filter(pk=event.pk).update(registration_end=wall_instant(soon, 1440))
    pages = [
        "registrations/registration",
        "classrooms/closure",
        "timetables/courseschedule",
        "timetables/coursebooking",
    ]
    for page in (*pages, "allocations/allocationevent"):
        html = admin.get(f"/admin/{page}/").content.decode()
        assert "24:00" in html, page
        assert "00:00" not in re.sub(r"\d\d:00:00|0[1-9]:00", "", html), page
    assert f"ends at {soon} 24:00" in admin.get("/admin/auditlog/logentry/").content.decode()
    form = admin.get(f"{EVENTS}{event.pk}/change/")
    assert typed(form, "closes_on", "closes_at") == [soon, "24:00"]


# --- the window of an event, to the second -----------------------------------------------------------------


@pytest.fixture
def event(cspace):
    return make_event(cspace, opens_in=dt.timedelta(days=1))


def window(event, start, end):
    AllocationEvent.objects.filter(pk=event.pk).update(registration_start=start, registration_end=end)
    return start, end


def send(client, event, **changes):
    """The page as a browser sends it back: what it showed, with its hidden copies, and what was changed."""
    url = f"{EVENTS}{event.pk}/change/"
    form = client.get(url).context["adminform"].form
    sent = {}
    for name in form.fields:
        bound = form[name]
        value = bound.field.prepare_value(bound.value()) if bound.value() is not None else ""
        if value is not False:
            sent[name] = sent[f"initial-{name}"] = value
    return client.post(url, sent | changes)


def kept(event):
    event.refresh_from_db()
    return event.registration_start, event.registration_end


def test_a_new_closing_date_keeps_the_seconds(admin, event, soon):
    end = wall_instant(soon, 750) + dt.timedelta(seconds=42)
    start, _ = window(event, clock.now() + dt.timedelta(hours=1), end)
    assert typed(admin.get(f"{EVENTS}{event.pk}/change/"), "closes_at") == ["12:30:42"]
    response = send(admin, event, closes_on=str(soon - dt.timedelta(days=1)))
    assert response.status_code == 302, errors(response)
    assert kept(event) == (start, end - dt.timedelta(days=1))


def test_what_was_not_touched_keeps_its_microseconds(admin, event, soon):
    start = clock.now() + dt.timedelta(hours=1)
    end = wall_instant(soon, 750) + dt.timedelta(seconds=42, microseconds=123456)
    window(event, start, end)
    assert send(admin, event, min_percent="60").status_code == 302
    assert kept(event) == (start, end)
    assert LogEntry.objects.order_by("-pk").first().details["changes"] == {"min_percent": [50, 60]}


def test_seconds_are_typed_too(admin, event, soon):
    window(event, clock.now() + dt.timedelta(hours=1), wall_instant(soon, 750))
    assert send(admin, event, closes_at="12:30:07").status_code == 302
    assert kept(event)[1] == wall_instant(soon, 750) + dt.timedelta(seconds=7)


@pytest.mark.parametrize("time", ["12:30:60", "12:60:00", "24:00:01", "24:01", "12:3", "12:30:", "12:30:7", "1e3"])
def test_a_time_that_is_none_is_refused(admin, event, time):
    response = send(admin, event, closes_at=time)
    assert errors(response)["closes_at"] == ["A time of the form HH:MM or HH:MM:SS is required"]


def test_an_event_of_less_than_a_minute_can_be_edited(admin, event, soon):
    start = wall_instant(soon, 750) + dt.timedelta(seconds=5)
    end = start + dt.timedelta(seconds=40)
    window(event, start, end)
    response = send(admin, event, public_source="dice")
    assert response.status_code == 302, errors(response)
    assert kept(event) == (start, end)
    assert event.public_source == "dice"
    assert not is_asking(response)


def test_an_entry_and_a_series_are_shown_in_words_not_in_minutes(admin, cspace, team, member, room):
    event = make_event(cspace, weeks=2)
    make_entry(event, team, room, member, start=1380, end=1440)
    ended(event, cspace)
    distribute(event_id=event.pk, by=cspace, now=clock.now())
    entry = AllocationRegistration.objects.get()
    for page in (f"allocations/allocationregistration/{entry.pk}", f"registrations/series/{entry.series_id}"):
        html = admin.get(f"/admin/{page}/change/").content.decode()
        assert "23:00–24:00" in html
        assert "Monday" in html
        assert "Start minute" not in html
    assert Classroom.objects.exists()
