from django.apps import AppConfig

from cspace import facts


class NotificationsConfig(AppConfig):
    name = "notifications"

    def ready(self) -> None:
        from notifications.services import deliver

        facts.listen(deliver)
