from django.urls import path

import kernel.api.converters  # noqa: F401  (registers <id:…>)
from policies.api.views import BookingRuleViewSet

urlpatterns = [
    path("booking-rules/", BookingRuleViewSet.as_view({"get": "list", "post": "create"})),
    path(
        "booking-rules/<id:pk>/",
        BookingRuleViewSet.as_view({"put": "update", "delete": "destroy"}),
    ),
]
