"""Rooms in a body or a query, by their exact names."""

from collections.abc import Mapping, Sequence
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from classrooms.models import Classroom
from classrooms.queries.rooms import asking_for_room, bookable_room
from classrooms.rules import MAX_PARTS, UNKNOWN_CLASSROOM
from kernel.db.batch import Statement
from kernel.text import has_forbidden_text


@extend_schema_field(OpenApiTypes.STR)
class ClassroomField(serializers.Field[Classroom, Any, str, Any]):
    """The name of a room in, the `Classroom` inside. A request that names many has read them at once, into the
    context: `classrooms` = {name: room}."""

    default_error_messages = {"invalid": "The name of a classroom is required", "unknown": UNKNOWN_CLASSROOM}

    def to_internal_value(self, data: Any) -> Classroom:
        if not isinstance(data, str):
            self.fail("invalid")
        by_name = self.context.get("classrooms")
        classroom = bookable_room(data) if by_name is None else by_name.get(data)
        if classroom is None:
            self.fail("unknown")
        return classroom

    def to_representation(self, value: Any) -> str:
        return str(value)


def room_named_in(body: Mapping[str, Any]) -> list[Statement]:
    """What the field `classroom` will ask for this body, for `Operation.ahead`."""
    name = body.get("classroom")
    return [asking_for_room(name)] if isinstance(name, str) and not has_forbidden_text(name) else []


@extend_schema_field({"type": "array", "items": {"type": "string"}})
class PartsField(serializers.Field[list[Classroom], Any, Any, Any]):
    """Names of rooms in, the rooms inside."""

    default_error_messages = {"invalid": "A list of classroom names is required"}

    def to_internal_value(self, data: Any) -> list[Classroom]:
        if not isinstance(data, list) or not all(isinstance(name, str) for name in data):
            self.fail("invalid")
        if len(data) > MAX_PARTS:
            raise serializers.ValidationError([f"Must name at most {MAX_PARTS}"])
        return rooms_with_names(data)

    def to_representation(self, value: Any) -> Any:
        return value


def rooms_with_names(names: Sequence[str]) -> list[Classroom]:
    """The rooms, each once. Raises: ValidationError, naming each that there is not."""
    by_name = {room.name: room for room in Classroom.objects.filter(name__in=names)}
    if unknown := [name for name in names if name not in by_name]:
        raise serializers.ValidationError([f"{UNKNOWN_CLASSROOM}: {name}" for name in unknown])
    return list({name: by_name[name] for name in names}.values())


@extend_schema_field({"oneOf": [{"type": "array", "items": {"type": "string"}}, {"type": "string", "enum": ["all"]}]})
class ClassroomsField(serializers.Field[list[Classroom] | None, Any, Any, Any]):
    """Names of rooms, or "all"."""

    default_error_messages = {"invalid": 'A list of classroom names or "all" is required'}

    def to_internal_value(self, data: Any) -> list[Classroom] | None:
        if data == "all":
            return None
        if not isinstance(data, list) or not data or not all(isinstance(name, str) for name in data):
            self.fail("invalid")
        return rooms_with_names(data)
