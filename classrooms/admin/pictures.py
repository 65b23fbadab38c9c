"""What the pages of the rooms show as pictures: the floor plan, and the hours in use as a heat map."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.safestring import SafeString, mark_safe
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from classrooms.models import Classroom
from classrooms.queries.floorplan import draw
from classrooms.queries.states import states
from classrooms.queries.utilisation import HOURS, Grouping, Hours, utilisation
from classrooms.rules import FLOORS, window_faults
from kernel.admin.forms import DateFormField
from kernel.campus_time import campus_date
from kernel.pictures import ink, shade
from kernel.wording import WEEKDAYS

WEEKS_EITHER_WAY = timedelta(weeks=4)
NOTHING = "#ffffff"
LEGEND_STEPS = 5


def plan_of(rooms: Sequence[Classroom], *, now: datetime, highlighted: int | None = None) -> SafeString:
    """The plan of the rooms of one floor, at least one, at this moment. Two queries, the rooms' own included."""
    svg = draw(rooms, states(rooms, now), at=now, highlighted=highlighted)
    return mark_safe(svg)  # noqa: S308 - made by an XML writer


def plan_of_list(changelist: Any, *, now: datetime) -> dict[str, Any]:
    """For a list of rooms: `plan` of the first floor it shows, of the rooms it shows, and `floors`, the ways to the
    others: {floor, link, is_here}. Without a room there is no plan."""
    rooms = changelist.queryset.in_order()
    first = rooms.values_list("floor", flat=True).first()
    if first is None:
        return {}
    floors = Classroom.objects.order_by("floor").values_list("floor", flat=True).distinct()
    return {
        "plan": plan_of(list(rooms.filter(floor=first)), now=now),
        "floors": [
            {
                "floor": floor,
                "link": changelist.get_query_string({"floor": floor}, ["p"]),
                "is_here": floor == first,
            }
            for floor in floors
        ],
    }


class WindowForm(forms.Form):
    """Which days, and of which floor."""

    start_date = DateFormField(label="From")
    end_date = DateFormField(label="To, included")
    floor = forms.IntegerField(
        required=False,
        min_value=FLOORS[0],
        max_value=FLOORS[-1],
        label="Floor (all)",
        widget=UnfoldAdminIntegerFieldWidget,
    )

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        for name, sentences in window_faults(cleaned.get("start_date"), cleaned.get("end_date")).items():
            self.add_error(name, [forms.ValidationError(sentence) for sentence in sentences])
        return cleaned


@dataclass(frozen=True)
class HeatMapCell:
    """A weekday and hour of the heat map."""

    percent: str
    colour: str
    ink: str
    words: str


def utilisation_context(query: Mapping[str, str], *, now: datetime) -> dict[str, Any]:
    """What the page shows: four weeks either way unless it is asked for others. Two queries.

    `form`; without a fault in it `hours` (0…23), `week` [(weekday, [HeatMapCell])], `legend` [(percent, colour, ink)],
    `bars` [(Hours of a room, percent of the fullest one)] and `total` of the rooms.
    """
    today = campus_date(now)
    usual = {"start_date": today - WEEKS_EITHER_WAY, "end_date": today + WEEKS_EITHER_WAY - timedelta(days=1)}
    form = WindowForm({name: day.isoformat() for name, day in usual.items()} | dict(query))
    if not form.is_valid():
        return {"form": form}
    window = {"first": form.cleaned_data["start_date"], "last": form.cleaned_data["end_date"]}
    floor = form.cleaned_data["floor"]
    cells = utilisation(**window, by=Grouping.WEEKDAY_HOUR, now=now, floor=floor)
    rooms = utilisation(**window, by=Grouping.ROOM, now=now, floor=floor)
    most, fullest = max(cell.share for cell in cells), max((room.share for room in rooms), default=0.0)
    heat_map = [_cell(cell, most) for cell in cells]
    return {
        "form": form,
        "hours": HOURS,
        "week": [
            (weekday, heat_map[len(HOURS) * place : len(HOURS) * (place + 1)]) for place, weekday in enumerate(WEEKDAYS)
        ],
        "legend": _legend(most),
        "bars": [(room, round(100 * room.share / fullest) if fullest else 0) for room in rooms],
        "total": _total(rooms),
    }


def _cell(cell: Hours, most: float) -> HeatMapCell:
    weekday, hour = cell.key
    colour = shade(cell.share / most) if cell.booked else NOTHING
    words = (
        f"{WEEKDAYS[weekday - 1]} {hour:02}:00–{hour + 1:02}:00: {cell.booked_hours:.1f} h booked,"
        f" {cell.used_hours:.1f} h used, {cell.closed_hours:.1f} h closed of {cell.total_hours:.0f} h"
    )
    percent = "<1" if 0 < cell.percent < 0.5 else f"{cell.percent:.0f}"
    return HeatMapCell(percent, colour, ink(colour), words)


def _legend(most: float) -> list[tuple[str, str, str]]:
    """From nothing to the largest share: (its words, colour, ink)."""
    steps = [step / LEGEND_STEPS for step in range(1, LEGEND_STEPS + 1)] if most else []
    scale = [(f"{100 * most * step:.1f} %", shade(step), ink(shade(step))) for step in steps]
    return [("0 %", NOTHING, ink(NOTHING)), *scale]


def _total(rooms: Sequence[Hours]) -> Hours:
    sums = (sum(getattr(room, name) for room in rooms) for name in ("booked", "used", "closed", "total"))
    return Hours("All rooms", *sums)
