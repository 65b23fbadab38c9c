"""Tokens of societies: a hundred days, one lives, dead at once when it is replaced or its society is none any more."""

import datetime as dt

import pytest

from accounts.enums import DeadKey
from accounts.models import AccessKey
from auditlog.models import LogEntry
from groups.queries.societies import asking_for_society_of_token, society_of_token_in
from groups.services.groups import GroupNotFound, archive_group, change_group
from groups.services.joining import issue_join_token
from groups.services.society_tokens import SocietyNotFound, issue_society_token
from kernel import clock
from kernel.db.batch import ask
from kernel.errors import PermissionDenied
from tests.factories import join, make_user


@pytest.fixture
def society(team, cspace):
    change_group(group_id=team.pk, by=cspace, now=clock.now(), kind="society", code="chess")
    return team


def issue(society, by, now=None):
    return issue_society_token(group_id=society.pk, by=by, now=now or clock.now())


def acts_for(token, now=None):
    society = society_of_token_in(ask(asking_for_society_of_token(token)), now or clock.now())
    return society if isinstance(society, DeadKey) else (society.pk, society.name, society.code)


def logged():
    return list(LogEntry.objects.order_by("id").values_list("action", flat=True))


def test_it_lasts_for_a_hundred_days_of_24_hours(society, group_admin):
    now = clock.now()
    key = issue(society, group_admin, now)
    assert key.expires_at == now + dt.timedelta(hours=2400)
    assert acts_for(key.token, key.expires_at - dt.timedelta(microseconds=1)) == (society.pk, "522", "chess")
    assert acts_for(key.token, key.expires_at) == DeadKey.EXPIRED


def test_a_new_one_kills_the_one_before(society, group_admin):
    first, second = issue(society, group_admin).token, issue(society, group_admin).token
    assert [acts_for(first), acts_for(second)] == [DeadKey.INVALID, (society.pk, "522", "chess")]
    assert logged() == ["group.changed", "access_key.issued", "access_key.replaced"]
    assert AccessKey.objects.filter(revoked_at=None).count() == 1


def test_that_of_an_archived_society_is_dead(society, group_admin, cspace):
    token, joining = (
        issue(society, group_admin).token,
        issue_join_token(group_id=society.pk, by=group_admin, now=clock.now()),
    )
    archive_group(group_id=society.pk, by=cspace, now=clock.now())
    assert (acts_for(token), joining.token == token) == (DeadKey.INVALID, False)
    assert logged()[-3:] == ["access_key.revoked", "access_key.revoked", "group.archived"]
    AccessKey.objects.update(revoked_at=None)
    assert acts_for(token) == DeadKey.INVALID
    with pytest.raises(GroupNotFound):
        issue(society, group_admin)


def test_what_is_no_society_any_more_has_none(society, group_admin, cspace):
    token = issue(society, group_admin).token
    change_group(group_id=society.pk, by=cspace, now=clock.now(), tags=["gold"])
    assert acts_for(token) == (society.pk, "522", "chess")
    change_group(group_id=society.pk, by=cspace, now=clock.now(), kind="")
    assert acts_for(token) == DeadKey.INVALID
    change_group(group_id=society.pk, by=cspace, now=clock.now(), kind="society")
    assert acts_for(token) == DeadKey.INVALID
    assert logged()[-4:] == ["group.changed", "access_key.revoked", "group.changed", "group.changed"]


def test_presidents_are_told_one_and_nobody_else(society, group_admin, member, stranger, cspace):
    for person in (member, stranger, cspace, make_user(is_superuser=True)):
        with pytest.raises(PermissionDenied):
            issue(society, person)
    assert group_admin.access.is_admin_of(society.pk)
    join(make_user(), society, "admin")
    society.user_groups.filter(user=group_admin).update(permissions="member")
    with pytest.raises(PermissionDenied):  # what was read of him before has changed
        issue(society, group_admin)
    assert AccessKey.objects.count() == 0


def test_an_ordinary_group_has_none(team, group_admin):
    with pytest.raises(SocietyNotFound):
        issue(team, group_admin)
    assert (AccessKey.objects.count(), logged()) == (0, [])


@pytest.mark.parametrize("token", ["", "0" * 40, "\x00", "\ud800"])
def test_what_is_no_token(society, group_admin, token):
    joining = issue_join_token(group_id=society.pk, by=group_admin, now=clock.now()).token
    issue(society, group_admin)
    assert [acts_for(token), acts_for(joining)] == [DeadKey.INVALID] * 2
