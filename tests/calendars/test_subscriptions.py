"""A file that is subscribed to: what is new in it, is otherwise, or has gone."""

from datetime import timedelta

import pytest

from auditlog.models import LogEntry
from calendars.enums import CalendarSource, OccurrenceState
from calendars.models import Calendar, CalendarEvent, CalendarOccurrence, PriorityToken
from calendars.services.clearing import clear_calendars
from calendars.services.creating import delete_event
from calendars.services.remote import RemoteFailed
from calendars.services.syncing import CalendarIsLocal, CalendarIsSubscribed, enqueue_due, import_file, sync_calendar
from classrooms.models import Occupancy
from kernel import clock
from kernel.campus_time import campus_date
from kernel.errors import Invalid
from tests.calendars.files import calendar_text, event_text, serving_file
from tests.calendars.test_events import states
from tests.factories import make_classroom, make_user
from tests.factories.calendars import make_calendar

pytestmark = pytest.mark.django_db
LIVE, CONFLICTING, REMOVED = OccurrenceState.LIVE, OccurrenceState.CONFLICTING, OccurrenceState.REMOVED
NOTHING = {"created": 0, "updated": 0, "unchanged": 0, "removed": 0, "conflicting": 0}


@pytest.fixture
def person():
    return make_user()


@pytest.fixture
def file(settings):
    settings.CALENDAR_ALLOW_PRIVATE_HOSTS = ["127.0.0.1"]
    with serving_file() as file:
        yield file


@pytest.fixture
def calendar(person, file):
    return make_calendar(users=[person], classroom=make_classroom(), source=CalendarSource.ICS, source_url=file.url)


def day(number=3):
    return f"{campus_date(clock.now()) + timedelta(days=number):%Y%m%d}"


def meeting(uid, first, last, *more, days=3, **options):
    return event_text(uid, f"{day(days)}T{first:02}0000", f"{day(days)}T{last:02}0000", *more, **options)


def sync(calendar, person):
    report = sync_calendar(slug=calendar.slug, by=person, now=clock.now())
    return {name: number for name, number in report.counts.items() if number}


def test_what_is_in_the_file_is_in_the_calendar(file, calendar, person):
    file.write(meeting("a", 10, 12, name="a"), meeting("b", 11, 13, name="b"), meeting("c", 13, 14, name="c"))
    assert sync(calendar, person) == {"created": 3, "conflicting": 1}
    assert states() == {"a": LIVE, "b": CONFLICTING, "c": LIVE}
    assert sync(calendar, person) == {"unchanged": 3, "conflicting": 1}
    assert file.conditions == [None, '"2"']
    file.write(meeting("b", 11, 13, name="b"), meeting("c", 15, 16, name="c moved"), meeting("d", 8, 9, name="d"))
    assert sync(calendar, person) == {"created": 1, "updated": 1, "unchanged": 1, "removed": 1}
    assert states() == {"b": LIVE, "c moved": LIVE, "d": LIVE}
    assert Occupancy.objects.filter(is_live=True).count() == 3 == Occupancy.objects.count()
    synced = LogEntry.objects.filter(action="calendar.synced")
    # What is new and what has gone are transactions of their own.
    numbers = [(entry.details["created"], entry.details["removed"]) for entry in synced.order_by("id")]
    assert numbers == [(3, 0), (1, 0), (0, 1)]


def test_a_stamp_alone_is_no_change(file, calendar, person):
    file.write(meeting("a", 10, 12))
    sync(calendar, person)
    file.write(meeting("a", 10, 12).replace("DTSTAMP:2026", "DTSTAMP:2027"))
    assert sync(calendar, person) == {"unchanged": 1}
    assert LogEntry.objects.filter(action="calendar.synced").count() == 1


@pytest.mark.parametrize("fault", ["status", "cut", "nonsense", "no end"])
def test_nothing_is_lost_by_an_answer_that_is_none(file, calendar, person, fault):
    file.write(meeting("a", 10, 12, name="a"))
    sync(calendar, person)
    file.write(meeting("b", 10, 12, name="b"))
    file.status = 500 if fault == "status" else None
    file.cut = 40 if fault == "cut" else None
    if fault == "nonsense":
        file.text = "<html>" * 100
    if fault == "no end":
        file.text = file.text.replace("END:VCALENDAR", "")
    with pytest.raises(RemoteFailed) as refusal:
        sync(calendar, person)
    assert "\n" not in str(refusal.value)
    assert states() == {"a": LIVE}
    calendar.refresh_from_db()
    assert calendar.last_error == str(refusal.value)
    assert (calendar.failures, calendar.next_sync_at > clock.now(), calendar.lease) == (1, True, None)


