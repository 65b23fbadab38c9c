from django.db.models import TextChoices


class NotificationStatus(TextChoices):
    UNREAD = "unread"
    READ = "read"
    ARCHIVED = "archived"
