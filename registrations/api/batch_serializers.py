"""The wire format of batch allocations."""

from collections.abc import Mapping, Sequence
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.queries.people import asking_for_active_people
from classrooms.api.fields import ClassroomField
from classrooms.queries.rooms import asking_for_rooms_with_names, rooms_by_name
from groups.rules import UNKNOWN_GROUP
from groups.services.holding import asking_for_groups
from kernel.api.examples import day_ahead, days_on, this_moment, weekday_ahead
from kernel.api.fields import (
    MAX_ID,
    BooleanField,
    ChoiceField,
    DateField,
    EndTimeField,
    IdField,
    IntegerField,
    QueryBooleanField,
    TextField,
    TimeField,
    TimestampField,
)
from kernel.api.serializers import Input, Output, Query, Shape
from kernel.campus_time import campus_date, format_instant, format_minute
from kernel.db.batch import Statement, ask_each
from kernel.errors import UNKNOWN_USER, Faults
from kernel.text import has_forbidden_text
from registrations.api.fields import AttendeesField
from registrations.enums import SkipReason, Source
from registrations.models import Registration, Series, SeriesWeek
from registrations.rules import MAX_DESCRIPTION, series_faults

MAX_ITEMS = 500
ON_CONFLICT = ("fail", "skip")


class LivingGroupIdField(IdField):
    """The id of a group that is not archived; the request's groups are in the context."""

    default_error_messages = {"unknown": UNKNOWN_GROUP}

    def to_internal_value(self, data: Any) -> int:
        group_id = super().to_internal_value(data)
        if group_id not in self.context["groups"]:
            self.fail("unknown")
        return group_id


@extend_schema_field(OpenApiTypes.STR)
class PersonField(serializers.Field[int, Any, str, Any]):
    """A username in, the person's id inside; the request's people are in the context."""

    default_error_messages = {"invalid": "A username is required", "unknown": UNKNOWN_USER}

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, str):
            self.fail("invalid")
        if data not in self.context["people"]:
            self.fail("unknown")
        return int(self.context["people"][data])

    def to_representation(self, value: Any) -> str:
        return str(value)


class SeriesInput(Input):
    """A series to enter: the whole of a request, or one of its items."""

    example = {
        "group_id": 2,
        "classroom": "Room A",
        "day_of_week": weekday_ahead,
        "start_time": "10:00",
        "end_time": "12:00",
        "start_date": day_ahead,
        "end_date": days_on(21),
        "description": "Seminar",
        "attendees": 25,
        "on_conflict": "skip",
    }

    group_id = LivingGroupIdField()
    classroom = ClassroomField()
    day_of_week = IntegerField(min_value=1, max_value=7)
    start_time = TimeField()
    end_time = EndTimeField()
    start_date = DateField()
    end_date = DateField()
    description = TextField(max_length=MAX_DESCRIPTION, required=False)
    attendees = AttendeesField()
    on_conflict = ChoiceField(choices=ON_CONFLICT, required=False)
    on_behalf_of = PersonField(required=False)
    override = BooleanField(required=False)

    def cross_check(self, values: Mapping[str, Any]) -> Faults:
        return series_faults(
            now=self.context["now"],
            starts_on=values.get("start_date"),
            ends_on=values.get("end_date"),
            on_day=values.get("day_of_week"),
            start_minute=values.get("start_time"),
            end_minute=values.get("end_time"),
            room=values.get("classroom"),
            description=values.get("description", ""),
            attendees=values.get("attendees"),
        )


class BatchInput(Input):
    """Several series at once; `on_conflict` and `on_behalf_of` hold for the items that do not say otherwise."""

    items = serializers.ListSerializer[Any](child=SeriesInput(), min_length=1, max_length=MAX_ITEMS)
    on_conflict = ChoiceField(choices=ON_CONFLICT, required=False)
    on_behalf_of = PersonField(required=False)
    override = BooleanField(required=False)


class SeriesChangeInput(Input):
    """`PUT /batch-allocations/{id}/`: what is absent stays as it is, and only the lock shows what it is."""

    example = {"start_time": "13:00", "end_time": "15:00"}

    group_id = LivingGroupIdField(required=False)
    classroom = ClassroomField(required=False)
    day_of_week = IntegerField(min_value=1, max_value=7, required=False)
    start_time = TimeField(required=False)
    end_time = EndTimeField(required=False)
    end_date = DateField(required=False)
    description = TextField(max_length=MAX_DESCRIPTION, required=False)
    attendees = AttendeesField()
    from_date = DateField(required=False)
    on_conflict = ChoiceField(choices=ON_CONFLICT, required=False)
    override = BooleanField(required=False)


class CancelQuery(Query):
    """`DELETE /batch-allocations/{id}/`: from today on, or from a later day; `override`: however late, for cspace."""

    from_date = DateField(required=False)
    override = QueryBooleanField(required=False)


