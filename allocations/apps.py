from django.apps import AppConfig


class AllocationsConfig(AppConfig):
    name = "allocations"

    def ready(self) -> None:
        from allocations.models import AllocationEvent
        from allocations.services import cascades
        from registrations.queries import events

        cascades.connect()
        events.connect(AllocationEvent.objects.all)
