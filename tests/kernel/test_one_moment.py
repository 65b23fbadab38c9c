"""What is read in one moment is not mixed with what is written meanwhile."""

import io

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from groups.models import Group
from kernel.db.transactions import one_moment
from tests.factories import make_group
from tests.holding import another_connection

pytestmark = pytest.mark.django_db(transaction=True)
NEW_GROUP = "INSERT INTO groups_group (name, name_key, is_system) VALUES ('Late', 'late', false)"


def test_what_is_committed_meanwhile_is_seen_afterwards():
    make_group()
    with one_moment():
        before = Group.objects.count()
        with another_connection() as other, other.cursor() as cursor:
            cursor.execute(NEW_GROUP)
        assert Group.objects.count() == before
    assert Group.objects.count() == before + 1


def test_inside_a_transaction_it_sees_what_that_does():
    with transaction.atomic():
        make_group()
        with one_moment():
            assert Group.objects.exists()


def test_the_check_of_quotas_reads_one_moment():
    out = io.StringIO()
    with CaptureQueriesContext(connection) as queries:
        call_command("check_quotas", stdout=out)
    assert "REPEATABLE READ" in "".join(query["sql"] for query in queries)
    assert out.getvalue() == "The ledger says what the live registrations say.\n"
