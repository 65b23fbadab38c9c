"""One refresh token presented many times at once: one successor, one chain, whoever asks (I18)."""

import threading
import time

import pytest
from django.db import connection, transaction

from accounts.models import RefreshSession, User
from accounts.services.sessions import end_families, exchange, log_in
from accounts.services.tokens import read_access, read_refresh
from auditlog.models import LogEntry
from groups.queries.who_is_asking import load_user
from kernel import clock
from kernel.errors import NotAuthenticated
from tests.factories import PASSWORD, make_user
from tests.races.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)
PRESENTERS = 8
ROUNDS = 20
MUTANT_ROUNDS = 200
"""At most; the first second chain ends them."""
WAIT_SECONDS = 20


@pytest.fixture(autouse=True)
def rotating(settings):
    settings.CSPACE_ROTATE_REFRESH = True


def started(user):
    """The tokens of a new login, and the session they are of."""
    tokens = log_in(username=user.username, password=PASSWORD, now=clock.now())
    return tokens, read_refresh(tokens.refresh)


def presented_at_once(api, token):
    """What each of eight clients is answered for the same cookie: (status, the cookie's new value)."""

    def present():
        client = api()
        client.client.cookies["refresh_token"] = token
        response = client.post("auth/token/refresh/")
        return response.status_code, response.cookies["refresh_token"].value

    return at_once(*[present] * PRESENTERS)


def test_eight_refreshes_of_one_token_make_one_chain(api):
    user = make_user()
    for _ in range(ROUNDS):
        tokens, claims = started(user)
        answers = presented_at_once(api, tokens.refresh)
        ((status, cookie),) = set(answers)
        family = RefreshSession.objects.filter(family=claims.family)
        assert (status, family.count(), family.filter(used_at=None).count()) == (200, 2, 1)
        assert read_refresh(cookie).jti == family.get(pk=claims.jti).successor_jti
    assert LogEntry.objects.count() == 0


def test_a_chain_raced_at_every_link_stays_one(api):
    user, links = make_user(), 6
    token, family = started(user)[0].refresh, None
    for _ in range(links):
        family = read_refresh(token).family
        ((status, token),) = set(presented_at_once(api, token))
        assert status == 200
    sessions = RefreshSession.objects.filter(family=family)
    assert (sessions.count(), sessions.exclude(successor_jti=None).count()) == (links + 1, links)
    assert LogEntry.objects.count() == 0


def test_with_check_then_write_one_token_makes_two_chains(api, settings):
    """The mutant: the conditional UPDATE as a read and a write. It shows the rounds above can fail."""
    settings.CSPACE_TEST_FAULTS = {"skip-conditional-refresh"}
    user = make_user()
    for _ in range(MUTANT_ROUNDS):
        tokens, claims = started(user)
        answers = set(presented_at_once(api, tokens.refresh))
        if len(answers) > 1 or RefreshSession.objects.filter(family=claims.family).count() > 2:
            return
    pytest.fail("the mutant survived: the race is never met")


def test_a_used_token_replayed_by_eight_ends_the_family_once(api):
    """The successor has been used: whoever still has the old token is a thief, and there is one alarm."""
    user = make_user()
    for number in range(1, 6):
        tokens, claims = started(user)
        child = exchange(jti=claims.jti, now=clock.now())
        exchange(jti=read_refresh(child.refresh).jti, now=clock.now())
        assert set(presented_at_once(api, tokens.refresh)) == {(401, "")}
        assert not RefreshSession.objects.filter(family=claims.family, revoked_at=None).exists()
        assert list(LogEntry.objects.values_list("action", flat=True)) == ["auth.refresh_reuse"] * number


def test_a_refresh_does_not_survive_a_logout_at_the_same_moment():
    user = make_user()
    for _ in range(ROUNDS):
        tokens, claims = started(user)
        refreshed, _ = at_once(
            lambda: exchange(jti=claims.jti, now=clock.now()),
            lambda: end_families([claims.family], now=clock.now()),
        )
        late = [tokens] if isinstance(refreshed, NotAuthenticated) else [tokens, refreshed]
        for pair in late:
            for use in (
                lambda: load_user(read_access(pair.access, now=clock.now())),
                lambda: exchange(jti=read_refresh(pair.refresh).jti, now=clock.now()),
            ):
                with pytest.raises(NotAuthenticated) as refusal:
                    use()
                assert refusal.value.details == {"reason": "session_revoked"}


def test_a_user_deleted_while_his_refresh_waits_for_the_row(api):
    """Every step is seen to have happened before the next: nothing here depends on luck."""
    user = make_user()
    tokens, _ = started(user)
    answers = []
    refresh = threading.Thread(target=lambda: answers.extend(at_once(lambda: post_refresh(api, tokens.refresh))))
    with transaction.atomic():
        User.objects.get(pk=user.pk).delete()
        refresh.start()
        await_a_waiting_connection()
    refresh.join(WAIT_SECONDS)
    assert answers == [(401, "session_revoked", "")]


def post_refresh(api, token):
    client = api()
    client.client.cookies["refresh_token"] = token
    response = client.post("auth/token/refresh/")
    return response.status_code, response.json()["details"]["reason"], response.cookies["refresh_token"].value


def await_a_waiting_connection():
    """Until another connection of this database waits for a row that this transaction holds."""
    deadline = time.monotonic() + WAIT_SECONDS
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
            )
            if cursor.fetchone()[0]:
                return
    raise TimeoutError("nobody waited")
