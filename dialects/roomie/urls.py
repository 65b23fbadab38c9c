"""Every call at both addresses that its clients know: below `/api/v1/`, and at the root."""

from django.urls import path

from dialects.roomie import views

CALLS = {
    "user.login": views.LoginView,
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
urlpatterns = [path(f"{mount}{name}/", view.as_view()) for mount in ("api/v1/", "") for name, view in CALLS.items()]
