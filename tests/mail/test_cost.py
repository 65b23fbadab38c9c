"""Letters cost no statement and no wait more: they go on in the statement that writes the notices."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.facts import PasswordSet
from accounts.models import Preferences, User
from kernel import clock
from kernel.facts import publish_many
from mail.models import GatheredNotice
from notifications.models import Notification
from notifications.services import deliver
from outbox.models import Letter
from tests.factories import cspace_group, join, make_user
from tests.kernel.round_trips import round_trips

PEOPLE = 500


def with_addresses():
    for person in User.objects.all():
        person.email = f"{person.username}@example.edu"
        person.save()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("document_clock", "stock_of_ids")
def test_booking_and_approving_cost_the_same_with_mail_and_without(api, member, cspace, wish, settings):
    for _ in range(3):
        join(make_user(), cspace_group())
    with_addresses()
    costs, letters = [], []
    for number, way in enumerate(("not_at_all", "by_smtp")):
        settings.CSPACE_MAIL_LEAVES = way
        api(member).get("users/me/")
        body = wish | {"date": f"2026-02-0{number + 1}"}
        with CaptureQueriesContext(connection) as booking, round_trips() as waits:
            made = api(member).post("registrations/", body).json()["id"]
        with CaptureQueriesContext(connection) as approving, round_trips() as more_waits:
            assert api(cspace).post(f"registrations/{made}/approve/", {}).status_code == 200
        costs.append((len(booking), waits(), len(approving), more_waits()))
        letters.append(Letter.objects.count())
    assert costs[0] == costs[1]
    assert letters == [0, 5]


@pytest.mark.django_db
@pytest.mark.usefixtures("document_clock")
def test_five_hundred_notices_are_one_statement(post):
    people = [make_user() for _ in range(PEOPLE)]
    with_addresses()
    Preferences.objects.bulk_create(
        Preferences(user=person, mail=mail)
        for person, mail in zip(people, ["each", "daily", "off", None] * (PEOPLE // 4), strict=True)
    )
    now = clock.now()
    facts = [PasswordSet(actor_id=None, occurred_at=now, user_id=person.pk, username="x") for person in people]
    assert len(deliver(facts)) == 1
    with transaction.atomic():
        publish_many(facts)
    assert (Notification.objects.count(), Letter.objects.count(), GatheredNotice.objects.count()) == (500, 250, 125)


@pytest.mark.django_db
@pytest.mark.usefixtures("document_clock")
def test_without_mail_the_statement_is_what_it_was(member):
    now = clock.now()
    (statement,) = deliver([PasswordSet(actor_id=None, occurred_at=now, user_id=member.pk, username="x")])
    assert statement.sql.startswith("INSERT INTO notifications_notification (")
    assert "told" not in statement.sql
