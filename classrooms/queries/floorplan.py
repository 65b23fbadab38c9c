"""One floor as a picture: each room's box from `equipment.svg`, drawn with an XML writer so that no text is markup.

What a colour says, a word and the kind of line say too. There is no `style` attribute: the picture also draws where a
Content-Security-Policy forbids them. For a screen reader the picture is a group with a title and a description, and
each room in it an image with a title ("Room A, 30 seats, taken until 12:00").
"""

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from classrooms.models import Classroom
from classrooms.queries.states import SOON, RoomState, State
from kernel.campus_time import format_wall
from kernel.pictures import xml_text

WIDTH, MAX_PLAN_HEIGHT, MARGIN = 960, 620, 16
HEAD, FOOT, LINE, FONT = 40, 44, 16, 13
TINY = 1e-6
"""Below this an extent is none: a plan is not blown up to show it."""
LEAST = 2.0
"""So large is at least what is drawn of a box, whatever its size."""
TEXT, PAPER, OUTLINE = "#111827", "#ffffff", "#9333ea"
LOOKS: Mapping[State, Mapping[str, str]] = {
    State.FREE: {"fill": "#dcfce7", "stroke": "#166534", "stroke-width": "1"},
    State.SOON: {"fill": "#fef08a", "stroke": "#854d0e", "stroke-width": "2", "stroke-dasharray": "8 4"},
    State.TAKEN: {"fill": "#fca5a5", "stroke": "#7f1d1d", "stroke-width": "4"},
    State.CLOSED: {"fill": "#d1d5db", "stroke": "#374151", "stroke-width": "2", "stroke-dasharray": "2 3"},
}
LEGEND = {
    State.FREE: "free",
    State.SOON: f"soon taken (in less than {SOON.seconds // 60} minutes)",
    State.TAKEN: "taken",
    State.CLOSED: "closed",
}
LEGEND_PLACES = (0, 120, 440, 570)


@dataclass(frozen=True)
class Box:
    """Where a room is drawn, in the picture's own units."""

    left: float
    top: float
    width: float
    height: float


def boxed(rooms: Sequence[Classroom]) -> list[tuple[Classroom, dict[str, Any]]]:
    """The rooms that have a box, with it."""
    return [(room, room.equipment["svg"]) for room in rooms if isinstance(room.equipment.get("svg"), dict)]


def draw(
    rooms: Sequence[Classroom], room_states: Mapping[int, RoomState], *, at: datetime, highlighted: int | None = None
) -> str:
    """SVG of the rooms of one floor (at least one), at an instant; `room_states` is `states(rooms, at)`.

    Rooms without a box are named below the plan; if none has one, the picture says so. `highlighted` is the id of a
    room to put a frame around. Its ids are made for one plan on a page.
    """
    boxes = boxed(rooms)
    places, plan_height = _boxes_to_scale([box for _, box in boxes])
    ids_on_plan = {room.pk for room, _ in boxes}
    missing = [room for room in rooms if room.pk not in ids_on_plan]
    height = HEAD + plan_height + FOOT + (LINE + 8 if missing else 0)
    picture = _canvas(rooms, missing, room_states, at, height)
    if not boxes:
        _write(picture, WIDTH / 2, HEAD + plan_height / 2, "No room of this floor has a place on the plan yet.")
    for number, ((room, box), place) in enumerate(zip(boxes, places, strict=True), 1):
        group = SubElement(picture, "g", {"role": "img", "aria-labelledby": f"floor-plan-room-{number}"})
        SubElement(group, "title", {"id": f"floor-plan-room-{number}"}).text = _title(room, room_states[room.pk])
        _draw_room(group, place, str(box["text"]).strip() or room.name, room_states[room.pk])
        if room.pk == highlighted:
            around = Box(place.left - 4, place.top - 4, place.width + 8, place.height + 8)
            _draw_box(group, around, {"fill": "none", "stroke": OUTLINE, "stroke-width": "4"})
    _draw_legend(picture, HEAD + plan_height + FOOT / 2, Counter(room_states[room.pk].state for room in rooms))
    if missing:
        names = "Not on the plan: " + ", ".join(room.name for room in missing)
        _write(picture, MARGIN, height - LINE, _fitted(names, WIDTH - 2 * MARGIN), anchor="start")
    return tostring(picture, encoding="unicode")


def _boxes_to_scale(boxes: Sequence[Mapping[str, Any]]) -> tuple[list[Box], float]:
    """The boxes scaled into the picture, below its head, and the height of the plan.

    A box of negative width or height extends to the other side.
    """
    corners = [
        (*sorted((float(box["x"]), float(box["x"] + box["width"]))), *sorted((box["y"], box["y"] + box["height"])))
        for box in boxes
    ]
    if not corners:
        return [], 4 * LINE
    left, top = (min(corner[side] for corner in corners) for side in (0, 2))
    across, down = (max(corner[side] for corner in corners) - start for side, start in ((1, left), (3, top)))
    limits = ((WIDTH - 2 * MARGIN, across), (MAX_PLAN_HEIGHT, down))
    scale = min((limit / extent for limit, extent in limits if extent > TINY), default=1.0)
    return [
        Box(
            MARGIN + (x1 - left) * scale,
            HEAD + (y1 - top) * scale,
            max((x2 - x1) * scale, LEAST),
            max((y2 - y1) * scale, LEAST),
        )
        for x1, x2, y1, y2 in corners
    ], max(down * scale, LEAST)


