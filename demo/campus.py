"""The demo's rooms: 3 floors, 42 rooms, each with its box on the floor plan; and a hall of two parts."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

ROOM_NAMES = {
    1: ["101", "102", "Room A"],
    2: ["Room B", "自習室", "Seminar Room 2"],
    3: ["Lab 3.1", "Sky Lounge", "Café Nord"],
}
ROOMS_PER_FLOOR = 14
PER_ROW = 7
WIDTH, HEIGHT, GAP = 93, 110, 12
TYPES = ("lecture", "discuss", "lab")
CLOSED = "Lab 3.1"
BUILDING = "Main"
LATITUDE, LONGITUDE = 25.0173, 121.5397
STUDY_ROOM = "自習室"
WITHOUT_APPROVAL = (STUDY_ROOM, "Sky Lounge")
HALL, HALL_PARTS = "Aula", ("Aula A", "Aula B")
HALL_SEATS = (80, 60)


def rooms() -> Iterator[dict[str, Any]]:
    """What `create_classroom` takes for each room, floor by floor."""
    for floor in (1, 2, 3):
        names = list(ROOM_NAMES[floor])
        number = floor * 100 + 3
        while len(names) < ROOMS_PER_FLOOR:
            names.append(str(number))
            number += 1
        for place, name in enumerate(names):
            yield _room(name, floor, place)


def hall_parts() -> Iterator[dict[str, Any]]:
    """The same for the parts of the hall, below the other rooms of the first floor."""
    top = GAP + 2 * (HEIGHT + 5 * GAP)
    for place, (name, seats) in enumerate(zip(HALL_PARTS, HALL_SEATS, strict=True)):
        width = 3 * WIDTH + 2 * GAP
        svg = {
            "x": GAP + place * (width + GAP),
            "y": top,
            "width": width,
            "height": HEIGHT,
            "text": f"{name}\n{seats}",
            "type": TYPES[0],
        }
        yield _hall(name, seats, {"chair": seats, "svg": svg})


def hall() -> dict[str, Any]:
    """The same for the hall as a whole, which has no box: its parts have theirs."""
    return _hall(HALL, sum(HALL_SEATS), {"projector": 2, "chair": sum(HALL_SEATS)})


def _hall(name: str, seats: int, equipment: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "floor": 1,
        "capacity": seats,
        "type": "auditorium",
        "building": BUILDING,
        "link": f"https://rooms.example.edu/{quote(name)}",
        "latitude": LATITUDE,
        "longitude": LONGITUDE,
        "equipment": equipment,
    }


def _room(name: str, floor: int, place: int) -> dict[str, Any]:
    row, column = divmod(place, PER_ROW)
    capacity = 8 + (place * 7 + floor * 5) % 60
    return {
        "name": name,
        "floor": floor,
        "capacity": capacity,
        "is_active": name != CLOSED,
        "auto_approve": name in WITHOUT_APPROVAL,
        "type": "seminar" if name.startswith(("Room", "Seminar")) else "",
        "building": BUILDING,
        "link": f"https://rooms.example.edu/{quote(name)}",
        "latitude": round(LATITUDE + row * 0.0001, 4),
        "longitude": round(LONGITUDE + column * 0.0001, 4),
        "equipment": {
            "projector": 1 + place % 2,
            "projection_screen": 1,
            "whiteboard": 1 + place % 3,
            "chair": capacity,
            "svg": {
                "x": GAP + column * (WIDTH + GAP),
                "y": GAP + row * (HEIGHT + 5 * GAP),
                "width": WIDTH,
                "height": HEIGHT,
                "text": f"{name}\n{capacity}",
                "type": TYPES[place % len(TYPES)],
            },
        },
    }
