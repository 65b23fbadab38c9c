from django.urls import path

import kernel.api.converters  # noqa: F401  (registers <id:…>)
from webhooks.api.views import WebhookViewSet

urlpatterns = [
    path("webhooks/", WebhookViewSet.as_view({"get": "list", "post": "create"})),
    path(
        "webhooks/<id:pk>/",
        WebhookViewSet.as_view({"get": "retrieve", "put": "update", "patch": "partial_update", "delete": "destroy"}),
    ),
    path("webhooks/<id:pk>/rotate-secret/", WebhookViewSet.as_view({"post": "rotate_secret"})),
    path("webhooks/<id:pk>/test/", WebhookViewSet.as_view({"post": "test"})),
    path("webhooks/<id:pk>/deliveries/", WebhookViewSet.as_view({"get": "deliveries"})),
]
