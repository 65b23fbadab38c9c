"""`manage.py draw_demo`, smaller: a real server, real downloads, the downloaded verifier; and again."""

import io
import re

import pytest
from django.core.management import CommandError, call_command

from allocations.models import AllocationEvent, Draw
from allocations.queries.verifying import verify_draw
from demo import lottery
from demo.outside import Outsider, ServerFailed
from groups.models import Group
from tests.factories import cspace_group


@pytest.fixture
def small(monkeypatch, server_environment, settings):
    # The server that checks the demo's passwords is another process.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    cspace_group()
    monkeypatch.setattr(lottery, "CLUBS", 6)
    monkeypatch.setattr(lottery, "WISHES", 25)
    for name, value in server_environment.items():
        monkeypatch.setenv(name, value)


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(240)
def test_the_draw_demo_verifies_itself_from_the_outside_and_can_be_repeated(small, settings):
    settings.DEBUG = True
    for number in (1, 2):
        out = io.StringIO()
        call_command("draw_demo", stdout=out)
        said = out.getvalue()
        event = AllocationEvent.objects.order_by("-id").first()
        stored = Draw.objects.get(event=event)
        counts = f"wishes    25: {stored.successful} won, {stored.failed} did not"
        assert counts in said
        assert f"The draw is as published: {stored.successful} won, {stored.failed} did not." in said
        assert re.search(rf"/admin/allocations/allocationevent/{event.pk}/change/", said)
        assert verify_draw(event).wins == stored.successful
        assert Draw.objects.count() == number
    assert Group.objects.filter(name__startswith="Club ").count() == 6


def test_the_draw_demo_is_refused_in_production(settings):
    settings.DEBUG = False
    with pytest.raises(CommandError, match="DEBUG=1"):
        call_command("draw_demo")


def test_a_server_that_is_not_there_is_one_sentence():
    with pytest.raises(ServerFailed, match="could not be reached"):
        Outsider.logged_in("http://127.0.0.1:9", "admin", "x")
