from django.apps import AppConfig


class RegistrationsConfig(AppConfig):
    name = "registrations"

    def ready(self) -> None:
        from classrooms.enums import OccupancyKind
        from classrooms.queries import agenda
        from registrations.queries.describing import describe_registrations
        from registrations.services import cascades

        cascades.connect()
        agenda.describe(OccupancyKind.REGISTRATION, describe_registrations)
        agenda.describe(OccupancyKind.CLOSURE, agenda.describe_closures)
