"""The rules that decide for one group or person in one room at one time, and the ones that they outrank."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSelect2Widget

from accounts.models import User
from classrooms.models import Classroom
from classrooms.rules import START_IS_LATE
from groups.models import Group
from kernel.admin.forms import DateFormField, WallTimeFormField
from kernel.campus_time import WallTimeDoesNotExist, campus_date, campus_interval
from kernel.errors import UNKNOWN_USER
from policies.admin.form_fields import LabelFormField
from policies.enums import LimitType
from policies.queries.rulebook import rulebook_now
from policies.rules.limits import Kind
from policies.rules.ranking import Ranking, rankings
from policies.rules.scopes import Party, Place, PolicyRule, Stay
from policies.rules.sentences import BOUND_NOUNS, NOUNS

NOBODY = 0
"""The id of a person whom no rule names."""
TOMORROW = timedelta(days=1)


class DecidingForm(forms.Form):
    """Who wants which room, and when; `stay` in the cleaned data."""

    group = forms.ModelChoiceField(
        queryset=Group.objects.living().order_by("name", "id"),
        required=False,
        empty_label="without a group",
        widget=UnfoldAdminSelect2Widget,
    )
    username = LabelFormField(label="Username (anybody)")
    room = forms.ModelChoiceField(queryset=Classroom.objects.in_order(), widget=UnfoldAdminSelect2Widget)
    day = DateFormField(label="Date")
    start_time = WallTimeFormField(label="From")
    end_time = WallTimeFormField(is_end=True, label="Until")

    def clean_username(self) -> int:
        """The id of the person."""
        username = self.cleaned_data["username"]
        if not username:
            return NOBODY
        person_id = User.objects.filter(username=username).values_list("pk", flat=True).first()
        if person_id is None:
            raise forms.ValidationError(UNKNOWN_USER)
        return person_id

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        day, begins, ends = cleaned.get("day"), cleaned.get("start_time"), cleaned.get("end_time")
        if day is None or begins is None or ends is None:
            return cleaned
        if begins >= ends:
            self.add_error("start_time", START_IS_LATE)
            return cleaned
        try:
            cleaned["stay"] = Stay(day, begins, ends, campus_interval(day, begins, ends))
        except WallTimeDoesNotExist as gap:
            self.add_error("start_time", str(gap))
        except OverflowError:
            self.add_error("day", "This date is out of range")
        return cleaned


@dataclass(frozen=True)
class KindRow:
    """A kind of limit on the page."""

    kind: str
    deciding: Sequence[PolicyRule]
    outranked: Sequence[PolicyRule]


def deciding_context(query: Mapping[str, str], *, now: datetime) -> dict[str, Any]:
    """What the page shows: `form`, and once it is filled in without a fault `rows`, one for each kind."""
    usual = {"day": campus_date(now) + TOMORROW, "start_time": 10 * 60, "end_time": 12 * 60}
    if "room" not in query:
        return {"form": DecidingForm(initial=usual)}
    form = DecidingForm(query)
    if not form.is_valid():
        return {"form": form}
    values, book = form.cleaned_data, rulebook_now()
    ranked = rankings(book.rules, _party(values), _place(values["room"]), values["stay"], book.terms)
    return {"form": form, "rows": [_row(ranking) for ranking in ranked]}


def kind_in_words(kind: Kind) -> str:
    """ "Limit on the length (longest)", "Quota: minutes a week, taking place, of a group"."""
    of_type, *more = kind
    noun = NOUNS[LimitType(of_type)].capitalize()
    if of_type == LimitType.QUOTA:
        unit, per, counts, of = more
        return f"{noun}: {unit} per {per}, " + (f"{counts.replace('_', ' ')}, " if counts else "") + f"of a {of}"
    return f"{noun} ({BOUND_NOUNS[more[0]]})" if more else noun


def _row(ranking: Ranking) -> KindRow:
    return KindRow(kind_in_words(ranking.kind), ranking.deciding, ranking.outranked)


def _party(values: Mapping[str, Any]) -> Party:
    group: Group | None = values["group"]
    if group is None:
        return Party(values["username"])
    return Party(values["username"], group.pk, group.kind, frozenset(group.tag_keys))


def _place(room: Classroom) -> Place:
    return Place(room.pk, room.building, room.floor, room.capacity)
