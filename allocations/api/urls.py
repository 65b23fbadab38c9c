from typing import Any

from django.urls import path

import kernel.api.converters  # noqa: F401  (registers <id:…>)
from allocations.api.draw_views import DrawDocumentViewSet as Documents
from allocations.api.draw_views import DrawViewSet as Draws
from allocations.api.entry_views import AllocationRegistrationViewSet as Entries
from allocations.api.event_views import AllocationEventViewSet as Events

DETAIL: dict[str, Any] = {"get": "retrieve", "put": "update", "patch": "partial_update", "delete": "destroy"}
EVENT = "allocation-events/<id:pk>/"
ENTRIES = "allocation-events/<id:event_id>/registrations/"

urlpatterns = [
    path("allocation-events/", Events.as_view({"get": "list", "post": "create"})),
    path(EVENT, Events.as_view(DETAIL)),
    path(f"{EVENT}end/", Events.as_view({"post": "end"})),
    path(f"{EVENT}cancel/", Events.as_view({"post": "cancel"})),
    path(f"{EVENT}distribute/", Draws.as_view({"post": "distribute"})),
    path(f"{EVENT}promote/", Draws.as_view({"post": "promote"})),
    path(f"{EVENT}draw/", Draws.as_view({"get": "retrieve"})),
    path(f"{EVENT}draw/manifest/", Documents.as_view({"get": "manifest"})),
    path(f"{EVENT}draw/result/", Documents.as_view({"get": "result"})),
    path(f"{EVENT}draw/verifier/", Documents.as_view({"get": "verifier"})),
    path(f"{EVENT}weights/", Events.as_view({"put": "weights"})),
    path(f"{EVENT}unavailable-dates/", Events.as_view({"get": "unavailable_dates"})),
    path(f"{EVENT}room-agenda/", Events.as_view({"get": "room_agenda"})),
    path(ENTRIES, Entries.as_view({"get": "list", "post": "create"})),
    path(f"{ENTRIES}<id:pk>/", Entries.as_view(DETAIL)),
    path(f"{ENTRIES}<id:pk>/approve/", Entries.as_view({"post": "approve"})),
    path(f"{ENTRIES}<id:pk>/reject/", Entries.as_view({"post": "reject"})),
    path(f"{ENTRIES}<id:pk>/withdraw/", Draws.as_view({"post": "withdraw"})),
    path(f"{ENTRIES}<id:pk>/alternatives/", Draws.as_view({"get": "alternatives"})),
]