def asking_for_named(body: Any) -> dict[str, Statement]:
    """The questions for the rooms, groups and people a body names, as far as it names any.

    The body is not validated yet: whatever is no name or id is left to the fields to refuse.
    """
    items = body.get("items") if isinstance(body, Mapping) else None
    parts = [part for part in (body, *(items if isinstance(items, list) else ())) if isinstance(part, Mapping)]
    rooms, people = _texts_in(parts, "classroom"), _texts_in(parts, "on_behalf_of")
    groups = {value for part in parts if type(value := part.get("group_id")) is int and 0 < value <= MAX_ID}
    questions: dict[str, Statement] = {}
    if rooms:
        questions["classrooms"] = asking_for_rooms_with_names(rooms)
    if groups:
        questions["groups"] = asking_for_groups(groups)
    if people:
        questions["people"] = asking_for_active_people(people)
    return questions


def _texts_in(parts: Sequence[Mapping[str, Any]], key: str) -> set[str]:
    return {value for part in parts if isinstance(value := part.get(key), str) and not has_forbidden_text(value)}


def named_in(body: Any) -> dict[str, Any]:
    """The rooms, groups and people a body names, read at once: context for its serializer."""
    questions = asking_for_named(body)
    rows = dict(zip(questions, ask_each(*questions.values()), strict=True))
    return {
        "classrooms": rooms_by_name(rows.get("classrooms", ())),
        "groups": {group_id for group_id, *_ in rows.get("groups", ())},
        "people": dict(rows.get("people", ())),
    }


class OccurrenceOutput(Shape):
    example = {"id": 301, "date": day_ahead}
    generated = frozenset({"id"})
    perhaps_generated = {"id": Registration}  # in a series that was there before

    id = serializers.IntegerField(allow_null=True)
    date = DateField()


class SkippedDateOutput(Shape):
    example = {"date": days_on(7), "existing_registration_id": 99, "why": "booked"}
    perhaps_generated = {"existing_registration_id": Registration}

    date = DateField()
    existing_registration_id = serializers.IntegerField(allow_null=True)
    why = serializers.ChoiceField(choices=SkipReason.choices)


class SeriesOutput(Output):
    """A series with its live occurrences and its skipped dates, by date."""

    example = {
        **SeriesInput.example,
        "id": 7,
        "reserved_group": "522",
        "source": "admin",
        "event_id": None,
        "created_by": "ta217",
        "created_at": this_moment,
        "cancelled_from": None,
        "skipped": [],
    }
    generated = frozenset({"id", "created_at"})

    id = serializers.IntegerField(allow_null=True)
    group_id = serializers.IntegerField()
    reserved_group = serializers.CharField()
    classroom = serializers.CharField()
    day_of_week = serializers.IntegerField(min_value=1, max_value=7)
    start_time = TimeField()
    end_time = EndTimeField()
    start_date = DateField()
    end_date = DateField()
    description = serializers.CharField()
    attendees = serializers.IntegerField(allow_null=True)
    source = serializers.ChoiceField(choices=Source.choices)  # type: ignore[assignment]  # DRF has an attribute of the name
    event_id = serializers.IntegerField(allow_null=True)
    created_by = serializers.CharField()
    created_at = TimestampField(allow_null=True)
    cancelled_from = DateField(allow_null=True)
    registrations = OccurrenceOutput(many=True)
    skipped = SkippedDateOutput(many=True)

    def represent(self, instance: Series) -> dict[str, Any]:
        return {
            "id": instance.pk,
            "group_id": instance.group_id,
            "reserved_group": instance.group.name,
            "classroom": instance.classroom.name,
            "day_of_week": instance.day_of_week,
            "start_time": format_minute(instance.start_minute),
            "end_time": format_minute(instance.end_minute),
            "start_date": instance.starts_on.isoformat(),
            "end_date": instance.ends_on.isoformat(),
            "description": instance.description,
            "attendees": instance.attendees,
            "source": instance.source,
            "event_id": instance.event_id,
            "created_by": instance.created_by.username,
            "created_at": format_instant(instance.created_at),
            "cancelled_from": instance.cancelled_from and instance.cancelled_from.isoformat(),
            "registrations": [
                {"id": row.pk, "date": campus_date(row.starts_at).isoformat()}
                for row in instance.live_occurrences  # type: ignore[attr-defined]  # prefetched
            ],
            "skipped": _skipped(instance.skipped_weeks),  # type: ignore[attr-defined]  # prefetched
        }


def _skipped(weeks: Sequence[SeriesWeek]) -> list[dict[str, Any]]:
    """By date: what was moved by hand may have been lost in another week than its own."""
    skips = sorted((*week.skip, week.begins_on, week.blocked_by_id) for week in weeks if week.skip is not None)
    return [
        {"date": day.isoformat(), "existing_registration_id": blocked_by_id, "why": why}
        for day, why, _, blocked_by_id in skips
    ]


class SeriesList(Shape):
    results = SeriesOutput(many=True)
