from django.db.models import TextChoices


class DeliveryState(TextChoices):
    """What has become of a delivery: it waits for a try, the other side has it, or never got it."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