def test_one_bad_event_is_told_and_the_rest_goes_in(file, calendar, person):
    file.write(meeting("a", 10, 12, name="a"), meeting("bad", 10, 12).replace("T100000", "T990000"))
    assert sync(calendar, person) == {"created": 1}
    calendar.refresh_from_db()
    assert "DTSTART" in calendar.last_error
    assert states() == {"a": LIVE}


def test_a_bad_event_keeps_itself_and_nothing_else(file, calendar, person):
    bad = meeting("b", 13, 14, name="b").replace("T130000", "T990000")
    file.write(meeting("a", 10, 12, name="a"), meeting("b", 13, 14, name="b"))
    sync(calendar, person)
    file.write(bad)
    assert sync(calendar, person) == {"removed": 1}
    assert states() == {"b": LIVE}
    file.write(bad.replace("UID:b\r\n", ""))
    assert sync(calendar, person) == {}
    assert states() == {"b": LIVE}


def test_what_was_deleted_here_stays_away_until_it_changes(file, calendar, person):
    file.write(
        meeting(
            "a",
            10,
            12,
            name="a",
        ),
        meeting("b", 13, 14, name="b"),
    )
    sync(calendar, person)
    delete_event(slug=calendar.slug, name="a", by=person, now=clock.now())
    file.write(meeting("a", 10, 12, name="a"), meeting("b", 13, 14, name="b"))
    assert sync(calendar, person) == {"unchanged": 2}
    assert states() == {"b": LIVE}
    file.write(meeting("a", 10, 12, "SEQUENCE:1", name="a again"), meeting("b", 13, 14, name="b"))
    assert sync(calendar, person) == {"updated": 1, "unchanged": 1}
    assert states() == {"a again": LIVE, "b": LIVE}


def test_what_was_cleared_stays_away_until_it_changes(file, calendar, person):
    weekly = "RRULE:FREQ=WEEKLY;COUNT=3"
    file.write(
        meeting("first", 10, 12, "CREATED:20260101T000000Z", name="first"),
        meeting("series", 11, 13, "CREATED:20260102T000000Z", weekly, name="series"),
        meeting("late", 11, 12, "CREATED:20260103T000000Z", name="late"),
    )
    assert sync(calendar, person) == {"created": 3, "conflicting": 2}
    cleared = clear_calendars([calendar], by=person, now=clock.now(), is_test=False)
    assert ([item.use.name for item in cleared.overlapping], [item.use.name for item in cleared.dates]) == (
        ["late"],
        ["series"],
    )
    dates = CalendarOccurrence.objects.filter(event__uid="series").order_by("starts_at")
    assert [row.state for row in dates] == [REMOVED, LIVE, LIVE]
    calendar.refresh_from_db()
    Calendar.objects.update(etag="")
    assert sync(calendar, person) == {"unchanged": 3}
    assert [row.state for row in dates.all()] == [REMOVED, LIVE, LIVE]
    assert CalendarEvent.objects.standing().filter(uid="late").count() == 0
    file.write(
        meeting("series", 11, 13, "SEQUENCE:1", weekly, name="series"),
        meeting("late", 15, 16, "SEQUENCE:1", name="late"),
    )
    assert sync(calendar, person) == {"updated": 2, "removed": 1}
    assert [row.state for row in dates.all()] == [LIVE, LIVE, LIVE]
    assert states()["late"] == LIVE


def test_series_have_their_exceptions(file, calendar, person):
    series = meeting(
        "s", 10, 12, "RRULE:FREQ=DAILY;COUNT=4", f"EXDATE;TZID=Europe/Berlin:{day(4)}T100000", name="daily"
    )
    moved = meeting("s", 15, 16, f"RECURRENCE-ID;TZID=Europe/Berlin:{day(5)}T100000", days=5, name="moved")
    off = meeting("s", 10, 12, f"RECURRENCE-ID;TZID=Europe/Berlin:{day(6)}T100000", "STATUS:CANCELLED", days=6)
    file.write(series, moved, off)
    assert sync(calendar, person) == {"created": 1}
    dates = CalendarOccurrence.objects.order_by("recurrence_id")
    assert [(row.name, row.state) for row in dates] == [(None, LIVE), ("moved", LIVE), ("Meeting", "cancelled")]
    assert Occupancy.objects.count() == 2


