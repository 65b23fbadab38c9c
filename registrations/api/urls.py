from django.urls import path

import kernel.api.converters  # noqa: F401  (registers <id:…>)
from registrations.api.agenda_views import AgendaViewSet
from registrations.api.batch_views import BatchAllocationViewSet
from registrations.api.views import OwnRegistrationViewSet, RegistrationViewSet

collection = RegistrationViewSet.as_view({"get": "list", "post": "create"})
detail = RegistrationViewSet.as_view(
    {"get": "retrieve", "put": "update", "patch": "partial_update", "delete": "destroy"}
)
batches = BatchAllocationViewSet.as_view({"get": "list", "post": "create"})
batch = BatchAllocationViewSet.as_view(
    {"get": "retrieve", "put": "update", "patch": "partial_update", "delete": "destroy"}
)

urlpatterns = [
    path("classrooms/<str:name>/agenda/", AgendaViewSet.as_view({"get": "retrieve"})),
    path("users/me/registrations/", OwnRegistrationViewSet.as_view({"get": "list"})),
    path("registrations/", collection),
    path("registrations/check/", RegistrationViewSet.as_view({"post": "check"})),
    path("registrations/<id:pk>/", detail),
    path("registrations/<id:pk>/approve/", RegistrationViewSet.as_view({"post": "approve"})),
    path("registrations/<id:pk>/reject/", RegistrationViewSet.as_view({"post": "reject"})),
    path("batch-allocations/", batches),
    path("batch-allocations/<id:pk>/", batch),
    path("batch-allocations/<id:pk>/retry-skipped/", BatchAllocationViewSet.as_view({"post": "retry_skipped"})),
]
