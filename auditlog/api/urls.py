from django.urls import path

from auditlog.api.views import LogViewSet

urlpatterns = [path("logs/", LogViewSet.as_view({"get": "list"}))]
