from django.db.models import TextChoices


class RegistrationStatus(TextChoices):
    """Pending and approved hold the room; rejected and cancelled do not."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class Source(TextChoices):
    """Where a series comes from: the draw of an allocation event, or cspace itself."""

    DRAW = "draw"
    ADMIN = "admin"


class Origin(TextChoices):
    """Through which door a registration came in: our own API and pages, or the dialect of another system; in this by a
    person, or by a society, whose key anybody may have shown."""

    CSPACE = "cspace"
    ROOMIE = "roomie"
    SOCIETY = "society"


class SkipReason(TextChoices):
    """Why a series does not have its date in a week: `outside` = it lies before its first or after its last day."""

    BOOKED = "booked"
    CLOSED = "closed"
    DST = "dst"
    OUTSIDE = "outside"
    POLICY = "policy"


class ReminderKind(TextChoices):
    """What people are reminded of: that it is near, or that nobody has decided on it yet."""

    NEAR = "near"
    WAITING = "waiting"


class WeekState(TextChoices):
    """What became of a week of a series.

    Held: a registration stands for it and goes where the series goes; rejected, it waits where it is.
    Settled: somebody has moved, cancelled or passed on its occurrence by hand, and commands leave it alone.
    Skipped: the system could not have its date or took it away; it comes back when it fits.
    Given up: a command shortened or cancelled the series.
    """

    HELD = "held"
    SETTLED = "settled"
    SKIPPED = "skipped"
    GIVEN_UP = "given_up"


LIVE = frozenset({RegistrationStatus.PENDING, RegistrationStatus.APPROVED})
