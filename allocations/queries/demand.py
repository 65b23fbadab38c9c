"""How much is wished for where: one week as a picture, rooms × weekdays, drawn with an XML writer."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, tostring

from allocations.enums import EntryStatus
from allocations.models import AllocationEvent
from kernel.pictures import DARK_TEXT, ink, shade, xml_text
from kernel.wording import WEEKDAYS

CELL_WIDTH, CELL_HEIGHT, NAME_WIDTH, HEAD_HEIGHT = 92, 26, 190, 28
PAPER = EMPTY = "#ffffff"
"""Black words need it, also where the page around them is dark."""
LINE = "#d1d5db"


@dataclass(frozen=True)
class DemandCell:
    """One room on one weekday: how many wishes, and how many of them at most at one moment."""

    wishes: int
    at_once: int


@dataclass(frozen=True)
class RoomDemand:
    """One room; `cells` = {day of week 1…7: DemandCell}, days without a wish absent."""

    room: str
    cells: dict[int, DemandCell]


def demand(event: AllocationEvent) -> list[RoomDemand]:
    """The rooms wished for, by floor and name. What was withdrawn is not shown. One query."""
    rows = event.entries.exclude(status=EntryStatus.WITHDRAWN).order_by(
        "classroom__floor", "classroom__name_order", "classroom_id", "id"
    )
    spans: dict[str, dict[int, list[tuple[int, int]]]] = {}
    for room, day, start, end in rows.values_list("classroom__name", "day_of_week", "start_minute", "end_minute"):
        spans.setdefault(room, defaultdict(list))[day].append((start, end))
    return [
        RoomDemand(room, {day: DemandCell(len(wishes), most_at_once(wishes)) for day, wishes in days.items()})
        for room, days in spans.items()
    ]


def most_at_once(spans: Iterable[tuple[int, int]]) -> int:
    """The largest number of half-open spans that share a moment: touching is not overlapping."""
    steps = sorted(step for start, end in spans for step in ((start, 1), (end, -1)))
    running = most = 0
    for _, change in steps:
        running += change
        most = max(most, running)
    return most


def picture(rows: Sequence[RoomDemand]) -> str:
    """SVG of the week, darker where more wishes overlap; readable by a screen reader. Empty text without a wish."""
    if not rows:
        return ""
    width, height = NAME_WIDTH + 7 * CELL_WIDTH, HEAD_HEIGHT + len(rows) * CELL_HEIGHT
    svg = Element(
        "svg",
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width} {height}",
        width=str(width),
        height=str(height),
        role="img",
    )
    svg.set("class", "picture")
    SubElement(svg, "title").text = f"Wishes per room and weekday: {len(rows)} rooms; darker = more at one moment"
    SubElement(svg, "rect", {"width": str(width), "height": str(height), "fill": PAPER})
    for place, weekday in enumerate(WEEKDAYS):
        _write(svg, NAME_WIDTH + (place + 0.5) * CELL_WIDTH, HEAD_HEIGHT / 2, weekday)
    most = max(cell.at_once for row in rows for cell in row.cells.values())
    for number, row in enumerate(rows):
        _draw_room(svg, row, HEAD_HEIGHT + number * CELL_HEIGHT, most)
    return tostring(svg, encoding="unicode")


def _draw_room(svg: Element, row: RoomDemand, top: int, most: int) -> None:
    _write(svg, NAME_WIDTH - 10, top + CELL_HEIGHT / 2, row.room, anchor="end")
    for place, weekday in enumerate(WEEKDAYS):
        cell = row.cells.get(place + 1)
        group = SubElement(svg, "g")
        words = f"{cell.wishes} wishes, at most {cell.at_once} at once" if cell else "no wish"
        SubElement(group, "title").text = xml_text(f"{row.room}, {weekday}: {words}")
        left = NAME_WIDTH + place * CELL_WIDTH
        colour = _shade(cell.at_once, most) if cell else EMPTY
        SubElement(
            group,
            "rect",
            {
                "x": str(left),
                "y": str(top),
                "width": str(CELL_WIDTH),
                "height": str(CELL_HEIGHT),
                "fill": colour,
                "stroke": LINE,
            },
        )
        if cell:
            _write(group, left + CELL_WIDTH / 2, top + CELL_HEIGHT / 2, str(cell.at_once), colour=ink(colour))


def _write(parent: Element, x: float, y: float, text: str, *, anchor: str = "middle", colour: str = DARK_TEXT) -> None:
    SubElement(
        parent,
        "text",
        {
            "x": str(x),
            "y": str(y),
            "text-anchor": anchor,
            "dominant-baseline": "central",
            "font-size": "13",
            "fill": colour,
        },
    ).text = xml_text(text)


def _shade(at_once: int, most: int) -> str:
    return shade((at_once - 1) / (most - 1) if most > 1 else 0.0)
