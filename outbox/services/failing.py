"""Letters that have failed: people may have them tried again."""

from datetime import datetime
from typing import Any

from kernel.db.batch import Statement, send
from kernel.db.transactions import transactional
from kernel.errors import InvalidState
from kernel.facts import publish
from kernel.jobs import enqueue, enqueue_many
from outbox.facts import LetterTriedAgain
from outbox.services.sending import SENDING, SENDING_COPY

LETTER_WAITS = """
UPDATE outbox_letter SET state = 'waiting', error = '' WHERE id = %s::bigint AND state = 'failed' RETURNING kind, key
"""
COPIES_WAIT = """
UPDATE outbox_lettercopy AS copy SET state = 'waiting', error = '' FROM outbox_letter AS letter
 WHERE letter.id = %s::bigint AND copy.letter_id = letter.id AND copy.state = 'failed'
RETURNING letter.kind, letter.key, copy.id
"""


class LetterHasNotFailed(InvalidState):
    """It waits, has gone, or there was nothing to say; and so have its copies."""

    message = "Neither the letter nor a copy of it has failed"


@transactional
def try_again(*, letter_id: int, by: Any, now: datetime) -> None:
    """Have a failed letter, or the failed copies of one that has gone, sent after all, with all tries.

    Publishes `LetterTriedAgain`. Raises: LetterHasNotFailed.
    """
    letters, copies = send(Statement(LETTER_WAITS, (letter_id,)), Statement(COPIES_WAIT, (letter_id,)))
    if not letters and not copies:
        raise LetterHasNotFailed
    if letters:
        enqueue(SENDING, {"letter_id": letter_id})
    if copies:
        enqueue_many(SENDING_COPY, [{"copy_id": copy_id} for *_, copy_id in copies])
    kind, key = (letters or copies)[0][:2]
    publish(LetterTriedAgain(letter_id=letter_id, kind=kind, key=key, actor_id=by.pk, occurred_at=now))
