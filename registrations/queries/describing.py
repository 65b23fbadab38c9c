"""What a room's agenda says about a registration."""

from collections.abc import Sequence

from classrooms.queries.agenda import Description
from registrations.models import Registration


def describe_registrations(ids: Sequence[int]) -> dict[int, Description]:
    rows = Registration.objects.filter(pk__in=ids).select_related("group", "created_by")
    return {
        row.pk: Description(row.status, row.created_by.display_name, row.group.name, row.description) for row in rows
    }
