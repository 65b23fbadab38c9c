"""What is measured: each operation as requests, what it is compared with, and what it is to reach."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import count, cycle
from urllib.parse import quote, urlencode

from tests.bench.filling import AGENDA_DAYS, ROOMS, Campus
from tests.bench.load import request
from tests.bench.verdicts import Goal

Requests = Callable[[Campus], Iterator[bytes]]


@dataclass(frozen=True)
class Operation:
    """One operation of ours with its baselines: {name: (requests, goals)}."""

    name: str
    requests: Requests
    baselines: Mapping[str, tuple[Requests, tuple[Goal, ...]]]
    clients: int = 8
    grows: bool = False
    """Whether its p50 is measured with few rows too."""
    is_read: bool = True
    answers: frozenset[int] = frozenset({200, 201})
    """The statuses that count as an answer."""


def _get(path: str, *, token: str = "token", headers: tuple[str, ...] = ()) -> Requests:
    return lambda campus: cycle([request("GET", path, token=getattr(campus, token), headers=headers)])


def bookings(campus: Campus) -> Iterator[bytes]:
    """Each in a room and an odd hour that nobody has, the rooms in turn, the people in turn."""
    for number in _numbers:
        slot, room = divmod(number, ROOMS)
        day, place = divmod(slot, 5)
        body = {
            "classroom": campus.room(1 + room),
            "group_id": campus.group_id,
            "date": (campus.today + timedelta(days=1 + day)).isoformat(),
            "start_time": f"{9 + 2 * place:02}:00",
            "end_time": f"{10 + 2 * place:02}:00",
            "description": "Benchmark",
        }
        token = campus.tokens[number % len(campus.tokens)]
        yield request("POST", "/api/v1/registrations/", token=token, body=json.dumps(body).encode())


_numbers = count()
_plain_numbers = count()


def plain_bookings(campus: Campus) -> Iterator[bytes]:
    """The same for the plain view, at night."""
    for number in _plain_numbers:
        slot, room = divmod(number, ROOMS)
        day, place = divmod(slot, 5)
        date = campus.today + timedelta(days=1 + day)
        body = {
            "classroom": campus.room(1 + room),
            "group_id": campus.group_id,
            "starts_at": f"{date}T{15 + place:02}:00:00Z",
            "ends_at": f"{date}T{15 + place:02}:30:00Z",
        }
        token = campus.tokens[number % len(campus.tokens)]
        yield request("POST", "/plain/booking/", token=token, body=json.dumps(body).encode())


def availability(campus: Campus) -> Iterator[bytes]:
    """One room after the other, in an hour that somebody has in each."""
    query = f"date={campus.tomorrow}&start_time=10:00&end_time=11:00"
    for number in cycle(range(ROOMS)):
        path = f"/api/v1/classrooms/{quote(campus.room(number))}/availability/?{query}"
        yield request("GET", path, token=campus.token)


def _slots(path: str, campus: Campus) -> Iterator[bytes]:
    span = {"starts_at": f"{campus.tomorrow}T02:00:00Z", "ends_at": f"{campus.tomorrow}T03:00:00Z"}
    for number in cycle(range(ROOMS)):
        yield request("GET", f"{path}?{urlencode({'room': campus.room(number)} | span)}", token=campus.token)


def free_rooms(campus: Campus) -> Iterator[bytes]:
    """In an hour in which every room is free, on a full day."""
    query = f"date={campus.tomorrow}&start_time=18:00&end_time=19:00&page=1"
    return cycle([request("GET", f"/api/v1/classrooms/free/?{query}", token=campus.token)])


def agenda(campus: Campus) -> Iterator[bytes]:
    first, last = campus.agenda_first, campus.agenda_first + timedelta(days=AGENDA_DAYS - 1)
    for number in cycle(campus.agenda_rooms):
        path = f"/api/v1/classrooms/{quote(campus.room(number))}/agenda/?start_date={first}&end_date={last}"
        yield request("GET", path, token=campus.token)


def _agendas(path: str, campus: Campus) -> Iterator[bytes]:
    first, last = campus.agenda_first, campus.agenda_first + timedelta(days=AGENDA_DAYS)
    for number in cycle(campus.agenda_rooms):
        query = {"room": campus.room_ids[number - 1], "first": f"{first}T00:00:00Z", "last": f"{last}T00:00:00Z"}
        yield request("GET", f"{path}?{urlencode(query)}", token=campus.token)


def _plain(build: Callable[[str, Campus], Iterator[bytes]], path: str) -> Requests:
    return lambda campus: build(path, campus)


HELLO = _get("/")
OPERATIONS = (
    Operation(
        "create booking",
        bookings,
        {
            "bare + INSERT": (_get("/insert/"), (Goal("rate", 0.45), Goal("cpu", 3))),
            "plain DRF": (plain_bookings, ()),
        },
        grows=True,
        is_read=False,
    ),
    Operation(
        "availability",
        availability,
        {
            "bare + same SQL": (_plain(_slots, "/availability/"), (Goal("rate", 0.60),)),
            "plain DRF": (_plain(_slots, "/plain/availability/"), (Goal("rate", 3),)),
        },
        grows=True,
    ),
    Operation("users/me", _get("/api/v1/users/me/"), {"JsonResponse": (HELLO, (Goal("rate", 0.30),))}),
    Operation(
        "room list, 100 rooms",
        _get("/api/v1/classrooms/?floor=0"),
        {"JsonResponse": (HELLO, (Goal("rate", 0.35),)), "plain DRF": (_get("/plain/rooms/"), ())},
    ),
    Operation(
        "agenda, 600 rows",
        agenda,
        {
            "bare dump": (_plain(_agendas, "/agenda/"), (Goal("p50", 2.5),)),
            "plain DRF": (_plain(_agendas, "/plain/agenda/"), (Goal("p50", 0.10),)),
        },
        clients=1,
    ),
    Operation("free rooms", free_rooms, {}, clients=1, grows=True),
    Operation(
        "notifications poll",
        _get("/api/v1/notifications/"),
        {"JsonResponse": (HELLO, (Goal("rate", 0.30),))},
        grows=True,
    ),
    Operation("poll of a decider", _get("/api/v1/notifications/", token="decider_token"), {}, clients=1, grows=True),
)
REVALIDATED = {
    "room list, 100 rooms": (Goal("rate", 0.30),),
    "agenda, 600 rows": (),
    "notifications poll": (Goal("rate", 0.30),),
}
"""Measured as a 304 too, where the answer has an `ETag`: {operation: what the 304 ÷ JsonResponse is to reach}. Where it
has one, the poll's goal is that of its 304."""
