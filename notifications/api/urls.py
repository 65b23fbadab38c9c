from django.urls import path

import kernel.api.converters  # noqa: F401  (registers <id:…>)
from notifications.api.streams import NoticeStreamViewSet
from notifications.api.views import NotificationViewSet

urlpatterns = [
    path("notifications/", NotificationViewSet.as_view({"get": "list"})),
    path("notifications/read-all/", NotificationViewSet.as_view({"post": "read_all"})),
    path("notifications/stream/", NoticeStreamViewSet.as_view({"get": "stream_own"})),
    path("notifications/<id:pk>/", NotificationViewSet.as_view({"patch": "partial_update"})),
]
