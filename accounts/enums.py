from django.db.models import TextChoices


class MailChoice(TextChoices):
    """How somebody gets his notices by mail: not at all, one by one, or those of a day together."""

    OFF = "off"
    EACH = "each"
    DAILY = "daily"
