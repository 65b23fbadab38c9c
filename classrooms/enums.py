from django.db.models import TextChoices


class OccupancyKind(TextChoices):
    """What a stretch of room time is used for."""

    REGISTRATION = "registration"
    LECTURE = "lecture"
    CLOSURE = "closure"
    CALENDAR = "calendar"
    FEST = "fest"
