from django.apps import AppConfig


class RegistrationsConfig(AppConfig):
    name = "registrations"

    def ready(self) -> None:
        from classrooms.enums import OccupancyKind
        from registrations import agenda, cascades

        cascades.connect()
        agenda.describe(OccupancyKind.REGISTRATION, agenda.describe_registrations)
        agenda.describe(OccupancyKind.CLOSURE, agenda.describe_closures)
