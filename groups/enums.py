from django.db.models import TextChoices


class Permissions(TextChoices):
    """A member's level inside a group."""

    ADMIN = "admin"
    MEMBER = "member"
