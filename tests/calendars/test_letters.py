"""Organizers of what clearing removes are written to in the words of their calendar, and told here if they are ours."""

import json
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from accounts.models import Preferences
from calendars.enums import CalendarEventStatus
from calendars.models import CalendarEvent, CalendarOccurrence, MailTemplate, PriorityToken
from calendars.rules.templates import VARIABLES
from calendars.services.clearing import clear_calendars
from calendars.services.letters import CLEARED, write_cleared
from calendars.services.mail_templates import change_mail_template
from kernel import clock
from kernel.campus_time import campus_date
from notifications.models import Notification
from outbox.models import Letter
from outbox.services.sending import send_letter
from tests.calendars.test_events import hours, states
from tests.factories import join, make_classroom, make_group, make_registration, make_user
from tests.factories.calendars import enter, make_calendar

pytestmark = pytest.mark.django_db
WORD = "dean-2026-first"
TEXT = """{{ name }} {{ start.isoformat() }} {{ end.isoformat() }} of {{ organizer }} in {{ calendar_name }}
{% if is_deleted %}deleted{% endif %}{% if is_cancelled %}cancelled{% endif %}{% if is_recurring %} series{% endif %}
{% if is_priorized %}priorized{% endif %}{% if is_deprioritized %}deprioritized{% endif %}
{% for event in overlap_events %}
- {{ event.name }} {{ event.start.isoformat() }} {{ event.organizer }}{% if event.is_priorized %} priorized{% endif %}
{% endfor %}"""
ZONE = ZoneInfo("Europe/Berlin")


@pytest.fixture
def person():
    return make_user("head", email="head@example.org")


@pytest.fixture
def template():
    html = "<p>{{ name }}</p>"
    return MailTemplate.objects.create(name="Sorry", subject="{{ name }} has gone", text=TEXT, html=html)


class Hall:
    """A calendar of a room; each event is entered a second after the last."""

    def __init__(self, person, **fields):
        self.person, self.now = person, clock.now()
        self.calendar = make_calendar(users=(person,), **{"classroom": make_classroom(), "name": "Aula"} | fields)

    def enter(self, name, first, last, *, organizer="ada@example.org", **more):
        self.now += timedelta(seconds=1)
        return enter(
            self.calendar, hours(first, last), by=self.person, now=self.now, name=name, organizer=organizer, **more
        ).event

    def clear(self, *, is_test=False):
        return clear_calendars([self.calendar], by=self.person, now=clock.now(), is_test=is_test)


@pytest.fixture
def hall(person, template):
    return Hall(person, mail_template=template)


@pytest.fixture
def mail_is_on(settings):
    settings.CSPACE_MAIL_LEAVES = "by_smtp"


def letters():
    """{name of the event: what its letter is made of}."""
    rows = Letter.objects.filter(kind=CLEARED.name).order_by("pk")
    return {row.arguments["values"]["name"]: row.arguments for row in rows}


def sent(letter, **options):
    send_letter(now=clock.now(), letter_id=letter.pk, is_last=options.get("is_last", False))
    letter.refresh_from_db()
    return letter.state


def moment(hour):
    return hours(hour, hour + 1).starts_at.astimezone(ZONE).isoformat()


def test_the_organizer_reads_it_by_the_template(hall, post_office, settings):
    settings.SMTP_BCC = ["archive@example.org"]
    hall.enter("first", 10, 12, organizer="bob@example.org")
    hall.enter("second", 11, 13)
    hall.clear()
    (letter,) = Letter.objects.all()
    assert post_office.letters == []
    assert sent(letter) == "sent"
    ((recipient, mail),) = post_office.letters
    assert (recipient, mail["To"], mail["Subject"]) == ("ada@example.org", "ada@example.org", "second has gone")
    text = mail.get_body(("plain",)).get_content()
    lines = [line for line in text.replace("\r\n", "\n").splitlines() if line.strip()]
    assert lines == [
        f"second {moment(11)} {moment(13)} of ada@example.org in Aula",
        "deleted",
        f"- first {moment(10)} bob@example.org",
    ]
    assert mail.get_body(("html",)).get_content().strip() == "<p>second</p>"
    assert list(letter.copies.values_list("address", flat=True)) == ["archive@example.org"]
    assert states() == {"first": "live"}


