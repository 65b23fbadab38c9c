from django.apps import AppConfig

from kernel import facts


class AuditlogConfig(AppConfig):
    name = "auditlog"

    def ready(self) -> None:
        from auditlog.queries import rows_about
        from auditlog.services import record
        from kernel import history

        facts.listen(record)
        history.connect(rows_about)
