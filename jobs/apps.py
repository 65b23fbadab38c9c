from django.apps import AppConfig

from kernel.jobs import Periodic, register


class JobsConfig(AppConfig):
    name = "jobs"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from jobs.services.stalling import take_up_stalled

        register(Periodic(name="jobs.take_up_stalled", do=take_up_stalled, every_seconds=10))
