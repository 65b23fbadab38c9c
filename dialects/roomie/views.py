"""The calls. What the house does not allow is `RoomieRefusal`, with 200; the rest that goes wrong `envelope` words."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.views import View

from accounts.enums import LoginStatus
from accounts.queries.sid_logins import login_of
from accounts.services.sid_logins import begin_login
from dialects.roomie import presidents
from dialects.roomie.booking import book_room, wish_in
from dialects.roomie.deleting import delete_booking
from dialects.roomie.envelope import RoomieRefusal
from dialects.roomie.login_messages import user_data
from dialects.roomie.parameters import Parameters, day_in, parameters_of
from dialects.roomie.refusals import UNKNOWN_SID
from dialects.roomie.rooms import has_individual_access, open_rooms, room_called, slots_on
from dialects.roomie.sessions import bearer_of, log_in, log_out, session_of
from dialects.roomie.shapes import own_booking, room_item
from dialects.roomie.sids import LoginAddresses, letters_of
from groups.queries.key_bearers import KeyBearer
from kernel import clock
from kernel.auth_trail import AuthEvent, recording_refusals
from kernel.campus_time import campus_date, day_start, days_interval
from kernel.errors import Invalid, PermissionDenied
from kernel.read_throttling import count_read
from kernel.requests import actor_id_of, client_address, name_actor, network_of, origin_of
from kernel.throttling import count_try
from policies.queries.rulebook import rulebook_in_force
from registrations.queries.bookings_of_a_person import bookings_of_person


class RoomieView(View):
    """A call of one method. A preflight never comes here; a HEAD only where looking does nothing."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if str(request.method).lower() not in self.http_method_names:
            return self.http_method_not_allowed(request)
        try:
            return JsonResponse(self.answer(request), safe=False)
        except RoomieRefusal as refusal:
            return JsonResponse(refusal.body)
        except Invalid as refusal:
            (sentence, *_), *_ = refusal.details.values()
            return JsonResponse(RoomieRefusal("INVALID_PARAMETER", sentence).body)

    def answer(self, request: HttpRequest) -> Any:
        """The body of a 200. Raises: RoomieRefusal."""
        raise NotImplementedError


class Reads:
    """Mixed in: a GET without consequences."""

    http_method_names: ClassVar[Sequence[str]] = ("get", "head")

    def get(self) -> None: ...

    def head(self) -> None: ...


class Acts:
    """Mixed in: a GET that changes something. A link preview, which asks for the head alone, is refused."""

    http_method_names: ClassVar[Sequence[str]] = ("get",)

    def get(self) -> None: ...


class Posts:
    http_method_names: ClassVar[Sequence[str]] = ("post",)

    def post(self) -> None: ...


class CallerView(RoomieView):
    """For whoever shows a key that opens something."""

    is_for_societies = False
    """Whether the key of a society opens it too."""

    def answer(self, request: HttpRequest) -> Any:
        with recording_refusals(AuthEvent.DENIED):
            bearer = bearer_of(request.headers.get("Authorization", ""), now=clock.now())
        name_actor(request, bearer.user.pk)
        if isinstance(self, Reads):
            count_read(request, user_id=actor_id_of(request))
        if bearer.society is not None and not self.is_for_societies:
            raise PermissionDenied
        return self.answer_to(bearer, parameters_of(request))

    def answer_to(self, bearer: KeyBearer, parameters: Parameters) -> Any:
        raise NotImplementedError


class LoginView(Posts, RoomieView):
    def answer(self, request: HttpRequest) -> Any:
        parameters, now = parameters_of(request), clock.now()
        bearer, token = log_in(
            request, name=parameters.required("username", "user"), password=parameters.secret("password"), now=now
        )
        return {**session_of(bearer, now=now), "token": token}


class LogoutView(Acts, RoomieView):
    """Whoever has no key that opens anything is out already."""

    def answer(self, request: HttpRequest) -> Any:
        log_out(request, now=clock.now())
        return {"success": True}


