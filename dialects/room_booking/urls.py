"""Below `/api/`. The document writes `events`, and in its samples `event`: both are answered."""

from django.urls import path

from dialects.room_booking import views
from dialects.room_booking.dialect import DOCUMENT_PATH

SPELLINGS = ("events", "event")
urlpatterns = [
    path("api/clear-bookings/", views.ClearBookingsView.as_view()),
    path(f"{DOCUMENT_PATH[1:]}/", views.DocumentView.as_view()),
    *(path(f"api/<str:calendar>/{word}/", views.NewEventView.as_view()) for word in SPELLINGS),
    *(path(f"api/<str:calendar>/{word}/<path:event_id>/", views.EventView.as_view()) for word in SPELLINGS),
]
