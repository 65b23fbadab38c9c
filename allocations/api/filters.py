"""The filters of `GET /allocation-events/{id}/registrations/`; unknown values are refused with 400."""

import django_filters

from allocations.enums import EntryStatus
from kernel.api.filters import FilterSet, PersonFilter

VISIBLE = (EntryStatus.PENDING, EntryStatus.APPROVED, EntryStatus.REJECTED)


class EntryFilter(FilterSet):
    """Contract §6. `user` is for cspace; the view refuses it to others."""

    status = django_filters.ChoiceFilter(choices=[(status.value, status.label) for status in VISIBLE])
    user = PersonFilter(field_name="created_by_id")