def test_transparent_tentative_and_empty_events(file, person):
    calendar = make_calendar(
        users=[person],
        classroom=make_classroom(),
        source=CalendarSource.ICS,
        source_url=file.url,
        tentative_blocks=False,
    )
    file.write(
        meeting("t", 10, 12, "TRANSP:TRANSPARENT", name="free"),
        meeting("u", 10, 12, "STATUS:TENTATIVE", name="perhaps"),
        meeting("v", 10, 10, name="a moment"),
        meeting("w", 10, 12, name="sure"),
    )
    assert sync(calendar, person) == {"created": 4}
    assert states() == {"free": "free", "perhaps": "free", "sure": LIVE}
    assert CalendarEvent.objects.filter(name="a moment").count() == 1


def test_a_file_is_imported_into_a_local_calendar(person, calendar):
    local = make_calendar(users=[person], classroom=make_classroom())
    data = calendar_text(meeting("a", 10, 12, name="a"), "BEGIN:VEVENT\r\nSUMMARY:x\r\nEND:VEVENT").encode()
    report = import_file(slug=local.slug, by=person, now=clock.now(), data=data)
    assert (report.created, len(report.errors)) == (1, 1)
    more = calendar_text(meeting("b", 13, 14, name="b")).encode()
    assert import_file(slug=local.slug, by=person, now=clock.now(), data=more).counts == NOTHING | {"created": 1}
    assert states() == {"a": LIVE, "b": LIVE}
    with pytest.raises(Invalid):
        import_file(slug=local.slug, by=person, now=clock.now(), data=b"nothing")
    with pytest.raises(CalendarIsSubscribed):
        import_file(slug=calendar.slug, by=person, now=clock.now(), data=data)
    with pytest.raises(CalendarIsLocal):
        sync_calendar(slug=local.slug, by=person, now=clock.now())


def test_calendars_are_due_one_job_each(calendar):
    now = clock.now()
    assert enqueue_due(now=now) == 1
    assert enqueue_due(now=now) == 1
    Calendar.objects.update(next_sync_at=now + timedelta(minutes=1))
    assert enqueue_due(now=now) == 0


def test_an_address_inside_is_refused(person, settings):
    settings.CALENDAR_ALLOW_PRIVATE_HOSTS = []
    calendar = make_calendar(users=[person], source=CalendarSource.ICS, source_url="http://127.0.0.1:1/a.ics")
    with pytest.raises(RemoteFailed, match="private"):
        sync(calendar, person)


def test_a_bad_change_of_a_date_leaves_the_rest_of_its_series(file, calendar, person):
    series = meeting("s", 10, 12, "RRULE:FREQ=DAILY;COUNT=3", name="daily")
    bad = meeting("s", 15, 16, f"RECURRENCE-ID;TZID=Europe/Berlin:{day(4)}T100000", days=4).replace(
        "T150000", "T990000"
    )
    orphan = meeting("s", 15, 16, f"RECURRENCE-ID;TZID=Europe/Berlin:{day(9)}T100000", days=9)
    file.write(series, bad, orphan)
    assert sync(calendar, person) == {"created": 1}
    assert [row.state for row in CalendarOccurrence.objects.all()] == [LIVE] * 3
    calendar.refresh_from_db()
    assert ("DTSTART" in calendar.last_error, "no date of its series" in calendar.last_error) == (True, True)
    complaint = calendar.last_error
    sync(calendar, person)
    calendar.refresh_from_db()
    assert calendar.last_error == complaint


def test_a_birthday_of_long_ago_takes_place(file, calendar, person):
    birthday = event_text(
        "b", f"1970{day(5)[4:]}T090000", f"1970{day(5)[4:]}T100000", "RRULE:FREQ=YEARLY", name="birthday"
    )
    file.write(birthday)
    assert sync(calendar, person) == {"created": 1}
    assert states() == {"birthday": LIVE}


def test_words_that_give_priority_are_told_to_nobody(file, calendar, person):
    PriorityToken.objects.create(token="vip-0123456789", priority=5, is_active=False)
    file.write(meeting("a", 10, 12, name="vip-0123456789 dinner"))
    sync(calendar, person)
    use = clear_calendars([calendar], by=person, now=clock.now(), is_test=True)
    delete_event(slug=calendar.slug, name="a", by=person, now=clock.now())
    entry = LogEntry.objects.get(action="calendar_event.deleted")
    assert (entry.details["name"], use.overlapping) == ("••• dinner", [])


