"""What a date of a calendar is called, and whose it is."""

from django.db.models import Case, Value, When
from django.db.models.functions import Coalesce

from classrooms.enums import OccupancyKind
from classrooms.queries.agenda import Describer, Visibility

CALENDAR_EVENTS = Describer(
    OccupancyKind.CALENDAR,
    columns={
        "title": Coalesce("calendar_occurrence__name", "calendar_occurrence__event__name"),
        "group": Coalesce(
            "calendar_occurrence__event__calendar__group__name", "calendar_occurrence__event__calendar__name"
        ),
        "audience": Case(
            When(calendar_occurrence__event__calendar__is_public=True, then=Value(Visibility.PUBLIC.value))
        ),
    },
)
