"""`/api/…`, at the addresses that its clients know. Each ends in the slash that `PathMiddleware` adds."""

from django.urls import path, re_path

from dialects.occupancy import views

FREE, SOONEST = "find_free_rooms", "find_soonest_bookings"

urlpatterns = [
    path("courses/", views.CourseListView.as_view()),
    path("courses/<str:code>/", views.CourseView.as_view()),
    path("studyplans/", views.StudyPlanListView.as_view()),
    path("studyplans/<str:plan>/", views.StudyPlanView.as_view()),
    path("rooms/", views.RoomListView.as_view()),
    path(f"rooms/{FREE}/", views.FreeRoomsView.as_view(), {"name": FREE}),
    path(f"rooms/{SOONEST}/", views.SoonestBookingsView.as_view(), {"name": SOONEST}),
    path("rooms/<str:name>/", views.RoomView.as_view()),
    re_path(r"^(?:courses|studyplans|rooms)/", views.no_such_call),
]
