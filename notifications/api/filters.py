"""The filter of one's own notifications."""

import django_filters

from kernel.api.filters import FilterSet
from notifications.enums import NotificationStatus


class NotificationFilter(FilterSet):
    status = django_filters.ChoiceFilter(choices=NotificationStatus.choices)
