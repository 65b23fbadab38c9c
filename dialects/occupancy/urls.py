"""`/api/…`, at the addresses that its clients know."""

from django.urls import path

from dialects.occupancy import views

FREE, SOONEST = "find_free_rooms", "find_soonest_bookings"

urlpatterns = [
    path("api/courses/", views.CourseListView.as_view()),
    path("api/courses/<str:code>/", views.CourseView.as_view()),
    path("api/studyplans/", views.StudyPlanListView.as_view()),
    path("api/studyplans/<str:plan>/", views.StudyPlanView.as_view()),
    path("api/rooms/", views.RoomListView.as_view()),
    path(f"api/rooms/{FREE}/", views.FreeRoomsView.as_view(), {"name": FREE}),
    path(f"api/rooms/{SOONEST}/", views.SoonestBookingsView.as_view(), {"name": SOONEST}),
    path("api/rooms/<str:name>/", views.RoomView.as_view()),
]
