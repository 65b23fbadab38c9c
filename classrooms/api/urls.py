from django.urls import path

import kernel.api.converters  # noqa: F401  (registers <id:…>)
from classrooms.api.picture_views import FloorPlanViewSet, UtilisationViewSet
from classrooms.api.streams import RoomStreamViewSet
from classrooms.api.views import ClassroomViewSet, ClosureViewSet

detail = ClassroomViewSet.as_view({"get": "retrieve", "put": "update", "patch": "partial_update", "delete": "destroy"})

urlpatterns = [
    path("closures/", ClosureViewSet.as_view({"post": "create_many"})),
    path("classrooms/", ClassroomViewSet.as_view({"get": "list", "post": "create"})),
    path("classrooms/free/", ClassroomViewSet.as_view({"get": "free"})),
    path("classrooms/floor-plan.svg/", FloorPlanViewSet.as_view({"get": "retrieve"})),
    path("classrooms/stream/", RoomStreamViewSet.as_view({"get": "stream_states"})),
    path("classrooms/utilisation/", UtilisationViewSet.as_view({"get": "retrieve"})),
    path("classrooms/<str:name>/", detail),
    path("classrooms/<str:name>/availability/", ClassroomViewSet.as_view({"get": "availability"})),
    path("classrooms/<str:name>/closures/", ClosureViewSet.as_view({"get": "list", "post": "create"})),
    path("classrooms/<str:name>/closures/<id:pk>/", ClosureViewSet.as_view({"delete": "destroy"})),
]