class BeginLoginView(Acts, RoomieView):
    """A login that is completed in a browser. It writes a row, so that a HEAD is none."""

    def answer(self, request: HttpRequest) -> Any:
        now = clock.now()
        count_try("login_begun", network_of(client_address(request)), now=now)
        addresses = LoginAddresses(origin_of(request), begin_login(now=now))
        return {
            "loginUrl": addresses.login,
            "callbackUrl": addresses.callback,
            "sid": addresses.sid,
            "stream_sub_url": addresses.stream,
            "stream_sub_lp_url": addresses.long_poll,
        }


class LoginStatusView(Posts, RoomieView):
    def answer(self, request: HttpRequest) -> Any:
        count_read(request)
        now, letters = clock.now(), letters_of(parameters_of(request).required("sid"))
        login = None if letters is None else login_of(letters, now=now)
        if letters is None or login is None:
            raise RoomieRefusal(*UNKNOWN_SID)
        if login.status == LoginStatus.PENDING:
            return {"success": "OK", "status": "NOT_LOGGED_IN"}
        data = user_data(letters, login, now=now)
        if data is None:
            return {"success": "OK", "status": "LOGIN_ERROR"}
        return {"success": "OK", "status": "LOGGED_IN", "user_data": data}


class InfoView(Reads, CallerView):
    def answer_to(self, bearer: KeyBearer, parameters: Parameters) -> Any:
        return session_of(bearer, now=clock.now())


class OwnBookingsView(Reads, CallerView):
    def answer_to(self, bearer: KeyBearer, parameters: Parameters) -> Any:
        if text := parameters.text("date"):
            interval = days_interval(day := day_in(text), day)
            bookings = bookings_of_person(bearer.user.pk, since=interval.starts_at, until=interval.ends_at)
        else:
            today = day_start(campus_date(clock.now()))
            bookings = bookings_of_person(bearer.user.pk, since=today, until=None)
        return [own_booking(booking) for booking in bookings]


class OpenRoomsView(Reads, CallerView):
    is_for_societies = True

    def answer_to(self, bearer: KeyBearer, parameters: Parameters) -> Any:
        rules = rulebook_in_force().rules
        return [room_item(room, has_individual_access=has_individual_access(room, rules)) for room in open_rooms()]


class SlotsView(Reads, CallerView):
    is_for_societies = True

    def answer_to(self, bearer: KeyBearer, parameters: Parameters) -> Any:
        room_id, date = parameters.required("room_id"), parameters.required("date")
        room = room_called(room_id)
        return slots_on(room, day_in(date))


class BookView(Posts, CallerView):
    is_for_societies = True

    def answer_to(self, bearer: KeyBearer, parameters: Parameters) -> Any:
        registration = book_room(wish_in(parameters, bearer), bearer, now=clock.now())
        return {"success": True, "booking_id": str(registration.uid)}


class DeleteBookingView(Acts, CallerView):
    is_for_societies = True

    def answer_to(self, bearer: KeyBearer, parameters: Parameters) -> Any:
        booking_id = parameters.required("booking_id")
        delete_booking(booking_id, bearer, now=clock.now())
        return {"success": True, "token": booking_id}


class SocietyTokenView(Acts, CallerView):
    def answer_to(self, bearer: KeyBearer, parameters: Parameters) -> Any:
        society = presidents.society_led(parameters, bearer)
        return {"token": presidents.new_token(society, bearer, now=clock.now())}


class AddUserView(Posts, CallerView):
    def answer_to(self, bearer: KeyBearer, parameters: Parameters) -> Any:
        presidents.check_is_president(bearer)
        name = parameters.required("username")
        society = presidents.society_led(parameters, bearer)
        person = presidents.add_to_society(name, society, bearer, now=clock.now())
        return {"success": f"Successfully added {person} to society access groups!"}


class DeleteUserView(Posts, CallerView):
    def answer_to(self, bearer: KeyBearer, parameters: Parameters) -> Any:
        presidents.check_is_president(bearer)
        name = parameters.required("username")
        society = presidents.society_led(parameters, bearer)
        presidents.remove_from_society(name, society, bearer, now=clock.now())
        return {"success": True}
