"""One's own notifications: contract §8."""

import datetime as dt

import pytest

from auditlog.models import LogEntry
from notifications.models import Notification
from tests.factories import cspace_group, join, make_user

MOMENT = dt.datetime(2026, 1, 20, 2, 0, tzinfo=dt.UTC)
BARE = {"kind": "", "target": "", "params": {}}
"""Of a row that was written before notices were kept as data."""
GONE = {"error": "Notification not found", "code": "NOT_FOUND"}


def tell(user, text="Something happened.", status="unread", minutes=0):
    return Notification.objects.create(
        user=user, description=text, status=status, created_at=MOMENT + dt.timedelta(minutes=minutes)
    )


def test_the_list_is_one_s_own_newest_first_with_the_number_of_unread(api, member, stranger):
    old = tell(member, "Old.", "archived")
    new = tell(member, "New.", minutes=5)
    tell(stranger, "Not for others.")

    response = api(member).get("notifications/")

    assert response.status_code == 200
    assert response.json() == {
        "count": 2,
        "next": None,
        "previous": None,
        "results": [
            {"id": new.pk, "description": "New.", "status": "unread", "created_at": "2026-01-20T02:05:00Z"} | BARE,
            {"id": old.pk, "description": "Old.", "status": "archived", "created_at": "2026-01-20T02:00:00Z"} | BARE,
        ],
        "unread_count": 1,
    }


def test_of_one_moment_the_later_written_comes_first(api, member):
    rows = [tell(member).pk for _ in range(3)]
    assert [row["id"] for row in api(member).get("notifications/").json()["results"]] == rows[::-1]


def test_always_paged(api, member):
    rows = [tell(member, minutes=number).pk for number in range(21)]
    first = api(member).get("notifications/").json()
    assert (first["count"], first["next"], first["previous"]) == (21, "/api/v1/notifications/?page=2", None)
    assert [row["id"] for row in first["results"]] == rows[:0:-1]
    second = api(member).get("notifications/?page=2").json()
    assert (second["next"], second["previous"]) == (None, "/api/v1/notifications/?page=1")
    assert [row["id"] for row in second["results"]] == rows[:1]
    assert second["unread_count"] == 21
    assert api(member).get("notifications/?page=3").status_code == 404


def test_the_list_of_nobody_is_empty(api, stranger):
    assert api(stranger).get("notifications/").json() == {
        "count": 0,
        "next": None,
        "previous": None,
        "results": [],
        "unread_count": 0,
    }


@pytest.mark.parametrize("status", ["unread", "read", "archived"])
def test_filter_by_status(api, member, status, django_assert_num_queries):
    rows = {each: tell(member, status=each) for each in ("unread", "read", "archived")}
    with django_assert_num_queries(2):
        found = api(member).get(f"notifications/?status={status}").json()
    assert [row["id"] for row in found["results"]] == [rows[status].pk]
    assert (found["count"], found["unread_count"]) == (1, 1)


def test_any_status_to_any_other_and_to_itself(api, member):
    row = tell(member)
    for before in ("unread", "read", "archived"):
        for after in ("unread", "read", "archived"):
            Notification.objects.update(status=before)
            response = api(member).patch(f"notifications/{row.pk}/", {"status": after})
            assert (response.status_code, response.json()) == (200, {"id": row.pk, "status": after})
            row.refresh_from_db()
            assert row.status == after
    assert LogEntry.objects.count() == 0


def test_only_the_status_is_writable(api, member, stranger):
    row = tell(member, "As it was.")
    body = {"status": "read", "description": "x", "user": stranger.pk, "id": 1, "created_at": "2027-01-01T00:00:00Z"}
    assert api(member).patch(f"notifications/{row.pk}/", body).json() == {"id": row.pk, "status": "read"}
    row.refresh_from_db()
    assert (row.description, row.user, row.created_at) == ("As it was.", member, MOMENT)


