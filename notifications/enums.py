from django.db.models import TextChoices


class Status(TextChoices):
    UNREAD = "unread"
    READ = "read"
    ARCHIVED = "archived"