def test_what_was_deleted_here_stays_away_also_when_it_was_missing_meanwhile(file, calendar, person):
    events = [meeting("a", 10, 12, name="a"), meeting("b", 13, 14, name="b")]
    file.write(*events)
    sync(calendar, person)
    delete_event(slug=calendar.slug, name="a", by=person, now=clock.now())
    for _ in range(2):
        file.write(events[1])
        assert sync(calendar, person) == {"unchanged": 1}
        file.write(*events)
        assert sync(calendar, person) == {"unchanged": 2}
        assert states() == {"b": LIVE}
    file.write(events[1])
    sync(calendar, person)
    file.write(meeting("a", 10, 12, "SEQUENCE:1", name="a again"), events[1])
    assert sync(calendar, person) == {"updated": 1, "unchanged": 1}
    assert states() == {"a again": LIVE, "b": LIVE}


def test_what_was_cleared_stays_away_also_when_its_series_was_missing_meanwhile(file, calendar, person):
    first = meeting("first", 10, 12, "CREATED:20260101T000000Z", name="first")
    series = meeting("series", 11, 13, "CREATED:20260102T000000Z", "RRULE:FREQ=WEEKLY;COUNT=3", name="series")
    late = meeting("late", 11, 12, "CREATED:20260103T000000Z", name="late")
    file.write(first, series, late)
    sync(calendar, person)
    clear_calendars([calendar], by=person, now=clock.now(), is_test=False)
    dates = CalendarOccurrence.objects.filter(event__uid="series").order_by("starts_at")
    file.write(first)
    assert sync(calendar, person) == {"unchanged": 1, "removed": 1}
    assert set(CalendarEvent.objects.standing().values_list("uid", flat=True)) == {"first"}
    assert Occupancy.objects.count() == 1
    file.write(first, series, late)
    assert sync(calendar, person) == {"unchanged": 2, "updated": 1}
    assert [row.state for row in dates.all()] == [REMOVED, LIVE, LIVE]
    assert states() == {"first": LIVE, "series": LIVE}
    delete_event(slug=calendar.slug, name="series", by=person, now=clock.now())
    file.write(first, series.replace("DTSTAMP", "SEQUENCE:1\r\nDTSTAMP"), late)
    assert sync(calendar, person) == {"unchanged": 2, "updated": 1, "conflicting": 1}
    assert [row.state for row in dates.all()] == [CONFLICTING, LIVE, LIVE]


@pytest.mark.parametrize(("days", "is_kept"), [(1, True), (2, True), (4, False), (300, False)])
def test_a_deleted_event_is_forgotten_when_it_is_missing_and_over(file, calendar, person, days, is_kept):
    file.write(meeting("a", 10, 12, name="a"))
    sync(calendar, person)
    delete_event(slug=calendar.slug, name="a", by=person, now=clock.now())
    file.write()
    sync_calendar(slug=calendar.slug, by=person, now=clock.now() + timedelta(days=days))
    assert CalendarEvent.objects.exists() == is_kept


def test_a_deleted_series_is_forgotten_when_it_has_been_missing_for_400_days(file, calendar, person):
    file.write(meeting("s", 10, 12, "RRULE:FREQ=WEEKLY", name="s"))
    sync(calendar, person)
    delete_event(slug=calendar.slug, name="s", by=person, now=clock.now())
    for days, is_kept in ((500, True), (899, True), (901, False)):
        file.write()
        sync_calendar(slug=calendar.slug, by=person, now=clock.now() + timedelta(days=days))
        assert CalendarEvent.objects.exists() == is_kept


WEEKLY = "RRULE:FREQ=WEEKLY;COUNT=3"


def changed(number, *more, hour=15):
    """What a series says of one of its dates."""
    recurrence = f"RECURRENCE-ID;TZID=Europe/Berlin:{day(3 + 7 * number)}T100000"
    return meeting("s", hour, hour + 1, recurrence, *more, days=3 + 7 * number, name="moved")


@pytest.mark.parametrize(
    ("after", "returns"),
    [
        ([changed(1)], False),
        ([changed(1).replace("DTSTAMP:2026", "DTSTAMP:2027")], False),
        ([changed(1, "SEQUENCE:1")], True),
        ([changed(1, "LAST-MODIFIED:20270101T000000Z")], True),
        ([changed(1), changed(2)], True),
        ([changed(1), changed(2, "STATUS:CANCELLED")], True),
        ([], False),
    ],
)
def test_a_deleted_series_returns_when_it_says_something_else_of_one_date(file, calendar, person, after, returns):
    whole = meeting("s", 10, 12, WEEKLY, name="series")
    file.write(whole, changed(1))
    sync(calendar, person)
    delete_event(slug=calendar.slug, name="s", by=person, now=clock.now())
    file.write(whole, *after)
    assert sync(calendar, person) == ({"updated": 1} if returns else {"unchanged": 1})
    dates = CalendarOccurrence.objects.count()
    assert dates == (3 if returns else 0)
    Calendar.objects.update(etag="")
    assert sync(calendar, person) == {"unchanged": 1}
    assert CalendarOccurrence.objects.count() == dates


