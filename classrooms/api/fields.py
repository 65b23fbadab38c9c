"""A room in a body or a query, by its exact name."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from classrooms.models import Classroom
from classrooms.queries.rooms import asking_for_room, bookable_room
from classrooms.rules import UNKNOWN_CLASSROOM
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
