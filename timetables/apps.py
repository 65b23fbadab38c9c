from django.apps import AppConfig

from kernel import academic_calendar


class TimetablesConfig(AppConfig):
    name = "timetables"

    def ready(self) -> None:
        from classrooms.queries import agenda
        from timetables.queries.academic_calendar import asking_for_semesters, semesters_in
        from timetables.queries.describing import LECTURES

        agenda.register(LECTURES)
        academic_calendar.provide(asking_for_semesters, semesters_in)