def test_somebody_else_s_is_not_found_whatever_is_sent(api, member, cspace, stranger):
    row = tell(member)
    for person in (stranger, cspace):
        for body in ({"status": "read"}, {"status": "nonsense"}, {}):
            response = api(person).patch(f"notifications/{row.pk}/", body)
            assert (response.status_code, response.json()) == (404, GONE)
    assert api(member).patch(f"notifications/{row.pk + 1}/", {"status": "read"}).json() == GONE
    row.refresh_from_db()
    assert row.status == "unread"


@pytest.mark.parametrize("body", [{}, {"status": None}, {"status": 1}, {"status": "READ"}, {"status": ""}])
def test_a_status_that_is_none(api, member, body):
    row = tell(member)
    response = api(member).patch(f"notifications/{row.pk}/", body)
    assert (response.status_code, response.json()["code"]) == (400, "VALIDATION_ERROR")
    assert list(response.json()["details"]) == ["status"]


def test_read_all_reads_one_s_own_unread(api, member, stranger):
    for status in ("unread", "unread", "read", "archived"):
        tell(member, status=status)
    other = tell(stranger)
    for updated in (2, 0):
        response = api(member).post("notifications/read-all/")
        assert (response.status_code, response.json()) == (200, {"updated": updated})
    statuses = Notification.objects.filter(user=member).order_by("id").values_list("status", flat=True)
    assert list(statuses) == ["read", "read", "read", "archived"]
    other.refresh_from_db()
    assert other.status == "unread"
    assert LogEntry.objects.count() == 0


def test_anonymous(api, member):
    row = tell(member)
    for response in (
        api().get("notifications/"),
        api().patch(f"notifications/{row.pk}/", {"status": "read"}),
        api().post("notifications/read-all/"),
    ):
        assert (response.status_code, response.json()["code"]) == (401, "NOT_AUTHENTICATED")


def test_a_poll_that_would_see_the_same_costs_no_body(api, member):
    tell(member)
    tag = api(member).get("notifications/")["ETag"]
    assert tag.startswith('W/"')
    again = api(member).get("notifications/", **{"If-None-Match": tag})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("{weak}", 304),
        ("{strong}", 304),  # a proxy may have dropped the W/: a GET compares weakly
        ('"other", {weak}', 304),
        ('{strong},W/"other"', 304),
        ('"with, comma" , {weak}', 304),
        ("*", 304),
        (" * ", 304),
        ('"other"', 200),
        ('W/"other"', 200),
        ('"*"', 200),
        ("{bare}", 200),
        ("", 200),
        ("nonsense", 200),
    ],
)
def test_which_tags_match(api, member, header, status):
    tell(member)
    weak = api(member).get("notifications/")["ETag"]
    sent = header.format(weak=weak, strong=weak.removeprefix("W/"), bare=weak.removeprefix("W/").strip('"'))
    response = api(member).get("notifications/", **{"If-None-Match": sent})
    assert (response.status_code, response["ETag"]) == (status, weak)


def test_a_304_says_of_caching_what_the_200_said(api, member):
    """A cache takes these headers over: `no-store` on the 304 would throw away what the tag is for."""
    fresh = api(member).get("notifications/")
    same = api(member).get("notifications/", **{"If-None-Match": fresh["ETag"]})
    assert same.status_code == 304
    for name in ("Cache-Control", "Vary", "ETag"):
        assert same.headers.get(name) == fresh.headers.get(name)
    assert fresh["Cache-Control"] == "private, no-cache"


def test_a_304_is_right_for_each_page_and_filter(api, member):
    """What lies outside the page shown still shows in it: the count, the links, the number of unread."""
    rows = [tell(member, minutes=number) for number in range(5)]
    tell(member, "Filed away.", "archived", minutes=9)
    asked = [
        f"notifications/?{query}"
        for query in ("", "page=2&per_page=2", "per_page=2", "status=read", "status=unread", "status=archived")
    ]

    def tags():
        return {path: api(member).get(path)["ETag"] for path in asked}

    def changed(before):
        """The paths whose poll is answered with a body again."""
        return {
            path for path, tag in before.items() if api(member).get(path, **{"If-None-Match": tag}).status_code == 200
        }

    before = tags()
    assert changed(before) == set()
    api(member).patch(f"notifications/{rows[0].pk}/", {"status": "read"})  # on no page of two but the last
    assert changed(before) == set(asked)
    before = tags()
    tell(member, "One more, read already.", "read", minutes=10)
    assert changed(before) == set(asked) - {"notifications/?status=unread", "notifications/?status=archived"}


