from django.apps import AppConfig


class TimetablesConfig(AppConfig):
    name = "timetables"

    def ready(self) -> None:
        from classrooms.queries import agenda
        from timetables.queries.describing import LECTURES

        agenda.register(LECTURES)
