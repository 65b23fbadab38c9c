"""Every call at both addresses that its clients know: below `/api/v1/`, and at the root."""

from django.urls import path

from dialects.roomie import sign_on, views
from dialects.roomie.channel_views import LongPollView, StreamView
from dialects.roomie.sids import CALLBACK, LOGIN_PATH

CALLS = {
    "user.login": views.LoginView,
    "user.login.getToken": views.BeginLoginView,
    "user.login.status": views.LoginStatusView,
    CALLBACK: sign_on.CallbackPage,
    "user.logout": views.LogoutView,
    "user.info": views.InfoView,
    "user.bookings": views.OwnBookingsView,
    "rooms.list": views.OpenRoomsView,
    "rooms.bookings": views.SlotsView,
    "rooms.book": views.BookView,
    "rooms.deleteBooking": views.DeleteBookingView,
    "society.token": views.SocietyTokenView,
    "society.addUser": views.AddUserView,
    "society.deleteUser": views.DeleteUserView,
    "society.removeUser": views.DeleteUserView,
}
CHANNELS = {
    "push.subscribe": StreamView,
    "stream.sub": StreamView,
    "push.subscribe_longpoll": LongPollView,
    "stream.sub_lp": LongPollView,
}
MOUNTS = ("api/v1/", "")
urlpatterns = [
    *(path(f"{mount}{name}/", view.as_view()) for mount in MOUNTS for name, view in CALLS.items()),
    *(path(f"{mount}{name}/<str:sid>/", view.as_view()) for mount in MOUNTS for name, view in CHANNELS.items()),
    path(f"{LOGIN_PATH[1:]}/", sign_on.LoginPage.as_view()),
]
