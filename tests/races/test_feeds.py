"""Many who ask for the address of one feed at once, and who renew it meanwhile."""

import pytest

from auditlog.models import LogEntry
from calendars.enums import FeedKind
from calendars.models import CalendarFeed
from calendars.rules.feeds import FeedSubject
from calendars.services.feeds import feed_of, renew_feed
from kernel import clock
from tests.factories import make_user
from tests.races.threads import at_once, raised

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 10


def scene():
    person = make_user()
    subject = FeedSubject(FeedKind.USER, person.pk, person.username)
    return subject, lambda service: service(subject=subject, by=person, now=clock.now()).token


def test_who_asks_first_makes_it_and_all_are_told_the_same():
    for _ in range(ROUNDS):
        subject, call = scene()
        tokens = at_once(*[lambda call=call: call(feed_of)] * 5)
        assert raised(tokens) == []
        assert set(tokens) == {CalendarFeed.objects.get(subject=subject.key).token}
    assert set(LogEntry.objects.values_list("action", flat=True)) == {"feed.created"}
    assert LogEntry.objects.count() == ROUNDS


def test_of_many_renewals_one_leads_somewhere():
    for _ in range(ROUNDS):
        subject, call = scene()
        tokens = at_once(*[lambda call=call: call(renew_feed)] * 4, lambda call=call: call(feed_of))
        assert raised(tokens) == []
        assert CalendarFeed.objects.get(subject=subject.key).token in tokens[:4]
    actions = list(LogEntry.objects.values_list("action", flat=True))
    assert actions.count("feed.renewed") == 4 * ROUNDS
