"""What people choose about being told: contract of streams and mail, §3."""

import datetime as dt

import pytest

from accounts.models import Preferences
from accounts.services.people import create_user
from auditlog.models import LogEntry
from kernel.languages import language_wished_for

PATH = "users/me/preferences/"
AT_FIRST = {
    "language": "en",
    "mail": "each",
    "daily_at": "08:00",
    "reminder_hours": 24,
    "series_ending": True,
    "email": "",
}
MOMENT = dt.datetime(2026, 1, 20, 2, 0, tzinfo=dt.UTC)


def test_who_has_chosen_nothing_has_what_the_campus_says(api, member, settings):
    assert api(member).get(PATH).json() == AT_FIRST
    settings.CSPACE_LANGUAGE, settings.CSPACE_MAIL_DEFAULT = "zh-hant", "daily"
    assert api(member).get(PATH).json() == AT_FIRST | {"language": "zh-hant", "mail": "daily"}
    assert Preferences.objects.count() == 0


def test_what_is_chosen_stays_whatever_the_campus_says_then(api, member, settings):
    response = api(member).patch(PATH, {"language": "en", "mail": "each"})
    assert (response.status_code, response.json()) == (200, AT_FIRST)
    settings.CSPACE_LANGUAGE, settings.CSPACE_MAIL_DEFAULT = "zh-hant", "off"
    assert api(member).get(PATH).json() == AT_FIRST


@pytest.mark.parametrize(
    "body",
    [
        {"language": "zh-hant"},
        {"mail": "off"},
        {"mail": "daily", "daily_at": "00:00"},
        {"daily_at": "23:59"},
        {"reminder_hours": None},
        {"reminder_hours": 1},
        {"reminder_hours": 168},
        {"series_ending": False},
    ],
)
def test_what_is_sent_is_merged(api, member, body):
    api(member).patch(PATH, {"daily_at": "7:30"})
    for _ in range(2):
        response = api(member).patch(PATH, body)
        assert (response.status_code, response.json()) == (200, AT_FIRST | {"daily_at": "07:30"} | body)
    assert api(member).get(PATH).json() == AT_FIRST | {"daily_at": "07:30"} | body


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({"colour": "blue"}, {"colour": ["There is no such key"]}),
        ({"colour": 1, "mail": "x"}, {"colour": ["There is no such key"], "mail": ['"x" is not a valid choice.']}),
        ({"daily_minute": 60}, {"daily_minute": ["There is no such key"]}),
        ({"x" * 300: 1}, {"x" * 100: ["There is no such key"]}),
        ({"language": "de"}, {"language": ['"de" is not a valid choice.']}),
        ({"language": None}, {"language": ["This field may not be null."]}),
        ({"daily_at": "24:00"}, {"daily_at": ["24:00 can only be an end"]}),
        ({"daily_at": 8}, {"daily_at": ["A time of the form HH:MM is required"]}),
        ({"daily_at": None}, {"daily_at": ["This field may not be null."]}),
        ({"reminder_hours": 0}, {"reminder_hours": ["Ensure this value is greater than or equal to 1."]}),
        ({"reminder_hours": 169}, {"reminder_hours": ["Ensure this value is less than or equal to 168."]}),
        ({"reminder_hours": "24"}, {"reminder_hours": ["A whole number is required"]}),
        ({"series_ending": None}, {"series_ending": ["This field may not be null."]}),
        ({"series_ending": 1}, {"series_ending": ["Must be a valid boolean."]}),
        ([], {"non_field_errors": ["A JSON object is required"]}),
    ],
)  # fmt: skip
def test_what_is_refused_changes_nothing(api, member, body, faults):
    response = api(member).patch(PATH, body)
    assert (response.status_code, response.json()["code"]) == (400, "VALIDATION_ERROR")
    assert response.json()["details"] == faults
    assert (Preferences.objects.count(), LogEntry.objects.count()) == (0, 0)


def test_a_change_is_one_log_row_and_none_is_none(api, member):
    body = {"language": "zh-hant", "mail": "off", "daily_at": "08:00"}
    for _ in range(2):
        assert api(member).patch(PATH, body).status_code == 200
    assert api(member).patch(PATH, {}).status_code == 200
    (entry,) = LogEntry.objects.all()
    assert (entry.action, entry.target, entry.actor) == ("user.preferences_changed", f"user:{member.pk}", member)
    changes = {"language": [None, "zh-hant"], "mail": [None, "off"]}
    assert entry.details == {"username": "member", "changes": changes}


def test_a_dry_run_keeps_nothing(api, member):
    response = api(member).patch(f"{PATH}?dry_run=true", {"mail": "off"})
    assert (response.status_code, response.json()["mail"], response["X-Dry-Run"]) == (200, "off", "true")
    assert (Preferences.objects.count(), LogEntry.objects.count()) == (0, 0)


def test_they_are_one_s_own(api, member, stranger):
    api(member).patch(PATH, {"mail": "off"})
    assert api(stranger).get(PATH).json() == AT_FIRST
    assert api().get(PATH).status_code == api().patch(PATH, {"mail": "off"}).status_code == 401


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("zh-Hant", "zh-hant"),
        ("zh-TW,zh;q=0.9,en-US;q=0.8,en;q=0.7", "zh-hant"),
        ("zh-HK", "zh-hant"),
        ("zh-Hant-TW", "zh-hant"),
        ("en-GB,zh-TW;q=0.5", "en"),
        ("de, zh-TW;q=0.2, en;q=0.9", "en"),
        ("fr;q=1.0, ZH-tw ; q=0.7", "zh-hant"),
        ("zh-CN,zh;q=0.9", None),
        ("zh-Hans-HK", None),
        ("de", None),
        ("en;q=0", None),
        ("zh-TW;q=2", None),
        ("*", None),
        ("", None),
        (",;q=,\x00 zh-TW", None),
        (f"{'a,' * 20}zh-TW", None),
    ],
)
def test_the_language_a_browser_asks_for(header, language):
    assert language_wished_for(header) == language


@pytest.mark.parametrize(("language", "reads"), [("zh-hant", "zh-hant"), (None, "en")])
def test_a_new_person_reads_the_language_he_came_with(api, db, language, reads):
    person = create_user(by=None, now=MOMENT, username="newcomer", password=None, language=language)
    assert api(person).get(PATH).json() == AT_FIRST | {"language": reads}
    assert [entry.action for entry in LogEntry.objects.all()] == ["user.created"]