def test_every_documented_variable_travels(hall, mail_is_on):
    hall.enter("first", 10, 12)
    hall.enter("second", 11, 13)
    hall.clear()
    values = letters()["second"]["values"]
    assert sorted(values) == sorted(VARIABLES)
    assert sorted(values["overlap_events"][0]) == ["created", "end", "is_priorized", "name", "organizer", "start"]


def test_a_template_without_html_is_read_as_its_text(hall, template, mail_is_on):
    template.html, template.text = "", "Dear {{ organizer }},\n\n<{{ name }}> & more"
    template.save()
    hall.enter("first", 10, 12)
    hall.enter("a & b", 11, 13)
    hall.clear()
    message = write_cleared(now=clock.now(), **letters()["a & b"])
    assert message.text == "Dear ada@example.org,\n\n<a & b> & more"
    assert message.html == "<p>Dear ada@example.org,</p>\n\n<p>&lt;a &amp; b&gt; &amp; more</p>"


def test_who_lost_by_priority_and_what_is_beside(hall, mail_is_on):
    PriorityToken.objects.create(token=WORD, priority=5)
    hall.enter(f"old {WORD}", 9, 14)
    hall.enter("plain", 15, 17)
    hall.enter("plain too", 16, 18)
    hall.enter("urgent", 10, 11, description=WORD)
    hall.enter("urgent too", 12, 13, description=WORD)
    hall.clear()
    assert sorted(letters()) == ["old •••", "plain too"]
    old, plain = letters()["old •••"]["values"], letters()["plain too"]["values"]
    assert (old["is_priorized"], old["is_deprioritized"]) == (False, True)
    assert [(each["name"], each["is_priorized"]) for each in old["overlap_events"]] == [
        ("urgent", True),
        ("urgent too", True),
    ]
    assert (plain["is_priorized"], plain["is_deprioritized"]) == (False, False)
    assert WORD not in json.dumps(list(Letter.objects.values_list("arguments", flat=True)))


def test_what_loses_with_priority_says_so(hall, mail_is_on):
    PriorityToken.objects.create(token=WORD, priority=5)
    PriorityToken.objects.create(token="rector-2026", priority=9)
    hall.enter("dean", 10, 12, description=WORD)
    hall.enter("rector", 11, 13, description="rector-2026")
    hall.clear()
    values = letters()["dean"]["values"]
    assert (values["is_priorized"], values["is_deprioritized"]) == (True, True)


def test_a_registration_that_is_in_the_way_is_named(hall, person, mail_is_on):
    group = make_group("522")
    join(person, group)
    day = campus_date(clock.now()) + timedelta(days=3)
    make_registration(
        by=person, group=group, classroom=hall.calendar.classroom, day=day, start=600, end=660, description="Choir"
    )
    hall.enter("event", 10, 12)
    hall.clear()
    values = letters()["event"]["values"]
    (beside,) = values["overlap_events"]
    assert (beside["name"], beside["organizer"], beside["is_priorized"]) == ("Choir", None, False)
    assert values["is_deprioritized"] is False


def test_one_date_of_a_series_is_one_letter(hall, mail_is_on):
    """Each of its dates that goes is told by itself; the series stays."""
    hall.enter("first", 10, 12)
    hall.enter("weekly", 11, 13, rrule="FREQ=WEEKLY;COUNT=3")
    hall.clear()
    values = letters()["weekly"]["values"]
    assert (values["is_deleted"], values["is_cancelled"], values["is_recurring"]) == (False, True, True)
    assert Letter.objects.count() == 1
    assert CalendarOccurrence.objects.filter(event__name="weekly", state="live").count() == 2
    hall.clear()
    assert Letter.objects.count() == 1


@pytest.mark.parametrize("organizer", ["", "no address", "ada@[127.0.0.1]", "é@example.org", "Ada <ada@example.org>"])
def test_who_has_no_address_is_not_written_to(hall, mail_is_on, organizer):
    hall.enter("first", 10, 12)
    second = hall.enter("second", 11, 13)
    CalendarEvent.objects.filter(pk=second.pk).update(organizer=organizer)
    hall.clear()
    assert letters() == {}
    assert states() == {"first": "live"}


