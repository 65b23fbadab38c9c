"""The addresses of feeds: made for whoever asks first, and made anew.

Who knows one may read what it leads to, so that calendar programs need no login. It is shown again to whoever may know
it, hence it is kept as it is.
"""

import secrets
from datetime import datetime

from accounts.models import User
from calendars.enums import FeedKind
from calendars.facts import FeedCreated, FeedRenewed
from calendars.models import Calendar, CalendarFeed
from calendars.queries.calendars import CalendarNotFound
from calendars.rules.feeds import FeedSubject, may_read_feed, may_renew_feed
from kernel.db.batch import Statement, send
from kernel.db.transactions import StaleRead, transactional
from kernel.errors import PermissionDenied
from kernel.facts import publish

TOKEN_BYTES = 32
CREATE = """
INSERT INTO calendars_calendarfeed (subject, token, created_at) VALUES (%s, %s, %s)
ON CONFLICT (subject) DO NOTHING
RETURNING id
"""
RENEW = """
INSERT INTO calendars_calendarfeed (subject, token, created_at) VALUES (%s, %s, %s)
ON CONFLICT (subject) DO UPDATE SET token = excluded.token, created_at = excluded.created_at
RETURNING id
"""


def feed_of(*, subject: FeedSubject, by: User, now: datetime) -> CalendarFeed:
    """The feed of a person, group, room or calendar; made, if nobody has asked for it before. Publishes `FeedCreated`
    then.

    Raises: PermissionDenied, CalendarNotFound.
    """
    _check(by, subject, is_renewal=False)
    feed = CalendarFeed.objects.filter(subject=subject.key).first()
    return _create(subject, by, now) if feed is None else feed


@transactional
def renew_feed(*, subject: FeedSubject, by: User, now: datetime) -> CalendarFeed:
    """Another address: at the one before there is nothing any more. Publishes `FeedRenewed`.

    Raises: PermissionDenied, CalendarNotFound.
    """
    _check(by, subject, is_renewal=True)
    feed = _new(subject, now)
    ((feed.pk,),) = send(Statement(RENEW, (feed.subject, feed.token, feed.created_at)))[0]
    publish(FeedRenewed(actor_id=by.pk, occurred_at=now, subject=subject.key, name=subject.name))
    return feed


@transactional
def _create(subject: FeedSubject, by: User, now: datetime) -> CalendarFeed:
    feed = _new(subject, now)
    # Of several that ask for the first time at once, one makes it; the others wait for his commit.
    rows = send(Statement(CREATE, (feed.subject, feed.token, feed.created_at)))[0]
    if not rows:
        there = CalendarFeed.objects.filter(subject=subject.key).first()
        if there is None:
            raise StaleRead
        return there
    ((feed.pk,),) = rows
    publish(FeedCreated(actor_id=by.pk, occurred_at=now, subject=subject.key, name=subject.name))
    return feed


def _new(subject: FeedSubject, now: datetime) -> CalendarFeed:
    return CalendarFeed(subject=subject.key, token=secrets.token_urlsafe(TOKEN_BYTES), created_at=now)


def _check(by: User, subject: FeedSubject, *, is_renewal: bool) -> None:
    if subject.kind == FeedKind.CALENDAR:
        if not Calendar.objects.used_by(by.access).filter(pk=subject.id).exists():
            raise CalendarNotFound
    elif not (may_renew_feed if is_renewal else may_read_feed)(by.access, subject):
        raise PermissionDenied
