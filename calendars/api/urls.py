from django.urls import path

import kernel.api.converters  # noqa: F401  (registers <id:…>)
from calendars.api.feed_views import (
    BookingFeedViewSet,
    CalendarFeedViewSet,
    CalendarFileViewSet,
    ClassroomFeedViewSet,
    ClassroomFileViewSet,
    GroupFeedViewSet,
    OwnFeedViewSet,
)
from calendars.api.views import CalendarImportViewSet, CalendarViewSet

urlpatterns = [
    path("feeds/<str:token>.ics/", BookingFeedViewSet.as_view({"get": "retrieve"})),
    path("users/me/feed/", OwnFeedViewSet.as_view({"get": "retrieve"})),
    path("users/me/feed/renew/", OwnFeedViewSet.as_view({"post": "renew"})),
    path("groups/<id:pk>/feed/", GroupFeedViewSet.as_view({"get": "retrieve"})),
    path("groups/<id:pk>/feed/renew/", GroupFeedViewSet.as_view({"post": "renew"})),
    path("classrooms/<str:name>/feed/", ClassroomFeedViewSet.as_view({"get": "retrieve"})),
    path("classrooms/<str:name>/feed/renew/", ClassroomFeedViewSet.as_view({"post": "renew"})),
    path("classrooms/<str:name>/feed.ics/", ClassroomFileViewSet.as_view({"get": "retrieve"})),
    path("calendars/", CalendarViewSet.as_view({"get": "list"})),
    path("calendars/<str:slug>/events/", CalendarViewSet.as_view({"get": "events"})),
    path("calendars/<str:slug>/sync/", CalendarViewSet.as_view({"post": "sync"})),
    path("calendars/<str:slug>/import/", CalendarImportViewSet.as_view({"post": "create"})),
    path("calendars/<str:slug>/feed/", CalendarFeedViewSet.as_view({"get": "retrieve"})),
    path("calendars/<str:slug>/feed/renew/", CalendarFeedViewSet.as_view({"post": "renew"})),
    path("calendars/<str:slug>/feed.ics/", CalendarFileViewSet.as_view({"get": "retrieve"})),
]
