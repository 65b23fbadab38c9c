from django.apps import AppConfig

from kernel.jobs import HOUR, Periodic, register


class OutboxConfig(AppConfig):
    name = "outbox"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from outbox.services.forgetting import forget_old_letters
        from outbox.services.sending import SENDING, SENDING_COPY
        from outbox.services.taking_up import take_up_left

        register(
            SENDING,
            SENDING_COPY,
            Periodic(name="outbox.forget_letters", do=forget_old_letters, every_seconds=HOUR),
            Periodic(name="outbox.take_up_left", do=take_up_left, every_seconds=300),
        )
