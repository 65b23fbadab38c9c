"""Two pages change different preferences of one person at once: both are kept, and the log says what was changed.

An address is confirmed once, and never one that he has just ceased to wish for.
"""

import pytest

from accounts.models import Preferences
from accounts.services.confirming import TokenIsSpent, confirm_email
from accounts.services.preferences import change_preferences
from auditlog.models import LogEntry
from kernel import clock
from tests.accounts.mailing import waiting_for
from tests.factories import make_user
from tests.races.threads import at_once, raised

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 20
MUTANT_ROUNDS = 200
"""At most; the first log that says what was not ends them."""
HOURS = (1, 2)


def changing(person, **values):
    return lambda: change_preferences(by=person, now=clock.now(), **values)


def test_two_first_choices_at_once_are_both_kept():
    for _ in range(ROUNDS):
        person = make_user()
        results = at_once(changing(person, language="zh-hant"), changing(person, mail="off"))
        assert raised(results) == []
        assert Preferences.objects.values_list("language", "mail").get(user=person) == ("zh-hant", "off")
    assert LogEntry.objects.count() == 2 * ROUNDS


def is_a_chain(person):
    """Whether each change begins with what the one before had left."""
    rows = LogEntry.objects.filter(target=f"user:{person.pk}")
    steps = [row.details["changes"]["reminder_hours"] for row in rows]
    return sorted(old for old, _ in steps) != [24, 24]


def contest():
    """Two changes of a row that is there: a first choice waits at its key."""
    person = make_user()
    Preferences.objects.create(user=person)
    results = at_once(*(changing(person, reminder_hours=hours) for hours in HOURS))
    assert raised(results) == []
    return person


def test_what_the_log_says_of_two_changes_follows_one_from_the_other():
    for _ in range(ROUNDS):
        assert is_a_chain(contest())


def test_without_the_lock_both_begin_with_the_same(settings):
    """The mutant. It shows the rounds above can fail."""
    settings.CSPACE_TEST_FAULTS = {"skip-preferences-lock"}
    for _ in range(MUTANT_ROUNDS):
        if not is_a_chain(contest()):
            return
    pytest.fail("two changes without the lock never met")


def confirming(token):
    return lambda: confirm_email(token=token, now=clock.now())


def confirmed_twice():
    """Two clicks at once on the link of one letter; how many were told that it was good."""
    token = waiting_for("ada@example.edu", make_user())
    return 2 - len(raised(at_once(confirming(token), confirming(token))))


def test_of_two_clicks_at_once_one_confirms():
    for _ in range(ROUNDS):
        assert confirmed_twice() == 1
    assert LogEntry.objects.filter(action="user.email_confirmed").count() == ROUNDS


def test_without_the_lock_both_clicks_confirm(settings):
    """The mutant. It shows the rounds above can fail."""
    settings.CSPACE_TEST_FAULTS = {"skip-preferences-lock"}
    for _ in range(MUTANT_ROUNDS):
        if confirmed_twice() == 2:
            return
    pytest.fail("two clicks without the lock never met")


def test_an_address_that_is_taken_away_meanwhile_is_not_there_afterwards():
    """Taken away first, the link is spent; confirmed first, it is taken away all the same."""
    for _ in range(ROUNDS):
        person = make_user()
        token = waiting_for("ada@example.edu", person)
        refusals = raised(at_once(confirming(token), changing(person, email="")))
        assert set(refusals) <= {TokenIsSpent}
        person.refresh_from_db()
        assert (person.email, Preferences.objects.get(user=person).pending_email) == ("", "")
