from django.apps import AppConfig


class AllocationsConfig(AppConfig):
    name = "allocations"

    def ready(self) -> None:
        from allocations.facts.sentences import SENTENCES
        from allocations.models import AllocationEvent
        from allocations.services import cascades
        from kernel import phrases
        from registrations.queries import events

        phrases.declare(SENTENCES)
        cascades.connect()
        events.connect(AllocationEvent.objects.all)
