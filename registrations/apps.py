from django.apps import AppConfig


class RegistrationsConfig(AppConfig):
    name = "registrations"

    def ready(self) -> None:
        from classrooms.queries import agenda
        from registrations.queries.describing import REGISTRATIONS
        from registrations.services import cascades

        cascades.connect()
        agenda.register(REGISTRATIONS)
