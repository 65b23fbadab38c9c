"""One letter for one notice."""

from datetime import datetime

from kernel.letters import LetterKind, Message
from kernel.phrases import said_in
from mail.queries.calendars import Concerned, due_for
from mail.queries.readers import MailReader, reader_of
from mail.services.composing import composed, with_calendar
from notifications.models import Notification


def write_notice(*, now: datetime, notification_id: int) -> Message | None:
    """In the words and the language that are right now; None where he wants no mail any more, or it is gone."""
    notice = Notification.objects.filter(pk=notification_id).first()
    reader = reader_of(notice.user_id) if notice else None
    if notice is None or reader is None:
        return None
    line = line_of(notice, reader)
    message = composed(reader, subject=line, lines=[line])
    due = due_for(reader.user_id, Concerned.by([notice]), now=now)
    return with_calendar(message, reader, *due, now=now) if due else message


def line_of(notice: Notification, reader: MailReader) -> str:
    """What a notice says to him."""
    return said_in(reader.language, notice.kind, notice.params, english=notice.description)


NOTICE = LetterKind(name="mail.notice", write=write_notice)
