from django.db.models import TextChoices


class EventStatus(TextChoices):
    """Upcoming → open → closed → distributed; cancelled from any of the first three."""

    UPCOMING = "upcoming"
    OPEN = "open"
    CLOSED = "closed"
    DISTRIBUTED = "distributed"
    CANCELLED = "cancelled"


class EntryStatus(TextChoices):
    """Losers are rejected, with a reason; a winner that is given back is withdrawn."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class Reason(TextChoices):
    """Why an entry did not win (contract of the draw, §2)."""

    REJECTED_BY_ADMIN = "REJECTED_BY_ADMIN"
    UNAVAILABLE = "UNAVAILABLE"
    OTHER_CHOICE_WON = "OTHER_CHOICE_WON"
    LOST = "LOST"
    MAX_WINS = "MAX_WINS"


class Grant(TextChoices):
    """How an approved entry came to its slot: by the draw, by hand after it, or by promotion of a loser."""

    DRAW = "draw"
    OVERRIDE = "override"
    ADDENDUM = "addendum"


class Balance(TextChoices):
    """What makes a group "served": minutes a week, or entries."""

    MINUTES = "minutes"
    ENTRIES = "entries"


class OnConflict(TextChoices):
    """An entry some of whose dates are taken: skip those dates, or out of the draw."""

    SKIP = "skip"
    REJECT = "reject"


class Tie(TextChoices):
    """What orders the entries of one group and rank: the entry's ticket, or how contended it is."""

    TICKET = "ticket"
    SPREAD = "spread"


OPEN_TO_CHANGES = frozenset({EventStatus.UPCOMING, EventStatus.OPEN})
"""The event's weights and dates may still change."""
UNDECIDED = OPEN_TO_CHANGES | {EventStatus.CLOSED}
"""The draw is still to come."""
STANDING = frozenset({EntryStatus.PENDING, EntryStatus.APPROVED})
"""Entries that ask for a slot or have one."""
