from django.apps import AppConfig

from kernel.jobs import HOUR, Periodic, register


class RegistrationsConfig(AppConfig):
    name = "registrations"

    def ready(self) -> None:
        from classrooms.queries import agenda, refusing
        from kernel import phrases
        from policies.queries import owners, previewing
        from registrations.facts.sentences import SENTENCES
        from registrations.queries.describing import REGISTRATIONS
        from registrations.queries.owning import asking_for_owners_of
        from registrations.queries.refusing import BOOKING_RULES
        from registrations.queries.rule_preview import bookings_under_rules
        from registrations.services import cascades, charging
        from registrations.services.reminding import forget_reminders, remind_people

        phrases.declare(SENTENCES)
        cascades.connect()
        charging.connect()
        agenda.register(REGISTRATIONS)
        owners.connect(asking_for_owners_of)
        previewing.register(bookings_under_rules)
        refusing.register(BOOKING_RULES)
        register(
            Periodic(name="registrations.remind_people", do=remind_people, every_seconds=60),
            Periodic(name="registrations.forget_reminders", do=forget_reminders, every_seconds=HOUR),
        )
