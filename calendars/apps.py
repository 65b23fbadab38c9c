from django.apps import AppConfig


class CalendarsConfig(AppConfig):
    name = "calendars"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from calendars.facts import SENTENCES
        from calendars.queries.describing import CALENDAR_EVENTS
        from calendars.services.clearings import CLEAR
        from calendars.services.extending import EXTEND
        from calendars.services.letters import CLEARED
        from calendars.services.promoting import PROMOTE
        from calendars.services.syncing import ENQUEUE_DUE, SYNCHRONISE
        from classrooms.queries import agenda
        from kernel import jobs, letters, phrases

        phrases.declare(SENTENCES)
        letters.register(CLEARED)
        agenda.register(CALENDAR_EVENTS)
        jobs.register(CLEAR, EXTEND, PROMOTE, SYNCHRONISE, ENQUEUE_DUE)
