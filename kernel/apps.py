from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate

from kernel.db.patience import be_patient


class KernelConfig(AppConfig):
    """The shared kernel. Its tables are called `cspace_…`, as they were when it was a part of `cspace`."""

    name = "kernel"
    label = "cspace"
    verbose_name = "CSpace"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import kernel.db.searching  # noqa: F401  (registers `like_written`)
        from kernel.db.grants import grant_after_migrating
        from kernel.idempotency import forget_old_answers
        from kernel.jobs import HOUR, Periodic, register
        from kernel.throttling import forget_old_windows

        # Django sends it once all apps are migrated, to each app that has tables.
        post_migrate.connect(grant_after_migrating, sender=self)
        # The waits of every connection are bounded.
        connection_created.connect(be_patient, dispatch_uid="kernel.db.patience")
        register(
            Periodic(name="kernel.forget_answers", do=forget_old_answers, every_seconds=HOUR),
            Periodic(name="kernel.forget_throttle_windows", do=forget_old_windows, every_seconds=HOUR),
        )
