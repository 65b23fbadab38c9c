"""One floor as a picture: each room's box from `equipment.svg`, drawn with an XML writer so that no text is markup."""

from collections.abc import Sequence
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from classrooms.models import Classroom

MARGIN = 12
FILL = {"here": "#9333ea", "open": "#f3e8ff", "closed": "#e5e7eb"}


def boxed(rooms: Sequence[Classroom]) -> list[tuple[Classroom, dict[str, Any]]]:
    """The rooms that have a box, with it."""
    return [(room, room.equipment["svg"]) for room in rooms if isinstance(room.equipment.get("svg"), dict)]


def draw(rooms: Sequence[Classroom], *, highlighted: int | None = None) -> str:
    """SVG of the rooms that have a box, readable by a screen reader; empty text if none has."""
    boxes = boxed(rooms)
    if not boxes:
        return ""
    left, top = (min(box[axis] for _, box in boxes) - MARGIN for axis in ("x", "y"))
    right = max(box["x"] + box["width"] for _, box in boxes) + MARGIN
    bottom = max(box["y"] + box["height"] for _, box in boxes) + MARGIN
    picture = Element(
        "svg",
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"{left} {top} {right - left} {bottom - top}",
        role="img",
        style="max-width: 100%; height: auto; max-height: 26rem",
    )
    SubElement(picture, "title").text = f"Floor {rooms[0].floor}: {len(boxes)} rooms"
    for room, box in boxes:
        _draw_room(picture, room, box, is_here=room.pk == highlighted)
    return tostring(picture, encoding="unicode")


def _draw_room(picture: Element, room: Classroom, box: dict[str, Any], *, is_here: bool) -> None:
    group = SubElement(picture, "g")
    state = "here" if is_here else "open" if room.is_active else "closed"
    SubElement(group, "title").text = f"{room.name}, {room.capacity} seats" + ("" if room.is_active else ", closed")
    place = {name: str(box[name]) for name in ("x", "y", "width", "height")}
    SubElement(group, "rect", place | {"fill": FILL[state], "stroke": "#6b7280", "rx": "4"})
    lines = (str(box["text"]).strip() or room.name).split("\n")
    for number, line in enumerate(lines):
        SubElement(
            group,
            "text",
            {
                "x": str(box["x"] + box["width"] / 2),
                "y": str(box["y"] + box["height"] / 2 + 16 * (number - (len(lines) - 1) / 2)),
                "text-anchor": "middle",
                "dominant-baseline": "middle",
                "font-size": "14",
                "fill": "#ffffff" if is_here else "#111827",
            },
        ).text = line
