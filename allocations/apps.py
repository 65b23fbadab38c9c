from django.apps import AppConfig
from django.conf import settings

from kernel.jobs import Periodic, register


class AllocationsConfig(AppConfig):
    name = "allocations"

    def ready(self) -> None:
        from allocations.facts.sentences import SENTENCES
        from allocations.models import AllocationEvent
        from allocations.services import cascades
        from allocations.services.progress import advance_due_events
        from kernel import phrases
        from registrations.queries import events

        phrases.declare(SENTENCES)
        cascades.connect()
        events.connect(AllocationEvent.objects.all)
        step = settings.CSPACE_STEP_SECONDS
        register(Periodic(name="allocations.advance_events", do=advance_due_events, every_seconds=step))
