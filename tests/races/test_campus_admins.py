"""Two who run the campus take each other's place away at once: one of them stays, whichever way they do it."""

import pytest

from accounts.models import User
from accounts.queries.campus_admins import has_campus_admin
from accounts.services.people import CampusNeedsAnAdmin, change_user
from auditlog.models import LogEntry
from groups.services.members import change_permissions, remove_member
from kernel import clock
from kernel.errors import PermissionDenied
from tests.factories import cspace_group, join, make_user
from tests.races.threads import at_once, raised

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 10
MUTANT_ROUNDS = 200
"""At most; the first campus without an admin ends them."""


def deactivating(by, person):
    return lambda: change_user(user_id=person.pk, by=by, now=clock.now(), is_active=False)


def disempowering(by, person):
    return lambda: change_user(user_id=person.pk, by=by, now=clock.now(), is_superuser=False)


def two_superusers():
    return make_user(is_superuser=True), make_user(is_superuser=True)


def nobody_runs_the_campus():
    User.objects.update(is_active=False)


@pytest.mark.parametrize("first_way", [deactivating, disempowering])
@pytest.mark.parametrize("second_way", [deactivating, disempowering])
def test_two_superusers_against_each_other(first_way, second_way):
    for _ in range(ROUNDS):
        nobody_runs_the_campus()
        first, second = two_superusers()
        results = at_once(first_way(first, second), second_way(second, first))
        (refusal,) = raised(results)
        assert refusal in (PermissionDenied, CampusNeedsAnAdmin)
        assert has_campus_admin()
    assert LogEntry.objects.count() == ROUNDS


@pytest.mark.parametrize("leaves", [True, False])
def test_an_admin_of_the_group_goes_while_the_superuser_is_deactivated(leaves):
    for _ in range(ROUNDS):
        nobody_runs_the_campus()
        superuser, admin = make_user(is_superuser=True), make_user()
        place = join(admin, cspace_group(), "admin")
        ids = {"user_group_id": place.pk, "by": admin, "now": clock.now()}
        goes = (
            (lambda ids=ids: remove_member(**ids))
            if leaves
            else (lambda ids=ids: change_permissions(**ids, permissions="member"))
        )
        at_once(goes, deactivating(superuser, superuser))
        assert has_campus_admin()


def test_without_the_lock_the_campus_is_left_without_an_admin(settings):
    """The mutant: each finds the other still there. It shows the rounds above can fail."""
    settings.CSPACE_TEST_FAULTS = {"skip-campus-admins-lock"}
    for _ in range(MUTANT_ROUNDS):
        nobody_runs_the_campus()
        first, second = two_superusers()
        at_once(deactivating(first, first), deactivating(second, second))
        if not has_campus_admin():
            return
    pytest.fail("two who deactivate themselves without the lock never left the campus alone")
