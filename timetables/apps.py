from django.apps import AppConfig


class TimetablesConfig(AppConfig):
    name = "timetables"

    def ready(self) -> None:
        from classrooms.enums import OccupancyKind
        from registrations import agenda
        from timetables.agenda import describe_lectures

        agenda.describe(OccupancyKind.LECTURE, describe_lectures)
