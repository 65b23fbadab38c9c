from django.apps import AppConfig


class ClassroomsConfig(AppConfig):
    name = "classrooms"

    def ready(self) -> None:
        from classrooms.queries import agenda
        from classrooms.queries.describing import CLOSURES

        agenda.register(CLOSURES)
