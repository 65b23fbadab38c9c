"""Notices become letters in the statement that writes them: it goes on with what is posted, or gathered."""

from datetime import datetime

from django.conf import settings

from calendars.facts import CalendarEventCleared
from kernel.db.batch import Statement
from kernel.db.chaining import chained
from kernel.letters import is_mail_on, posting
from mail.services.notice_letters import NOTICE

IN_APP_ALONE = CalendarEventCleared.action
"""Of this no notice becomes mail: there is a letter in the words of the calendar, or none at all."""
READERS = f"""
SELECT told.id, told.user_id, told.created_at, coalesce(wish.mail, %s) AS mail
  FROM told JOIN accounts_user AS person ON person.id = told.user_id
  LEFT JOIN accounts_preferences AS wish ON wish.user_id = person.id
 WHERE person.is_active AND person.email <> '' AND told.kind <> '{IN_APP_ALONE}'
"""  # noqa: S608 - a word of ours
GATHER = """
INSERT INTO mail_gatherednotice (notification_id, user_id, gathered_at)
SELECT id, user_id, created_at FROM readers WHERE mail = 'daily'
"""
WISHES = "SELECT 'notice:' || id, jsonb_build_object('notification_id', id) FROM readers WHERE mail = 'each'"


def going_on(now: datetime) -> Statement | None:
    """What stands behind the rows of `told`; nothing while no mail leaves."""
    if not is_mail_on():
        return None
    post = posting(NOTICE, WISHES, (), now=now)
    return chained(
        "readers",
        Statement(READERS, (settings.CSPACE_MAIL_DEFAULT,)),
        chained("gathered", Statement(GATHER), post),
    )
