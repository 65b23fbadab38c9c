from django.apps import AppConfig


class TimetablesConfig(AppConfig):
    name = "timetables"

    def ready(self) -> None:
        from classrooms.enums import OccupancyKind
        from classrooms.queries import agenda
        from timetables.queries.agenda import describe_lectures

        agenda.describe(OccupancyKind.LECTURE, describe_lectures)
