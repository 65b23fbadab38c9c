from django.apps import AppConfig

from kernel import facts


class AuditlogConfig(AppConfig):
    name = "auditlog"

    def ready(self) -> None:
        from auditlog.services import record

        facts.listen(record)
