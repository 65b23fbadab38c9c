from django.apps import AppConfig


class RegistrationsConfig(AppConfig):
    name = "registrations"

    def ready(self) -> None:
        from classrooms.queries import agenda
        from kernel import phrases
        from registrations.facts.sentences import SENTENCES
        from registrations.queries.describing import REGISTRATIONS
        from registrations.services import cascades

        phrases.declare(SENTENCES)
        cascades.connect()
        agenda.register(REGISTRATIONS)
