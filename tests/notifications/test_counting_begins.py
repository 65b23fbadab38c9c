"""The parts of inboxes come and go on a database with notices in it; so does what notices are made of."""

import datetime as dt

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from notifications.models import InboxPart, Notification
from tests.factories import make_user
from tests.migrating import migrate_to_the_end

MOMENT = dt.datetime(2026, 1, 20, 2, 0, tzinfo=dt.UTC)
TELL = "INSERT INTO notifications_notification (user_id, description, status, created_at) VALUES (%s, 'x', %s, %s)"


def migrate(name):
    MigrationExecutor(connection).migrate([("notifications", name)])


def left_over():
    """What the migration makes, by name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname::text FROM pg_trigger WHERE tgname LIKE 'notifications\\_%%'"
            " UNION SELECT proname::text FROM pg_proc WHERE proname LIKE 'notifications\\_%%'"
            " UNION SELECT relname::text FROM pg_class WHERE relname LIKE 'notifications_inboxpart%%'"
        )
        return {name for (name,) in cursor.fetchall()}


@pytest.mark.django_db(transaction=True)
def test_notices_that_are_there_already_are_counted_and_stay_as_they_were_written(api):
    person = make_user()
    rows = [("unread", 2), ("archived", 3)]
    try:
        migrate("0001_notifications")
        assert left_over() == set()
        with connection.cursor() as cursor:
            for status, count in rows:
                cursor.executemany(TELL, [(person.pk, status, MOMENT)] * count)
    finally:
        migrate_to_the_end()
    assert sorted(InboxPart.objects.values_list("status", "number")) == sorted(rows)
    assert set(Notification.objects.values_list("kind", "target", "description")) == {("", "", "x")}
    api(person).patch("users/me/preferences/", {"language": "zh-hant"})
    shown = api(person).get("notifications/?status=unread").json()["results"]
    assert [(row["kind"], row["params"], row["description"]) for row in shown] == [("", {}, "x")] * 2
    Notification.objects.filter(status="archived").delete()
    assert sorted(InboxPart.objects.values_list("status", "number")) == [("archived", 0), ("unread", 2)]
