"""JSON, strictly: UTF-8, bounded in size, depth and number of nodes, no key twice."""

import json
from collections.abc import Mapping
from typing import IO, Any

from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import APIException, UnsupportedMediaType, ValidationError
from rest_framework.parsers import BaseParser

from kernel.text import FORBIDDEN_TEXT_MESSAGE, has_forbidden_text

MAX_BODY_BYTES = 1_048_576
MAX_DEPTH = 16
MAX_NODES = 20_000
MAX_INTEGER_DIGITS = 19
"""As many as 2^63 has: what is just too large is a fault of its field, not of the document."""
BODY = "non_field_errors"


_Path = tuple[Any, ...]
"""Where in a document: (the way to what is around it, the key or place there); empty for the whole."""


class PayloadTooLarge(APIException):
    status_code = 413
    default_detail = f"The request body is larger than {MAX_BODY_BYTES} bytes"


class _Refused(ValueError):
    """A sentence about what is wrong with the document."""


class StrictJSONParser(BaseParser):
    """Parses `application/json`; everything wrong with the document is one 400 with a sentence."""

    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        request = (parser_context or {}).get("request")
        if request is not None:
            _check_encoding(request)
        try:
            body = stream.read(MAX_BODY_BYTES + 1)
        except RequestDataTooBig as error:
            raise PayloadTooLarge from error
        if len(body) > MAX_BODY_BYTES:
            raise PayloadTooLarge
        try:
            document = json.loads(
                body.decode("utf-8"),
                object_pairs_hook=_unique_keys,
                parse_int=_bounded_integer,
                parse_float=_finite_float,
                parse_constant=_no_constant,
            )
            _check_shape(document)
        except UnicodeDecodeError as error:
            raise ValidationError({BODY: ["The body is not valid UTF-8"]}) from error
        except RecursionError as error:
            raise ValidationError({BODY: [f"JSON is nested deeper than {MAX_DEPTH} levels"]}) from error
        except json.JSONDecodeError as error:
            raise ValidationError({BODY: [f"Malformed JSON: {error.msg} at character {error.pos}"]}) from error
        except _Refused as error:
            raise ValidationError({BODY: [str(error)]}) from error
        return document


def _check_encoding(request: Any) -> None:
    charset = str(request.content_params.get("charset", "utf-8") if hasattr(request, "content_params") else "utf-8")
    content_type = request.content_type or ""
    for parameter in content_type.split(";")[1:]:
        name, _, value = parameter.strip().partition("=")
        if name.strip().lower() == "charset":
            charset = value.strip().strip('"')
    if charset.lower() not in {"utf-8", "utf8"}:
        raise UnsupportedMediaType(content_type, detail="JSON is read as UTF-8 only")
    if request.META.get("HTTP_CONTENT_ENCODING", "identity").lower() != "identity":
        raise UnsupportedMediaType(content_type, detail="Compressed bodies are not read")


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for key, value in pairs:
        if key in document:
            raise _Refused(f"The key {key[:100]!r} stands twice in one object")
        document[key] = value
    return document


def _bounded_integer(digits: str) -> int:
    if len(digits.lstrip("-")) > MAX_INTEGER_DIGITS:
        raise _Refused(f"A number has more than {MAX_INTEGER_DIGITS} digits")
    return int(digits)


def _finite_float(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise _Refused("A number is too large")
    return value


def _no_constant(name: str) -> None:
    raise _Refused(f"{name} is not JSON")


def _check_shape(document: Any) -> None:
    """Walks without recursion, so that the check itself cannot be overflowed."""
    nodes = 0
    forbidden: dict[str, list[str]] = {}
    level: list[tuple[_Path, Any]] = [((), document)]
    for depth in range(MAX_DEPTH + 2):
        if not level or depth > MAX_DEPTH:
            break
        below: list[tuple[_Path, Any]] = []
        for path, node in level:
            nodes += 1
            if isinstance(node, str) and has_forbidden_text(node):
                forbidden[_name_of(path)] = [FORBIDDEN_TEXT_MESSAGE]
            elif isinstance(node, dict):
                if any(has_forbidden_text(key) for key in node):
                    raise _Refused(FORBIDDEN_TEXT_MESSAGE)
                below.extend(((path, key), inner) for key, inner in node.items())
            elif isinstance(node, list):
                below.extend(((path, str(place)), inner) for place, inner in enumerate(node))
        if nodes + len(below) > MAX_NODES:
            raise _Refused(f"JSON holds more than {MAX_NODES} values")
        level = below
    if level:
        raise _Refused(f"JSON is nested deeper than {MAX_DEPTH} levels")
    if forbidden:
        raise ValidationError(forbidden)


def _name_of(path: _Path) -> str:
    """`items.3.description`; what stands for the body as a whole where the body is the text."""
    names: list[str] = []
    while path:
        path, name = path
        names.append(name)
    return ".".join(reversed(names)) or BODY
