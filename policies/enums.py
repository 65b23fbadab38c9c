"""The words of booking rules and marks."""

from django.db.models import TextChoices


class Effect(TextChoices):
    """What becomes of a booking that breaks a rule: it is not made, or it waits for a decision."""

    REFUSE = "refuse"
    APPROVAL = "approval"


class WhoKind(TextChoices):
    """Whom a rule is for, from the least specific to the most."""

    EVERYBODY = "everybody"
    INDIVIDUAL = "individual"
    GROUP_KIND = "group_kind"
    TAG = "tag"
    GROUP = "group"
    USER = "user"


class WhereKind(TextChoices):
    """Where a rule holds, from the least specific to the most; a floor of one building is more so than one of all."""

    EVERYWHERE = "everywhere"
    BUILDING = "building"
    FLOOR = "floor"
    CLASSROOM = "classroom"


class Period(TextChoices):
    """What part of the academic year a date lies in."""

    TERM = "term"
    EXAM = "exam"
    BREAK = "break"


class LimitType(TextChoices):
    """What rules limit, in the order in which broken ones are named."""

    NO_BOOKING = "no_booking"
    INDIVIDUAL = "individual"
    OPENING_HOURS = "opening_hours"
    NOTICE = "notice"
    CANCEL = "cancel"
    LENGTH = "length"
    GRID = "grid"
    ATTENDEES = "attendees"
    SERIES = "series"
    CONCURRENT = "concurrent"
    GAP = "gap"
    QUOTA = "quota"
    STANDING = "standing"
    BUFFER = "buffer"


class Late(TextChoices):
    """What becomes of a cancellation that is later than it may be."""

    REFUSE = "refuse"
    LATE = "late"


class QuotaUnit(TextChoices):
    MINUTES = "minutes"
    BOOKINGS = "bookings"


class Per(TextChoices):
    """The time in which a quota holds; `DAYS`: every so many consecutive days."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    TERM = "term"
    FUTURE = "future"
    DAYS = "days"


class CountsBy(TextChoices):
    """Which moment of a booking says what period it is charged to."""

    BOOKED_IN = "booked_in"
    TAKES_PLACE_IN = "takes_place_in"


class OwnerKind(TextChoices):
    """Whose bookings are counted."""

    GROUP = "group"
    PERSON = "person"


class MarkKind(TextChoices):
    NO_SHOW = "no_show"
    LATE_CANCEL = "late_cancel"
    MISUSE = "misuse"