def test_without_a_template_or_mail_nobody_is_written_to(person, template, settings):
    settings.CSPACE_MAIL_LEAVES = "not_at_all"
    for fields, way in (({"mail_template": template}, "not_at_all"), ({}, "by_smtp")):
        settings.CSPACE_MAIL_LEAVES = way
        hall = Hall(person, **fields)
        hall.enter("first", 10, 12)
        hall.enter("second", 11, 13)
        assert len(hall.clear().overlapping) == 1
    assert Letter.objects.count() == 0


def test_a_test_and_cancelled_events_write_to_nobody(hall, mail_is_on):
    hall.enter("first", 10, 12)
    hall.enter("second", 11, 13)
    hall.enter("off", 15, 16)
    CalendarEvent.objects.filter(name="off").update(status=CalendarEventStatus.CANCELLED)
    hall.clear(is_test=True)
    assert (letters(), Notification.objects.count()) == ({}, 0)
    assert len(hall.clear().cancelled) == 1
    assert list(letters()) == ["second"]


JOINED = {"text": "{{ overlap_events|join(', ', attribute='name') }}"}
NOT_FOR_THE_LONGEST = [
    (JOINED, "x"),
    (JOINED, "\u0301"),
    ({"text": "{% for event in overlap_events %}{{ event.name }} {{ event.name }}\n{% endfor %}"}, "\U0001d54f"),
    ({"subject": "{% for event in overlap_events %}{{ event.name }}{% endfor %}"}, "\U0001d54f"),
    ({"html": "{{ name|e ~ calendar_name|e }}"}, '"'),
]
"""Each is kept: what is wrong shows only when names are as long as they may be, and of these characters."""


@pytest.mark.parametrize(("wording", "sign"), NOT_FOR_THE_LONGEST, ids=ascii)
def test_what_the_longest_values_break_is_told_in_plain_words(wording, sign, hall, template, cspace, mail_is_on):
    change_mail_template(template_id=template.pk, by=cspace, now=clock.now(), **wording)
    hall.enter("first", 10, 12)
    hall.enter("second", 11, 13)
    hall.clear()
    arguments = letters()["second"]
    values, name = arguments["values"], sign * 255
    others = [event | {"name": name, "organizer": f"{'x' * 64}@{'y' * 189}"} for event in values["overlap_events"] * 50]
    values |= {"name": name, "calendar_name": name, "overlap_events": others}
    message = write_cleared(now=clock.now(), **arguments)
    assert message.address == "ada@example.org"
    assert message.subject.endswith(") has been deleted")
    assert message.text.startswith(f"{name} ({name}, ")
    assert message.text.count(f"\n- {name}, ") == 50
    assert message.html.startswith(f"<p>{escape(name)} ({escape(name)}, ")


def test_what_cannot_be_rendered_is_told_in_plain_words(hall, template, post_office, caplog):
    """Nobody is left without a letter since somebody worded it badly."""
    hall.enter("first", 10, 12, organizer="bob@example.org")
    hall.enter("second", 11, 13)
    hall.clear()
    MailTemplate.objects.update(text="{{ overlap_events[7].name }}")
    assert sent(Letter.objects.get()) == "sent"
    ((recipient, mail),) = post_office.letters
    assert (recipient, mail["Subject"]) == ("ada@example.org", "second (Aula) has been deleted")
    text = mail.get_body(("plain",)).get_content().replace("\r\n", "\n")
    first, second = (f"{hours(hour, hour + 2).starts_at.astimezone(ZONE):%Y-%m-%d %H:%M}" for hour in (10, 11))
    until = [f"{hours(hour, hour + 1).starts_at.astimezone(ZONE):%Y-%m-%d %H:%M}" for hour in (12, 13)]
    assert text.splitlines() == [
        f"second (Aula, {second} – {until[1]}) has been deleted: it overlaps what stays.",
        "",
        f"- first, {first} – {until[0]}, bob@example.org",
    ]
    (line,) = [record for record in caplog.records if record.name == "cspace.calendars"]
    assert (line.levelname, line.template_id, "second" in str(vars(line))) == ("WARNING", template.pk, False)
    assert states() == {"first": "live"}


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+00:00"])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
def test_a_letter_tells_of_the_ends_of_all_times(moment, zone, hall, mail_is_on):
    hall.enter("first", 10, 12)
    hall.enter("second", 11, 13)
    hall.clear()
    arguments = letters()["second"] | {"zone": zone}
    (other,) = arguments["values"]["overlap_events"]
    other |= {"start": moment, "created": moment, "end": moment}
    assert "- first " in write_cleared(now=clock.now(), **arguments).text


