from django.urls import path

import kernel.api.converters  # noqa: F401  (registers <id:…>)
from groups.api.views import GroupViewSet, JoinTokenViewSet, OwnGroupViewSet, UserGroupViewSet

urlpatterns = [
    path("users/me/user-groups/", OwnGroupViewSet.as_view({"get": "list"})),
    path("groups/", GroupViewSet.as_view({"get": "list", "post": "create"})),
    path(
        "groups/<id:pk>/",
        GroupViewSet.as_view({"get": "retrieve", "put": "update", "patch": "partial_update", "delete": "destroy"}),
    ),
    path("groups/<id:pk>/user-groups/", GroupViewSet.as_view({"post": "add_member"})),
    path("groups/<id:pk>/join-token/", JoinTokenViewSet.as_view({"post": "create"})),
    path("groups/join/", GroupViewSet.as_view({"post": "join"})),
    path("user-groups/", UserGroupViewSet.as_view({"get": "list"})),
    path(
        "user-groups/<id:pk>/",
        UserGroupViewSet.as_view({"get": "retrieve", "put": "update", "patch": "partial_update", "delete": "destroy"}),
    ),
]
