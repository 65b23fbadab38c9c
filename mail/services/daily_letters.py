"""The notices of a day in one letter, at the minute that the reader has chosen."""

from datetime import datetime, timedelta

from django.conf import settings

from accounts.rules import DAILY_MINUTE
from kernel.db.arrays import array_of
from kernel.db.batch import Statement, send
from kernel.db.chaining import chained
from kernel.db.locks import Namespace, try_namespace
from kernel.db.transactions import transactional
from kernel.letters import LetterKind, Message, is_mail_on, posting
from mail.models import GatheredNotice
from mail.queries.calendars import Concerned, due_for
from mail.queries.readers import reader_of
from mail.rules.deciding import KEPT_DAYS, last_moment
from mail.services.composing import composed, in_words, with_calendar
from mail.services.notice_letters import line_of
from notifications.models import Notification

MINUTES = f"""
SELECT DISTINCT coalesce(wish.daily_minute, {DAILY_MINUTE})
  FROM mail_gatherednotice AS gathered LEFT JOIN accounts_preferences AS wish USING (user_id)
 WHERE gathered.day IS NULL
"""  # noqa: S608 - of the house's own names
# A letter of the day that there is already takes nothing more: what comes after it waits for the next day's.
TAKE = f"""
UPDATE mail_gatherednotice AS gathered SET day = due.day
  FROM (SELECT waiting.notification_id, moment.day
          FROM mail_gatherednotice AS waiting LEFT JOIN accounts_preferences AS wish USING (user_id)
          JOIN unnest(%s::integer[], %s::timestamptz[], %s::date[]) AS moment (minute, at, day)
            ON moment.minute = coalesce(wish.daily_minute, {DAILY_MINUTE})
         WHERE waiting.day IS NULL AND waiting.gathered_at < moment.at
           AND (SELECT true FROM outbox_letter
                 WHERE key = 'daily:' || waiting.user_id || ':' || moment.day) IS NULL) AS due
 WHERE gathered.notification_id = due.notification_id AND gathered.day IS NULL
RETURNING gathered.user_id, gathered.day
"""  # noqa: S608 - of the house's own names
WISHES = (
    "SELECT DISTINCT 'daily:' || user_id || ':' || day, jsonb_build_object('user_id', user_id, 'day', day) FROM taken"
)
FORGET_OF_DAY = "DELETE FROM mail_gatherednotice WHERE user_id = %s AND day = %s::date"
FORGET = (
    "DELETE FROM mail_gatherednotice WHERE gathered_at < %s::timestamptz",
    "DELETE FROM mail_invitation WHERE ends_at < %s::timestamptz",
)


@transactional
def post_daily_letters(*, now: datetime) -> None:
    """Post the letter of the day for whoever has gathered notices and whose moment has passed since the first of
    them. What it tells is taken in the same statement."""
    if not is_mail_on() or not _is_alone():
        return
    (rows,) = send(Statement(MINUTES))
    if not rows:
        return
    moments = {minute: last_moment(now, minute) for (minute,) in rows}
    columns = (
        array_of(moments),
        array_of(at for _, at in moments.values()),
        array_of(day for day, _ in moments.values()),
    )
    send(chained("taken", Statement(TAKE, columns), posting(DAILY, WISHES, (), now=now)))


def _is_alone() -> bool:
    """Who comes second would take what has come meanwhile for a letter that may have been written."""
    return "skip-lock" in settings.CSPACE_TEST_FAULTS or try_namespace(Namespace.LETTERS_OF_THE_DAY)


def write_daily(*, now: datetime, user_id: int, day: str) -> Message | None:
    """All notices that it has taken, oldest first; None where he wants no mail any more."""
    reader = reader_of(user_id)
    ids = GatheredNotice.objects.filter(user=user_id, day=day).values("notification_id")
    notices = list(Notification.objects.filter(pk__in=ids).order_by("pk"))
    if reader is None or not notices:
        return None
    subject = in_words(reader, "daily", count=len(notices), day=day)
    lines = [line_of(notice, reader) for notice in notices]
    message = composed(reader, subject=subject, lines=lines, noting=[Statement(FORGET_OF_DAY, (user_id, day))])
    due = due_for(user_id, Concerned.by(notices), now=now)
    return with_calendar(message, reader, *due, now=now) if due else message


def forget_what_is_over(*, now: datetime) -> None:
    """Of letters that were never sent, and of registrations long past."""
    before = now - timedelta(days=KEPT_DAYS)
    send(*(Statement(sql, (before,)) for sql in FORGET))


DAILY = LetterKind(name="mail.daily", write=write_daily)
