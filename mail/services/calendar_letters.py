"""Calendars follow what nobody is told of by a notice: above all what people do themselves."""

from datetime import datetime, timedelta

from django.conf import settings

from kernel.db.transactions import transact
from kernel.letters import LetterKind, Message, is_mail_on, posting
from mail.enums import Method
from mail.queries.calendars import Concerned, due_for
from mail.queries.readers import reader_of
from mail.rules.deciding import PAST_DAYS
from mail.services.composing import composed, in_words, with_calendar

MOST_LETTERS = 1000
"""Posted at a time; what is left is found the next time."""
# The key says what is to be told: the same state is posted once, and any change after it makes another. It is looked up
# in the index, each by itself, and never joined: there are letters without end.
BEHIND = """
SELECT key, arguments
  FROM (SELECT 'calendar:' || user_id || ':' || what || ':' || (array_agg(sequence ORDER BY registration_id))[1]
               || CASE WHEN series_id IS NULL THEN ''
                       ELSE ':' || method || ':' || min(registration_id) || ':' || sum(sequence) END,
               jsonb_build_object('user_id', user_id, 'method', method)
               || CASE WHEN series_id IS NULL THEN jsonb_build_object('registration_id', min(registration_id))
                       ELSE jsonb_build_object('series_id', series_id) END
          FROM (SELECT invitation.user_id, registration_id, series_id, now.sequence,
                       CASE WHEN status IN ('approved', 'pending') THEN 'REQUEST' ELSE 'CANCEL' END AS method,
                       coalesce('series:' || series_id, registration_id::text) AS what
                  FROM mail_invitation AS invitation
                  JOIN registrations_registration AS registration ON registration.occupancy_id = registration_id
                  JOIN classrooms_occupancy AS occupancy ON occupancy.id = registration_id
                 CROSS JOIN LATERAL (SELECT occupancy.revision + registration.revision) AS now (sequence)
                  JOIN accounts_user AS person ON person.id = invitation.user_id
                  LEFT JOIN accounts_preferences AS wish ON wish.user_id = person.id
                 WHERE invitation.ends_at > %s::timestamptz AND invitation.sequence <> now.sequence
                   AND (status = 'approved' OR invitation.method = 'REQUEST')
                   AND person.is_active AND person.email <> '' AND coalesce(wish.mail, %s) <> 'off') AS behind
         GROUP BY user_id, series_id, what, method) AS state (key, arguments)
 WHERE (SELECT true FROM outbox_letter AS letter WHERE letter.key = state.key) IS NULL
 LIMIT %s
"""


def post_calendar_letters(*, now: datetime) -> None:
    """Post one letter for each person and registration, or series, of which his calendar knows another state than the
    present one. Whoever wants no mail is left alone until he does."""
    if is_mail_on():
        values = (now - timedelta(days=PAST_DAYS), settings.CSPACE_MAIL_DEFAULT, MOST_LETTERS)
        transact(posting(CALENDAR, BEHIND, values, now=now))


def write_calendar(
    *, now: datetime, user_id: int, method: str, registration_id: int | None = None, series_id: int | None = None
) -> Message | None:
    """What the calendar must be told now; None where another letter has told it, or no mail is wanted."""
    reader = reader_of(user_id)
    concerned = Concerned(
        registration_ids={registration_id} if registration_id else set(), series_ids={series_id} if series_id else set()
    )
    due = due_for(user_id, concerned, now=now, methods=[Method(method)], among_invited=True)
    if reader is None or due is None:
        return None
    slots = [each.summary.details for each in due[1]]
    lines = [in_words(reader, "slot", **slot) for slot in slots]
    message = composed(reader, subject=in_words(reader, "calendar", method=method, **slots[0]), lines=lines)
    return with_calendar(message, reader, *due, now=now)


CALENDAR = LetterKind(name="mail.calendar", write=write_calendar)
