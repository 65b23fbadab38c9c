"""What people read: each kind of notice in both languages, and in which of them he reads it."""

import pytest

from auditlog.models import LogEntry
from groups.services.holding import GroupIsArchived
from kernel.phrases import _sentences as sentences
from kernel.phrases import said_in, sentence
from notifications.models import Notification
from registrations.facts.sentences import REASONS_OF_OURS
from tests.languages.samples import SAMPLES

PREFERENCES = "users/me/preferences/"
SLOT = {"classroom": "Room A", "group": "522", "date": "2026-02-01", "start_time": "10:00", "end_time": "12:00"}


@pytest.mark.parametrize(("kind", "params", "english", "chinese"), SAMPLES)
def test_a_notice_in_both_languages(kind, params, english, chinese):
    assert (sentence(kind, params), sentence(kind, params, language="zh-hant")) == (english, chinese)


def test_every_kind_has_a_sample():
    assert {kind for kind, *_ in SAMPLES} == set(sentences)


def test_a_notice_follows_the_language_of_its_reader(api, member, cspace, wish, document_clock):
    api(cspace).patch(PREFERENCES, {"language": "zh-hant"})
    made = api(member).post("registrations/", wish).json()["id"]
    api(cspace).post(f"registrations/{made}/approve/", {"reason": "Room {group} %s"})

    (told_cspace,) = api(cspace).get("notifications/").json()["results"]
    (told_member,) = api(member).get("notifications/").json()["results"]

    assert told_cspace["description"] == "522 申請借用 Room A，2026年2月1日（星期日）10:00–12:00。"
    assert (told_cspace["kind"], told_cspace["target"]) == ("registration.created", f"registration:{made}")
    assert told_cspace["params"] == SLOT
    english = "Your room registration has been approved: Room A, 2026-02-01 10:00–12:00. Reason: Room {group} %s"
    assert told_member["description"] == english
    assert told_member["params"] == SLOT | {"reason": "Room {group} %s"}
    stored = list(Notification.objects.order_by("id").values_list("description", flat=True))
    assert stored == ["522 asks for Room A, 2026-02-01 10:00–12:00.", english]

    api(member).patch(PREFERENCES, {"language": "zh-hant"})
    (told_member,) = api(member).get("notifications/").json()["results"]
    chinese = "您的教室借用申請已審核通過：Room A，2026年2月1日（星期日）10:00–12:00。原因：Room {group} %s"
    assert told_member["description"] == chinese


@pytest.mark.parametrize("path", ["notifications/", "notifications/?status=unread&per_page=5", "notifications/?page=1"])
def test_a_change_of_language_ends_the_304(api, member, stranger, group_admin, team, path):
    api(group_admin).post(f"groups/{team.pk}/user-groups/", {"username": "stranger"})
    seen, texts = [], []
    for language in ("en", "zh-hant", "en"):
        api(stranger).patch(PREFERENCES, {"language": language})
        known = {"If-None-Match": ", ".join(seen[-1:])} if seen else {}
        fresh = api(stranger).get(path, **known)
        assert fresh.status_code == 200
        seen.append(fresh["ETag"])
        texts.append(fresh.json()["results"][0]["description"])
        again = api(stranger).get(path, **{"If-None-Match": fresh["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
    assert texts[0] == texts[2] == 'You have been added to the group "522" as member.'
    assert texts[1] == "您已加入群組「522」，身分為成員。"
    assert seen[0] == seen[2] != seen[1]


def test_the_campus_s_language_counts_for_whoever_has_not_chosen(api, stranger, group_admin, team, settings):
    api(group_admin).post(f"groups/{team.pk}/user-groups/", {"username": "stranger"})
    tag = api(stranger).get("notifications/")["ETag"]
    settings.CSPACE_LANGUAGE = "zh-hant"
    response = api(stranger).get("notifications/", **{"If-None-Match": tag})
    assert response.json()["results"][0]["description"] == "您已加入群組「522」，身分為成員。"


def test_other_choices_leave_the_304(api, member):
    tag = api(member).get("notifications/")["ETag"]
    api(member).patch(PREFERENCES, {"mail": "off", "language": "en"})
    assert api(member).get("notifications/", **{"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        ("", {}),
        ("bell.forgotten", {}),
        ("registration.approved", {}),
        ("registration.approved", SLOT | {"date": "yesterday"}),
        ("registration.approved", SLOT | {"date": None}),
        ("series.created", {"series_count": "many"}),
        ("closure.deleted", {"about": "registrations", "slots": 3, "slot_count": "x"}),
        ("allocation_registration.changed", {"classroom": "A", "day_of_week": 9, "start_time": "", "end_time": ""}),
    ],
)
def test_what_cannot_be_said_any_more_is_shown_as_it_was_written(kind, params):
    assert said_in("zh-hant", kind, params, english="As it was.") == "As it was."


def test_a_reason_of_the_house_is_said_in_the_reader_s_language():
    for reason in (*REASONS_OF_OURS, GroupIsArchived.message):
        assert reason not in said_in("zh-hant", "registration.cancelled", SLOT | {"reason": reason}, english="")


def test_the_log_and_what_programs_read_stay_english(api, member, cspace, wish, document_clock):
    for person in (member, cspace):
        api(person).patch(PREFERENCES, {"language": "zh-hant"})
    assert api(member).post("registrations/", wish).status_code == 201
    refusal = api(member).post("registrations/", wish, **{"Accept-Language": "zh-TW"})
    assert refusal.json()["error"] == "Room is already booked for the requested time"
    assert LogEntry.objects.filter(action="registration.created").count() == 1
