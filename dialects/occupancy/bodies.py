"""Bodies of the two searches: JSON, or a form whose keys have brackets. Either becomes one dictionary."""

import re
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

from django.http import HttpRequest
from rest_framework.exceptions import APIException

from dialects.occupancy.envelope import BadRequest, TooLarge
from kernel.api.parsers import StrictJSONParser

MAX_BYTES = 256 * 1024
MAX_FIELDS = 5000
MAX_KEYS = 3
"""`selection[0][start]` has as many."""
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
BRACKETED = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
INDEX = re.compile(r"[0-9]{1,6}")


@dataclass(frozen=True)
class Body:
    """What was sent; `is_form`: every value of it is text, numbers too."""

    fields: dict[str, Any]
    is_form: bool = False


def read_body(request: HttpRequest) -> Body:
    """The body of a request; empty where its content type is neither of the two.

    Raises: BadRequest, TooLarge.
    """
    content = _content(request)
    if request.content_type == JSON and content.strip():
        return Body(_read_json(content))
    if request.content_type == FORM:
        return Body(_read_form(content), is_form=True)
    return Body({})


def _content(request: HttpRequest) -> bytes:
    """No more is read than shows that it is too large."""
    declared = str(request.META.get("CONTENT_LENGTH", ""))
    is_too_large = declared.isdecimal() and float(declared) > MAX_BYTES
    content = b"" if is_too_large else request.read(MAX_BYTES + 1)
    if is_too_large or len(content) > MAX_BYTES:
        raise TooLarge(f"The body is larger than {MAX_BYTES} bytes")
    return content


def _read_json(content: bytes) -> dict[str, Any]:
    try:
        document = StrictJSONParser().parse(BytesIO(content))
    except APIException as error:
        faults: Any = error.detail
        (sentence, *_), *_ = faults.values()
        raise BadRequest(str(sentence)) from error
    if not isinstance(document, dict):
        raise BadRequest("The body must be a JSON object")
    return document


def _read_form(content: bytes) -> dict[str, Any]:
    """`selection[0][start]=…&coordinates[latitude]=…` as JSON would have it; numbered keys become a list."""
    try:
        pairs = parse_qsl(content.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except UnicodeDecodeError as error:
        raise BadRequest("The body is not valid UTF-8") from error
    except ValueError as error:
        raise BadRequest(f"The body has more than {MAX_FIELDS} fields") from error
    fields: dict[str, Any] = {}
    for name, value in pairs:
        parts = BRACKETED.fullmatch(name)
        keys = [parts[1], *parts[2][1:-1].split("][")] if parts and parts[2] else [name]
        if len(keys) <= MAX_KEYS:
            _put(fields, name, keys, value)
    return {name: _listed(value) for name, value in fields.items()}


def _put(fields: dict[str, Any], name: str, keys: list[str], value: str) -> None:
    *path, last = keys
    for key in path:
        fields = fields.setdefault(key, {})
        if not isinstance(fields, dict):
            raise BadRequest(f"{name[:100]} contradicts another field")
    if last in fields:
        raise BadRequest(f"{name[:100]} stands twice in the body")
    fields[last] = value


def _listed(value: Any) -> Any:
    """An object whose keys are all numbers as the list that they count, gaps closed."""
    if not isinstance(value, dict) or not all(INDEX.fullmatch(key) for key in value):
        return value
    return [value[key] for key in sorted(value, key=int)]