def _canvas(
    rooms: Sequence[Classroom],
    missing: Sequence[Classroom],
    room_states: Mapping[int, RoomState],
    at: datetime,
    height: float,
) -> Element:
    floor = rooms[0].floor
    picture = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "class": "picture",
            "viewBox": f"0 0 {WIDTH} {height:.0f}",
            "width": str(WIDTH),
            "height": f"{height:.0f}",
            "role": "group",
            "aria-labelledby": "floor-plan-title",
            "aria-describedby": "floor-plan-desc",
            "font-family": "sans-serif",
        },
    )
    title = f"Floor {floor}, {format_wall(at)}"
    counts = Counter(room_states[room.pk].state for room in rooms)
    summary = f"{len(rooms)} rooms: " + ", ".join(f"{counts[state]} {LEGEND[state]}" for state in State) + "."
    if missing:
        names = "; ".join(f"{room.name}, {room_states[room.pk].words}" for room in missing)
        summary += f" Not on the plan: {names}."
    SubElement(picture, "title", {"id": "floor-plan-title"}).text = title
    SubElement(picture, "desc", {"id": "floor-plan-desc"}).text = xml_text(summary)
    SubElement(picture, "rect", {"width": str(WIDTH), "height": f"{height:.0f}", "fill": PAPER})
    _write(picture, MARGIN, HEAD / 2, title, anchor="start", size=16)
    return picture


def _title(room: Classroom, room_state: RoomState) -> str:
    seats = f"{room.capacity} {'seat' if room.capacity == 1 else 'seats'}"
    return xml_text(f"{room.name}, {seats}, {room_state.words}")


def _draw_room(group: Element, box: Box, text: str, room_state: RoomState) -> None:
    """The box with as many lines of its text as there is room for, and below them its state."""
    _draw_box(group, box, LOOKS[room_state.state])
    room_for, width = max(int((box.height - 8) // LINE), 0), box.width - 8
    state_lines = _state_lines(room_state, width, room_for)
    text_lines = [line.strip() for line in text.split("\n")]
    lines = [*text_lines[: max(room_for - len(state_lines), 1)], *state_lines][:room_for]
    for number, line in enumerate(lines):
        middle = box.top + box.height / 2 + LINE * (number - (len(lines) - 1) / 2)
        _write(group, box.left + box.width / 2, middle, _fitted(line, width))


def _state_lines(room_state: RoomState, width: float, room_for: int) -> list[str]:
    """The state as it is written into a box: with its time on one line or two, alone, or as its letter."""
    state, time = room_state.state, room_state.time
    until = f"{'from' if state == State.SOON else 'until'} {time}"
    if time and _length(f"{state} {until}") <= width:
        return [f"{state} {until}"]
    if _length(state) > width:
        return [state[0].upper()]
    return [state, until] if time and _length(until) <= width and room_for > 2 else [state]


def _draw_legend(picture: Element, middle: float, counts: Mapping[State, int]) -> None:
    for (state, words), place in zip(LEGEND.items(), LEGEND_PLACES, strict=True):
        _draw_box(picture, Box(MARGIN + place, middle - 10, 24, 20), LOOKS[state])
        _write(picture, MARGIN + place + 12, middle, state[0].upper())
        _write(picture, MARGIN + place + 32, middle, f"{words}: {counts[state]}", anchor="start")


def _draw_box(parent: Element, box: Box, looks: Mapping[str, str]) -> None:
    place = {"x": box.left, "y": box.top, "width": box.width, "height": box.height}
    SubElement(parent, "rect", {name: f"{number:.1f}" for name, number in place.items()} | {"rx": "4"} | dict(looks))


def _write(parent: Element, x: float, y: float, text: str, *, anchor: str = "middle", size: int = FONT) -> None:
    if not text:
        return
    SubElement(
        parent,
        "text",
        {
            "x": f"{x:.1f}",
            "y": f"{y:.1f}",
            "text-anchor": anchor,
            "dominant-baseline": "central",
            "font-size": str(size),
            "fill": TEXT,
        },
    ).text = xml_text(text)


def _fitted(text: str, width: float) -> str:
    """The text, or as much of its beginning as there is room for, marked as cut."""
    if _length(text) <= width:
        return text
    left = width - _length("…")
    length = sum(1 for used in accumulate(FONT * _ems(character) for character in text) if used <= left)
    return f"{text[:length]}…" if length else ""


def _length(text: str) -> float:
    """How wide a line is at most, more or less: nobody measures fonts here."""
    return FONT * sum(_ems(character) for character in text)


def _ems(character: str) -> float:
    if unicodedata.combining(character):
        return 0
    return 1.05 if unicodedata.east_asian_width(character) in "WF" else 0.56