SAID = {
    "iso-8859-1": ("text/calendar; charset=ISO-8859-1", "Übung für Ältere"),
    "cp1252": ('text/calendar;charset="windows-1252"', "Übung – „fein“"),
    "iso-8859-2": ("text/calendar; component=vevent; Charset=iso-8859-2", "Świętokrzyskie"),
    "koi8-r": ("text/plain; charset=koi8-r", "Собрание"),
    "shift_jis": ("text/calendar; charset=Shift_JIS", "会議室の予約"),
    "big5": ("text/calendar; charset=big5", "圍棋社團練習"),
    "iso2022_jp": ("text/calendar; charset=ISO-2022-JP", "会議室の予約"),
    "utf-16-le": ("text/calendar; charset=utf-16le", "Übung 圍棋"),
    "cp037": ("text/calendar; charset=cp037", "Übung"),
    "utf-8": ("text/calendar; charset=utf-8", "Übung 圍棋"),
    "utf-8-sig": ("text/calendar; charset=iso-8859-1", "Übung 圍棋"),
}


@pytest.mark.parametrize("encoding", SAID)
def test_a_file_is_read_as_its_server_says_it_is_written(file, calendar, person, encoding):
    file.encoding, (file.content_type, name) = encoding, SAID[encoding]
    file.write(meeting("a", 10, 12, name=name), meeting("b", 13, 14, "RRULE:FREQ=DAILY;COUNT=2", name=name))
    assert sync(calendar, person) == {"created": 2}
    assert set(CalendarEvent.objects.values_list("name", flat=True)) == {name}
    Calendar.objects.update(etag="")
    assert sync(calendar, person) == {"unchanged": 2}
    series = CalendarEvent.objects.get(uid="b")
    assert f"SUMMARY:{name}\r\n" in series.raw_ics


@pytest.mark.parametrize("content_type", ["", "text/plain; charset=iso-8859-1", "text/calendar; charset=us-ascii"])
def test_what_can_be_nothing_but_utf_8_is_read_as_that(file, calendar, person, content_type):
    """Some servers say Latin-1 of whatever they have."""
    file.content_type = content_type
    file.write(meeting("a", 10, 12, name="Übung 圍棋"))
    assert sync(calendar, person) == {"created": 1}
    assert CalendarEvent.objects.get().name == "Übung 圍棋"


UNREAD = {
    "": "UTF-8",
    "text/calendar": "UTF-8",
    "text/calendar; charset=utf-8": "UTF-8",
    "text/calendar; charset=no-such-charset": "UTF-8",
    "text/calendar; charset=": "UTF-8",
    "text/calendar; charset=base64": "UTF-8",
    "text/calendar; charset=zlib": "UTF-8",
    "text/calendar; charset=bz2_codec": "UTF-8",
    "text/calendar; charset=rot13": "UTF-8",
    "text/calendar; charset=idna": "UTF-8",
    "text/calendar; charset=punycode": "UTF-8",
    "text/calendar; charset=unicode_escape": "UTF-8",
    "text/calendar; charset=undefined": "UTF-8",
    "text/calendar; charset=../../etc/passwd": "UTF-8",
    f"text/calendar; charset={'x' * 5000}": "UTF-8",
    "text/calendar; charset=Shift_JIS": "shift_jis",
    "text/calendar; charset=euc-kr": "euc_kr",
}


@pytest.mark.parametrize("content_type", UNREAD, ids=range(len(UNREAD)))
def test_what_is_not_in_the_encoding_is_refused_in_a_sentence(file, calendar, person, content_type):
    file.write(meeting("kept", 10, 12, name="kept"))
    sync(calendar, person)
    file.encoding, file.content_type = "iso-8859-1", content_type
    file.write(meeting("a", 10, 12, name="Übung für Älterý"))
    with pytest.raises(RemoteFailed) as refusal:
        sync(calendar, person)
    name = UNREAD[content_type]
    assert str(refusal.value) == f"The file is not {name} in line 7: say in which encoding it is written"
    assert states() == {"kept": LIVE}
