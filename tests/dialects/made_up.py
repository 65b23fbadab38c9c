"""Two dialects at the root of the server, declared as a package of `dialects` declares its own.

`/events/…` is read from elsewhere, with the last slash and without; in `/seats.book/…` a name may have a slash.
"""

from collections.abc import Callable, Mapping

from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.urls import include, path
from django.views import View
from django.views.decorators.http import require_GET
from rest_framework.response import Response
from rest_framework.views import APIView

from dialects.dialect import Cors, Dialect, SlashRule, below
from kernel.errors import NotAuthenticated

PLAIN, PROBLEM = "text/plain; charset=utf-8", "application/problem+json"
OWN: Mapping[str, Callable[[], HttpResponseBase]] = {
    "charset": lambda: HttpResponse(b'{"no": 1}', status=422, content_type="application/json; charset=utf-8"),
    "problem": lambda: HttpResponse(b'{"title": "No"}', status=422, content_type=PROBLEM),
    "text": lambda: HttpResponse("taken", status=409, content_type=PLAIN),
    "empty": lambda: HttpResponse(status=410),
    "untyped": lambda: _without_type(HttpResponse(b"?", status=404)),
    "page": lambda: HttpResponse("<p>No</p>", status=400),
    "streamed": lambda: StreamingHttpResponse([b"a", b"b"], status=409, content_type=PLAIN),
    "own-login": lambda: HttpResponse("who?", status=401, headers={"WWW-Authenticate": 'Token realm="us"'}),
    "own-method": lambda: HttpResponseNotAllowed(["GET"], b"read only", content_type=PLAIN),
    "own-fault": lambda: HttpResponse("ours", status=500, content_type=PLAIN),
}
"""What a call has worded itself, by name: none of it is CSpace's to change."""


def own(request: HttpRequest, name: str) -> HttpResponseBase:
    return OWN[name]()


def _without_type(response: HttpResponse) -> HttpResponse:
    del response["Content-Type"]
    return response


class Classy(View):
    """One of Django's, that answers a method it does not have by itself, with nothing."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        return HttpResponse("text", status=409, content_type=PLAIN)


class Restful(APIView):
    """One of the REST framework's."""

    authentication_classes = permission_classes = ()

    def get(self, request: HttpRequest) -> HttpResponseBase:
        return Response({"taken": True}, status=409, content_type="application/vnd.us+json")


@require_GET
def only_read(request: HttpRequest) -> HttpResponseBase:
    return HttpResponse("text", status=409, content_type=PLAIN)


def broken(request: HttpRequest, name: str) -> HttpResponseBase:
    """Ends without an answer of its own, in each way there is."""
    if name == "missing":
        raise Http404("a secret of ours")
    if name == "suspicious":
        raise SuspiciousOperation("a secret of ours")
    if name == "template":
        return SimpleTemplateResponse("no-such-template.html", status=422)
    return None  # type: ignore[return-value]  # the fault is what is tried


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
    path("events/own/", include([path("<str:name>/", own)])),
    path("events/broken/<str:name>/", broken),
    path("events/classy/", Classy.as_view()),
    path("events/restful/", Restful.as_view()),
    path("events/only-read/", only_read),
    path("events/<str:name>/", event),
    path("seats.book/<path:room>/", book),
]

EVENTS = Dialect(
    name="events",
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
    name="seats_book",
    paths=below("seats.book"),
    urls="tests.dialects.made_up",
    envelope=lambda refusal: (422 if refusal.status in {405, 413} else refusal.status, {"detail": refusal.error}),
    slashes=SlashRule(is_optional=False, is_encoded_in_names=True),
)
