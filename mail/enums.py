"""What is done with something in a calendar."""

from django.db.models import TextChoices


class Method(TextChoices):
    """Of RFC 5546, those that we send: it is there, as it is now; it is there no more."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"
