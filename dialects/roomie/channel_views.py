"""The channels of a login: a long poll, the same as a script for pages elsewhere, a stream of lines or of events."""

import re

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from accounts.queries.sid_logins import login_of
from dialects.roomie.channels import EVENTS, FEED, LINES, LONG_POLL, Waiter, event, line, polled
from dialects.roomie.login_messages import ETAG, ChannelMessage, message_of
from dialects.roomie.sids import letters_of
from dialects.roomie.views import Acts, RoomieView
from kernel import clock
from kernel.errors import Invalid, NotFound
from kernel.live.opening import offer, reserve
from kernel.live.streams import Opening
from kernel.live.wire import CONTENT_TYPE, StreamForm
from kernel.read_throttling import count_read

CALLBACK = re.compile(r"[A-Za-z_$][\w$.]{0,127}", re.ASCII)
NO_MARKS = ("", "0", "null")
"""What clients send that have had no message yet."""
EVENT_STREAM = "text/event-stream"
UNBUFFERED = {"X-Accel-Buffering": "no"}


class NoChannel(NotFound):
    resource = "Channel"


class ChannelView(Acts, RoomieView):
    """No HEAD: there is nothing to be said before there is a message."""

    opens_streams = True

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if request.method != "GET":
            return self.http_method_not_allowed(request)
        return self.open(request, str(kwargs["sid"]))

    def open(self, request: HttpRequest, sid: str) -> HttpResponse:
        raise NotImplementedError

    def message(self, request: HttpRequest, sid: str) -> tuple[str, ChannelMessage | None]:
        """The letters of the sid, and its message, if it is there already. Raises: NotFound, RateLimited."""
        count_read(request)
        now, letters = clock.now(), letters_of(sid)
        login = None if letters is None else login_of(letters, now=now)
        if letters is None or login is None:
            raise NoChannel
        return letters, message_of(letters, login, now=now)

    def wait(self, request: HttpRequest, waiter: Waiter, form: StreamForm) -> None:
        """Have what is answered now go on until there is a message. Raises: Unavailable."""
        reserve(request, FEED)
        offer(request, Opening(FEED, waiter, form=form))


class LongPollView(ChannelView):
    def open(self, request: HttpRequest, sid: str) -> HttpResponse:
        callback = request.GET.get("callback", "")
        if callback and not CALLBACK.fullmatch(callback):
            raise Invalid({"callback": ["Must be the name of a function, of at most 128 characters"]})
        letters, message = self.message(request, sid)
        has_message = message is not None and _is_marked(request, message)
        if message is not None and not has_message:
            answer = polled(message, callback)
            return HttpResponse(answer.body, headers=dict(answer.headers))
        self.wait(request, Waiter(letters, callback, has_message), LONG_POLL)
        response = HttpResponse(status=LONG_POLL.status)
        del response["Content-Type"]
        return response


class StreamView(ChannelView):
    def open(self, request: HttpRequest, sid: str) -> HttpResponse:
        is_events = EVENT_STREAM in request.headers.get("Accept", "")
        form, content_type = (EVENTS, CONTENT_TYPE) if is_events else (LINES, "text/plain; charset=utf-8")
        letters, message = self.message(request, sid)
        if is_events and request.headers.get("Last-Event-ID") == ETAG:
            return HttpResponse(status=204)  # a browser comes back for more until it is told that there is none
        if message is not None:
            body = event(message) if is_events else form.beginning + line(message)
            return HttpResponse(body, content_type=content_type)
        self.wait(request, Waiter(letters), form)
        return HttpResponse(content_type=content_type, headers=UNBUFFERED)


def _is_marked(request: HttpRequest, message: ChannelMessage) -> bool:
    """Whether a request repeats what was said of the message when it was given: by its headers, or by its query."""
    marks = (
        (request.headers.get("If-None-Match"), request.headers.get("If-Modified-Since")),
        (request.GET.get("tag"), request.GET.get("time")),
    )
    return any(
        tag not in (None, *NO_MARKS) and str(tag).strip('"') == ETAG and time == message.time for tag, time in marks
    )
