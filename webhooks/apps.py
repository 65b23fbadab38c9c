from django.apps import AppConfig

from kernel import jobs, phrases


class WebhooksConfig(AppConfig):
    name = "webhooks"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from webhooks.facts import SENTENCES
        from webhooks.services.sending import SEND
        from webhooks.services.tidying import FORGET_DELIVERIES, TAKE_UP_LEFT

        phrases.declare(SENTENCES)
        jobs.register(SEND, TAKE_UP_LEFT, FORGET_DELIVERIES)
