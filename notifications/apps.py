from django.apps import AppConfig

from kernel import facts


class NotificationsConfig(AppConfig):
    name = "notifications"

    def ready(self) -> None:
        from notifications.services import deliver

        facts.listen(deliver)