def test_without_its_template_there_is_nothing_to_say(hall, template, post_office):
    hall.enter("first", 10, 12)
    hall.enter("second", 11, 13)
    hall.clear()
    hall.calendar.mail_template = None
    hall.calendar.save()
    template.delete()
    assert sent(Letter.objects.get()) == "dropped"
    assert post_office.letters == []


def test_a_clearing_that_is_rolled_back_writes_to_nobody(hall, mail_is_on):
    hall.enter("first", 10, 12)
    hall.enter("second", 11, 13)
    with transaction.atomic():
        hall.clear()
        transaction.set_rollback(True)
    assert (letters(), states()) == ({}, {"first": "live", "second": "conflicting"})


# --- in the app -------------------------------------------------------------------------------------------------


def notices():
    return list(Notification.objects.order_by("pk").values_list("user__username", "kind", "description"))


def test_one_of_us_is_told_here_and_by_one_mail_at_most(hall, person, mail_is_on):
    Preferences.objects.create(user=person, mail="each")
    hall.enter("first", 10, 12)
    second = hall.enter("second", 11, 13, organizer="HEAD@example.org")
    start = f"{campus_date(clock.now()) + timedelta(days=3)} 11:00"
    slug = hall.calendar.slug
    hall.clear()
    told = f'Your event "second" ({slug}, {start}) has been deleted: it overlaps "first".'
    assert notices() == [("head", "calendar_event.cleared", told)]
    assert Notification.objects.get().target == f"calendar_event:{second.pk}"
    assert [row.kind for row in Letter.objects.all()] == [CLEARED.name]


def test_without_a_template_he_is_told_here_alone(person, mail_is_on):
    Preferences.objects.create(user=person, mail="each")
    hall = Hall(person)
    hall.enter("first", 10, 12)
    hall.enter("second", 11, 13, organizer=person.email)
    hall.clear()
    assert [username for username, *_ in notices()] == ["head"]
    assert Letter.objects.count() == 0


def test_an_address_of_two_or_of_nobody_active_is_nobody_s(hall, person):
    make_user("twin", email="Head@example.org")
    make_user("gone", email="gone@example.org", is_active=False)
    for hour, organizer in enumerate(("head@example.org", "gone@example.org", "ada@example.org"), start=5):
        hall.enter("first", 2 * hour, 2 * hour + 2)
        hall.enter("second", 2 * hour, 2 * hour + 1, organizer=organizer)
    assert len(hall.clear().overlapping) == 3
    assert notices() == []


def test_a_date_of_a_series_is_told_as_one(hall, person):
    hall.enter("first", 10, 12)
    hall.enter("weekly", 11, 13, organizer=person.email, rrule="FREQ=WEEKLY;COUNT=3")
    hall.clear()
    ((_, _, sentence),) = notices()
    assert sentence.startswith('A date of your series "weekly" (')


def test_a_hundred_letters_are_few_statements(person, template, mail_is_on):
    counts = []
    for number in (5, 25):
        hall = Hall(person, mail_template=template)
        hall.enter("first", 6, 22)
        for _ in range(number):
            hall.enter("second", 11, 13)
        with CaptureQueriesContext(connection) as queries:
            hall.clear()
        counts.append([query["sql"] for query in queries if "outbox_letter" in query["sql"]])
    assert [len(each) for each in counts] == [1, 1]
    assert Letter.objects.count() == 30