def test_tags_of_two_pages_differ(api, member):
    for number in range(5):
        tell(member, minutes=number)
    paths = [f"notifications/?page={page}&per_page=2" for page in (1, 2, 3)]
    assert len({api(member).get(path)["ETag"] for path in paths}) == 3


def test_every_change_ends_the_304(api, member, group_admin):
    def seen():
        response = api(member).get("notifications/")
        assert response.status_code == 200
        return response["ETag"]

    tags = [seen()]
    first, second = tell(member, "First."), tell(member, "Second.")
    tags.append(seen())
    api(member).patch(f"notifications/{first.pk}/", {"status": "read"})
    tags.append(seen())
    # The number of unread is what it was; which one it is has changed.
    api(member).patch(f"notifications/{first.pk}/", {"status": "unread"})
    api(member).patch(f"notifications/{second.pk}/", {"status": "read"})
    tags.append(seen())
    api(member).post("notifications/read-all/")
    tags.append(seen())
    assert len(set(tags)) == len(tags)
    for tag in tags[:-1]:
        assert api(member).get("notifications/", **{"If-None-Match": tag}).status_code == 200


def test_tags_of_two_people_differ(api, member, group_admin):
    tell(member)
    tell(group_admin)
    tags = {api(person).get("notifications/")["ETag"] for person in (member, group_admin)}
    assert len(tags) == 2


def test_a_membership_is_told_to_whom_it_concerns_not_to_the_actor(api, group_admin, stranger, team):
    place = api(group_admin).post(f"groups/{team.pk}/user-groups/", {"username": "stranger"}).json()["user_group_id"]
    api(group_admin).put(f"user-groups/{place}/", {"permissions": "admin"})
    api(group_admin).delete(f"user-groups/{place}/")
    assert list(Notification.objects.order_by("id").values_list("user__username", "description", "status")) == [
        ("stranger", 'You have been added to the group "522" as member.', "unread"),
        ("stranger", 'You are now admin of the group "522".', "unread"),
        ("stranger", 'You have been removed from the group "522".', "unread"),
    ]


def test_who_leaves_is_not_told_so(api, member, team):
    place = member.user_groups.get()
    assert api(member).delete(f"user-groups/{place.pk}/").status_code == 204
    assert Notification.objects.count() == 0


def test_a_refused_command_tells_nobody(api, group_admin, member, team):
    own = group_admin.user_groups.get()
    assert api(group_admin).put(f"user-groups/{own.pk}/", {"permissions": "member"}).status_code == 409
    assert Notification.objects.count() == 0


def test_a_dry_run_tells_nobody(api, group_admin, stranger, team):
    response = api(group_admin).post(f"groups/{team.pk}/user-groups/?dry_run=true", {"username": "stranger"})
    assert (response.status_code, response["X-Dry-Run"]) == (201, "true")
    assert (Notification.objects.count(), LogEntry.objects.count()) == (0, 0)


def test_archiving_a_group_tells_its_members_but_not_the_actor(api, member, group_admin, team):
    leader = make_user("leader")
    join(leader, cspace_group())
    join(leader, team)
    assert api(leader).delete(f"groups/{team.pk}/").status_code == 204
    told = set(Notification.objects.values_list("user__username", "description"))
    text = 'The group "522" has been archived.'
    assert told == {("member", text), ("group_admin", text)}


def test_a_poll_that_sees_the_same_costs_two_statements(api, member, django_assert_num_queries):
    tell(member)
    tag = api(member).get("notifications/")["ETag"]
    with django_assert_num_queries(2):  # the caller, the inbox
        assert api(member).get("notifications/", **{"If-None-Match": tag}).status_code == 304
