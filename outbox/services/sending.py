"""The job that sends a letter, and the one that sends a copy of it.

No lock and no transaction is held while a mail server is talked to: a letter has one job, and the engine gives a job to
one worker. What has been taken by the server is noted at once; a worker that dies in between sends the letter again.
"""

import logging
import time
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection

from kernel.db.batch import Statement
from kernel.db.transactions import transact
from kernel.jobs import ENQUEUE_FROM, OUTSIDE, Job
from kernel.letters import BY_SMTP, SEND, Message, kind_named
from outbox.enums import LetterState
from outbox.models import Letter, LetterCopy
from outbox.services.composing import CannotBeWritten, compose
from outbox.services.delivering import MAX_WORDS, NotDelivered, deliver

SEND_COPY = "outbox.send_copy"
WAITS = (60, 300, 1800, 7200, 21_600)
"""Seconds before the second, third … try of either."""
PAUSES = (1, 2, 4)
"""Seconds before it is tried again to note that a letter has gone, where the database is away."""
NOTE_SENT = f"""
WITH letter AS (
     UPDATE outbox_letter SET state = 'sent', sent_at = %s::timestamptz, error = ''
      WHERE id = %s::bigint AND state = 'waiting' RETURNING id
), copies AS (
     INSERT INTO outbox_lettercopy (letter_id, address, source, state, error)
     SELECT letter.id, each.address, %s::text, 'waiting', '' FROM letter, unnest(%s::text[]) AS each (address)
         ON CONFLICT (letter_id, address) DO NOTHING
     RETURNING id
)
{ENQUEUE_FROM.format(source="SELECT jsonb_build_object('copy_id', id) FROM copies ORDER BY id")}
"""  # noqa: S608 - of this module's own names
# Nothing was told under its key, which is free again: there may be something to say another time.
NOTE_DROPPED = """
UPDATE outbox_letter SET state = 'dropped', error = '', key = left(key, 75) || ' #' || id
 WHERE id = %s::bigint AND state = 'waiting'
"""
NOTE_NOT_SENT = "UPDATE outbox_letter SET state = %s, error = %s WHERE id = %s::bigint AND state = 'waiting'"
NOTE_COPY_SENT = """
UPDATE outbox_lettercopy SET state = 'sent', sent_at = %s::timestamptz, source = '', error = ''
 WHERE id = %s::bigint AND state = 'waiting'
"""
NOTE_COPY_NOT_SENT = "UPDATE outbox_lettercopy SET state = %s, error = %s WHERE id = %s::bigint AND state = 'waiting'"

logger = logging.getLogger("cspace.mail")


class LetterNotSent(Exception):
    """It is tried again. The log shows this sentence: it holds no address."""


def send_letter(*, now: datetime, letter_id: int, is_last: bool) -> None:
    """Send a letter that waits, and note it; nothing for any other. Raises: LetterNotSent, to be tried again."""
    letter = Letter.objects.filter(pk=letter_id, state=LetterState.WAITING).first()
    if letter is None:
        return
    try:
        message = _written(letter, now)
        if message is None:
            transact(Statement(NOTE_DROPPED, (letter_id,)))
            return
        source = _composed(letter, message, now)
        deliver(source, recipient=message.address, name=str(letter_id), now=now)
    except NotDelivered as error:
        _note_failure(NOTE_NOT_SENT, letter_id, error, is_last=is_last, what=f"letter {letter_id} ({letter.kind})")
        return
    has_copies = settings.CSPACE_MAIL_LEAVES == BY_SMTP and not message.is_for_its_reader_alone
    copies = settings.SMTP_BCC if has_copies else []
    gone = Statement(NOTE_SENT, (now, letter_id, source.decode("ascii"), copies, OUTSIDE, SEND_COPY))
    _note_gone(gone, *message.noting)


def send_copy(*, now: datetime, copy_id: int, is_last: bool) -> None:
    """The same for a copy, which is the mail that has gone already. Raises: LetterNotSent."""
    copy = LetterCopy.objects.filter(pk=copy_id, state=LetterState.WAITING).first()
    if copy is None:
        return
    try:
        deliver(copy.source.encode("ascii"), recipient=copy.address, name=f"{copy.letter_id}-copy-{copy_id}", now=now)
    except NotDelivered as error:
        _note_failure(
            NOTE_COPY_NOT_SENT, copy_id, error, is_last=is_last, what=f"copy {copy_id} of letter {copy.letter_id}"
        )
        return
    _note_gone(Statement(NOTE_COPY_SENT, (now, copy_id)))


def _written(letter: Letter, now: datetime) -> Message | None:
    """Raises: NotDelivered, whatever its kind raises: that may be mended."""
    try:
        return kind_named(letter.kind).write(now=now, **letter.arguments)
    except DatabaseError:
        raise
    except Exception as error:
        raise NotDelivered(f"{type(error).__name__} while it was written", str(error)) from error


def _composed(letter: Letter, message: Message, now: datetime) -> bytes:
    """Raises: NotDelivered."""
    try:
        return compose(message, kind=letter.kind, letter_id=letter.pk, now=now)
    except CannotBeWritten as error:
        raise NotDelivered(type(error).__name__, str(error), is_final=True) from error
    except ValueError as error:
        raise NotDelivered(f"{type(error).__name__} while a mail was made of it", str(error), is_final=True) from error


def _note_failure(statement: str, row_id: int, error: NotDelivered, *, is_last: bool, what: str) -> None:
    """What was met stands in its row. Raises: LetterNotSent, if it is to be tried again."""
    is_over = is_last or error.is_final
    state = LetterState.FAILED if is_over else LetterState.WAITING
    transact(Statement(statement, (state.value, error.words.replace("\0", "")[:MAX_WORDS], row_id)))
    if not is_over:
        raise LetterNotSent(f"{what}: {error.reason}") from None
    logger.warning("%s has failed", what, extra={"reason": error.reason})


def _note_gone(gone: Statement, *noting: Statement) -> None:
    """Note what has gone, with what its kind notes; without that, where the database refuses it: what has gone is not
    sent again for a note. Raises: DatabaseError."""
    for pause in (*PAUSES, None):
        try:
            transact(gone, *noting)
        except (OperationalError, InterfaceError):
            if pause is None:
                raise
            connection.close()
            time.sleep(pause)  # the database comes back, or it does not; nobody tells
        except DatabaseError as error:
            if not noting:
                raise
            logger.exception("a letter has gone, but what was to be noted with it is refused", exc_info=error)
            noting = ()
            transact(gone)
            return
        else:
            return


SENDING = Job(name=SEND, do=send_letter, queue=OUTSIDE, waits=WAITS, is_told_of_last_try=True)
SENDING_COPY = Job(name=SEND_COPY, do=send_copy, queue=OUTSIDE, waits=WAITS, is_told_of_last_try=True)
