"""What PostgreSQL keeps of every inbox against a plain count, whatever writes notices."""

import datetime as dt

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notifications.enums import NotificationStatus
from notifications.models import InboxPart, Notification
from notifications.queries.inbox import asking_for_inbox, inbox
from notifications.services import mark, read_all
from tests.factories import make_user

pytestmark = pytest.mark.django_db
MOMENT = dt.datetime(2026, 1, 20, 2, 0, tzinfo=dt.UTC)
STATUSES = NotificationStatus.values
PEOPLE = 3
WHO, STATUS, PLACE = st.integers(0, PEOPLE - 1), st.sampled_from(STATUSES), st.integers(0, 9)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("tell"), WHO, STATUS),
        st.tuples(st.just("tell many"), st.lists(st.tuples(WHO, STATUS), max_size=6)),
        st.tuples(st.just("mark"), PLACE, STATUS),
        st.tuples(st.just("read all"), WHO),
        st.tuples(st.just("set all"), STATUS),
        st.tuples(st.just("reword"), PLACE),
        st.tuples(st.just("hand over"), PLACE, WHO),
        st.tuples(st.just("delete"), PLACE),
        st.tuples(st.just("delete those of"), STATUS),
    ).flatmap(lambda step: st.booleans().map(lambda is_undone: (step, is_undone))),
    max_size=12,
)


def notice(user, status):
    return Notification(user=user, description="x", status=status, created_at=MOMENT)


class Commands:
    """What can happen to notices, by services, by the ORM and in SQL."""

    def __init__(self, people):
        self.people = people

    def do(self, name, *details):
        getattr(self, name.replace(" ", "_"))(*details)

    def at(self, place):
        """The row at a place, or none: a queryset."""
        rows = list(Notification.objects.order_by("pk").values_list("pk", flat=True))
        return Notification.objects.filter(pk=rows[place % len(rows)] if rows else 0)

    def tell(self, who, status):
        notice(self.people[who], status).save()

    def tell_many(self, notices):
        Notification.objects.bulk_create(notice(self.people[who], status) for who, status in notices)

    def mark(self, place, status):
        for row in self.at(place):
            mark(notification_id=row.pk, by_id=row.user_id, status=status)

    def read_all(self, who):
        unread = Notification.objects.filter(user=self.people[who], status="unread").count()
        assert read_all(by_id=self.people[who].pk) == unread

    def set_all(self, status):
        with connection.cursor() as cursor:
            cursor.execute("UPDATE notifications_notification SET status = %s", [status])

    def reword(self, place):
        self.at(place).update(description="y")

    def hand_over(self, place, who):
        self.at(place).update(user=self.people[who])

    def delete(self, place):
        self.at(place).delete()

    def delete_those_of(self, status):
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM notifications_notification WHERE status = %s", [status])


def view_of(person, status=None):
    """What is shown and its version."""
    return inbox(asking_for_inbox(person.pk, status=status, places=(0, 100), versions=[]))


def snapshot(people):
    """{(person, filter): (what depends on it, counted naively; version)}, compared with what is shown."""
    views, everything = {}, list(Notification.objects.values_list("user_id", "status", "pk", "description"))
    for person in people:
        own = sorted(row for row in everything if row[0] == person.pk)
        unread = [row for row in own if row[1] == "unread"]
        for status in (None, *STATUSES):
            matches, shown = [row for row in own if status in (None, row[1])], view_of(person, status)
            assert (shown.number, shown.unread) == (len(matches), len(unread))
            assert sorted(row["id"] for row in shown.notices) == sorted(pk for _, _, pk, _ in matches)
            views[person.pk, status] = (matches, unread), shown.version
    return views


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_the_parts_are_a_count_after_every_step_and_the_version_is_another(steps):
    with transaction.atomic():
        people = [make_user() for _ in range(PEOPLE)]
        commands, versions = Commands(people), {}
        before = snapshot(people)
        for step, is_undone in steps:
            with transaction.atomic():
                commands.do(*step)
                during = snapshot(people)
                transaction.set_rollback(is_undone)
            after = snapshot(people) if is_undone else during
            assert not is_undone or after == before
            for key, (rows, version) in after.items():
                assert versions.setdefault((key, version), rows) == rows, "one version, two inboxes"
            before = after
        transaction.set_rollback(True)


def test_who_is_told_nothing_keeps_his_version():
    person, other = make_user(), make_user()
    notice(person, "unread").save()
    version = view_of(person).version
    notice(other, "unread").save()
    assert view_of(person).version == version
    mark(notification_id=Notification.objects.get(user=person).pk, by_id=person.pk, status="unread")  # as it was
    assert read_all(by_id=other.pk) == 1
    assert view_of(person).version == version


def test_a_version_does_not_come_back_with_the_numbers():
    """After a restore, or with another database behind the same address, the numbers begin again."""
    person = make_user()
    versions = set()
    for _ in range(20):
        with transaction.atomic():
            notice(person, "unread").save()
            versions.add(view_of(person).version)
            transaction.set_rollback(True)
    assert len(versions) == 20


DELETIONS = {
    "by Django": [],
    "his notices first": ["DELETE FROM notifications_notification WHERE user_id = %s"],
    "his notices last": [
        "DELETE FROM accounts_user WHERE id = %s",
        "DELETE FROM notifications_notification WHERE user_id = %s",
    ],
}


@pytest.mark.parametrize("statements", DELETIONS.values(), ids=DELETIONS)
def test_what_is_left_of_a_person_who_is_deleted_comes_to_nothing(statements):
    person, other = make_user(), make_user()
    for each in (person, other):
        notice(each, "unread").save()
    key = person.pk
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement, [key])
    if "accounts_user" not in "".join(statements):
        person.delete()
    connection.check_constraints()
    numbers = dict.fromkeys((key, other.pk), 0)
    for user_id, number in InboxPart.objects.values_list("user_id", "number"):
        numbers[user_id] += number
    assert numbers == {key: 0, other.pk: 1}


@pytest.mark.django_db(transaction=True)
def test_a_truncated_table_is_an_empty_inbox():
    person = make_user()
    notice(person, "unread").save()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE notifications_notification")
    shown = view_of(person)
    assert (shown.number, shown.unread, shown.notices) == (0, 0, [])
