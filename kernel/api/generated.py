"""What the answer to a dry run cannot know: ids and times of rows that went with the rollback."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Model
from rest_framework.serializers import ListSerializer

from kernel.api.serializers import Shape


def blank_generated(answer: dict[str, Any], shapes: Iterable[type[Shape]], *, is_made: bool) -> None:
    """Null what the shapes of an answer declare as generated, after the rollback.

    `answer`: the body, which has one of the shapes. `is_made`: whether it is about something that the dry run made
    (201), or about something that was there before. Of what may be either, one query a model asks which there are.
    """
    places = defaultdict[type[Model], list[tuple[dict[str, Any], str]]](list)
    for shape, part in (pair for kind in shapes for pair in _parts(kind(), answer)):
        if is_made:
            part |= dict.fromkeys(shape.generated & part.keys())
        for name, model in shape.perhaps_generated.items():
            if part.get(name) is not None:
                places[model].append((part, name))
    for model, those in places.items():
        existing = _existing(model, {part[name] for part, name in those})
        for part, name in those:
            if part[name] not in existing:
                part[name] = None


def _existing(model: type[Model], ids: set[int]) -> set[int]:
    return set(model._default_manager.filter(pk__in=ids).values_list("pk", flat=True))


def _parts(shape: Shape, part: dict[str, Any]) -> Iterator[tuple[Shape, dict[str, Any]]]:
    """An object and all objects inside it, with their shapes."""
    yield shape, part
    for name, field in shape.fields.items():
        below = part.get(name)
        if isinstance(field, ListSerializer) and isinstance(field.child, Shape):
            for row in below or ():
                yield from _parts(field.child, row)
        elif isinstance(field, Shape) and below is not None:
            yield from _parts(field, below)
