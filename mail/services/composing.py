"""How a letter is put together."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote

from django.conf import settings
from django.template.loader import render_to_string

from accounts.services.unsubscribing import unsubscribe_token
from kernel.campus_time import campus_zone
from kernel.db.arrays import array_of
from kernel.db.batch import Statement
from kernel.ical.writing import CalendarEntry, calendar_text
from kernel.letters import CalendarObject, Message, host_of_letters, public_url
from kernel.phrases import sentence
from kernel.text import plain_line
from mail.enums import Method
from mail.queries.calendars import sequence_of
from mail.queries.readers import MailReader
from mail.rules.deciding import MOST_LISTED, subject_of
from registrations.enums import RegistrationStatus
from registrations.models import Registration

STATUSES = {RegistrationStatus.APPROVED: "CONFIRMED", RegistrationStatus.PENDING: "TENTATIVE"}
# A letter that was written before another, and went after it, does not take back what that has told.
NOTE = """
INSERT INTO mail_invitation AS kept (user_id, registration_id, sequence, method, ends_at)
SELECT %s::bigint, registration_id, sequence, %s, ends_at
  FROM unnest(%s::bigint[], %s::integer[], %s::timestamptz[]) AS news (registration_id, sequence, ends_at)
    ON CONFLICT (user_id, registration_id) DO UPDATE
   SET sequence = excluded.sequence, method = excluded.method, ends_at = excluded.ends_at
 WHERE kept.sequence <= excluded.sequence
"""


def composed(reader: MailReader, *, subject: str, lines: Sequence[str], noting: Sequence[Statement] = ()) -> Message:
    """A letter of some sentences, in the reader's language, with the way to be sent no more."""
    site = public_url()
    leave = f"{site}/api/v1/unsubscribe/?token={quote(unsubscribe_token(reader.user_id))}" if site else ""
    words = {name: sentence(f"mail.{name}", {}, language=reader.language) for name in ("open", "unsubscribe")}
    line = subject_of(subject)
    content = {
        "language": reader.language,
        "subject": line,
        "lines": [plain_line(line) for line in lines[:MOST_LISTED]],
        "more": in_words(reader, "more", rest=len(lines) - MOST_LISTED) if len(lines) > MOST_LISTED else "",
        "zone": in_words(reader, "zone", zone=settings.CSPACE_TIME_ZONE),
        "site": f"{site}/" if site else "",
        "leave": leave,
        "words": words,
    }
    ways_out = {"List-Unsubscribe": f"<{leave}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    return Message(
        address=reader.email,
        subject=line,
        text=render_to_string("mail/letter.txt", content),
        html=render_to_string("mail/letter.html", content),
        headers=ways_out if leave else {},
        noting=noting,
    )


def in_words(reader: MailReader, name: str, **params: object) -> str:
    """One of the fixed phrases, in his language."""
    return sentence(f"mail.{name}", params, language=reader.language)


def with_calendar(
    message: Message, reader: MailReader, method: Method, registrations: Sequence[Registration], *, now: datetime
) -> Message:
    """The same letter with what it tells the reader's calendar, and what notes that when it has gone."""
    entries = [_entry(each, reader, now=now) for each in registrations]
    text = calendar_text(entries, zone=campus_zone(), method=method.value)
    columns = (
        array_of(each.pk for each in registrations),
        array_of(sequence_of(each) for each in registrations),
        array_of(each.occupancy.ends_at for each in registrations),
    )
    note = Statement(NOTE, (reader.user_id, method.value, *columns))
    return replace(message, calendar=CalendarObject(method=method.value, text=text), noting=(*message.noting, note))


def organizer() -> str:
    """The address that letters come from."""
    return settings.SMTP_EMAIL or f"cspace@{host_of_letters()}"


def _entry(registration: Registration, reader: MailReader, *, now: datetime) -> CalendarEntry:
    room = registration.occupancy.classroom
    return CalendarEntry(
        uid=f"registration-{registration.pk}@{host_of_letters()}",
        sequence=sequence_of(registration),
        stamp=now,
        span=registration.interval,
        summary=plain_line(registration.description) or room.name,
        location=", ".join(part for part in (room.name, room.building) if part),
        status=STATUSES.get(RegistrationStatus(registration.status), "CANCELLED"),
        organizer=organizer(),
        # He has asked for it himself.
        attendee=reader.email,
    )
