from django.urls import path

import kernel.api.converters  # noqa: F401  (registers <id:…>)
from policies.api.marks_views import GroupMarkViewSet, MarkViewSet, OwnMarkViewSet
from policies.api.quota_views import GroupQuotaViewSet, OwnQuotaViewSet
from policies.api.views import BookingRuleViewSet

urlpatterns = [
    path("booking-rules/", BookingRuleViewSet.as_view({"get": "list", "post": "create"})),
    path(
        "booking-rules/<id:pk>/",
        BookingRuleViewSet.as_view({"put": "update", "patch": "partial_update", "delete": "destroy"}),
    ),
    path("users/me/quota/", OwnQuotaViewSet.as_view({"get": "list"})),
    path("groups/<id:pk>/quota/", GroupQuotaViewSet.as_view({"get": "list"})),
    path("users/me/marks/", OwnMarkViewSet.as_view({"get": "list"})),
    path("groups/<id:pk>/marks/", GroupMarkViewSet.as_view({"get": "list"})),
    path("marks/", MarkViewSet.as_view({"post": "create"})),
    path("marks/<id:pk>/", MarkViewSet.as_view({"delete": "destroy"})),
]
