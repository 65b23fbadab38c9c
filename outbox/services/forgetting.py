"""Letters that nobody asks for any more."""

from datetime import datetime, timedelta

from kernel.db.deletion import delete_in_portions
from outbox.enums import LetterState
from outbox.models import Letter

MAX_AGES = {
    LetterState.SENT: timedelta(days=30),
    LetterState.DROPPED: timedelta(days=30),
    LetterState.FAILED: timedelta(days=90),
}
"""So long after they were posted; their keys are free again then. What waits is kept."""


def forget_old_letters(*, now: datetime) -> int:
    """Delete them with their copies; how many. Done once an hour, in portions."""
    return sum(
        delete_in_portions(Letter.objects.filter(state=state, created_at__lt=now - age).order_by("created_at"))
        for state, age in MAX_AGES.items()
    )
