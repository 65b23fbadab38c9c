from django.urls import path

import kernel.api.converters  # noqa: F401  (registers <id:…>)
from timetables.api.views import CourseViewSet, StudyPlanViewSet

urlpatterns = [
    path("courses/", CourseViewSet.as_view({"get": "list"})),
    path("courses/<str:code>/", CourseViewSet.as_view({"get": "retrieve"})),
    path("study-plans/", StudyPlanViewSet.as_view({"get": "list"})),
    path("study-plans/<id:pk>/", StudyPlanViewSet.as_view({"get": "retrieve"})),
]
