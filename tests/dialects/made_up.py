"""Two dialects at the root of the server, declared as a package of `dialects` declares its own.

`/events/…` is read from elsewhere, with the last slash and without; in `/rooms.book/…` a name may have a slash.
"""

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import path

from dialects.dialect import Cors, Dialect, SlashRule, below
from kernel.errors import NotAuthenticated


def event(request: HttpRequest, name: str = "") -> HttpResponseBase:
    if request.method != "GET":
        return HttpResponseNotAllowed(["GET"])
    if name == "crash":
        raise RuntimeError("a secret of ours")
    if name == "mine":
        raise NotAuthenticated("missing")
    if name == "taken":
        return JsonResponse({"errors": {"name": "taken"}}, status=422)
    if name == "alike":
        return JsonResponse({"error": "taken", "code": "mine"}, status=422)
    return JsonResponse({"event": name})


def sign_in(request: HttpRequest) -> HttpResponseBase:
    return HttpResponse("<p>Who are you?</p>", status=400)


def book(request: HttpRequest, room: str) -> HttpResponseBase:
    if request.method != "GET":
        return HttpResponseNotAllowed(["GET"])
    return JsonResponse({"room": room})


urlpatterns = [
    path("events/", event),
    path("events/sign-in/", sign_in),
    path("events/<str:name>/", event),
    path("rooms.book/<path:room>/", book),
]

EVENTS = Dialect(
    paths=below("events"),
    urls="tests.dialects.made_up",
    envelope=lambda refusal: (refusal.status, {"sorry": refusal.error, "why": refusal.code}),
    cors=lambda: Cors(
        origins=["https://fest.example.edu"], methods=["GET", "OPTIONS"], headers=["Authorization"], exposed=["ETag"]
    ),
    challenge="Token",
    pages=below("events/sign-in"),
)
ROOMS = Dialect(
    paths=below("rooms.book"),
    urls="tests.dialects.made_up",
    envelope=lambda refusal: (422 if refusal.status == 405 else refusal.status, {"detail": refusal.error}),
    slashes=SlashRule(is_optional=False, is_encoded_in_names=True),
)
