"""The body of a call: a JSON object, whatever its content type says. curl calls every body a form."""

import json
from typing import Any, NoReturn

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest

from dialects.room_booking.envelope import NotAnObject

MAX_BYTES = 1_048_576


def object_in(request: HttpRequest) -> dict[str, Any]:
    """What was sent; of a key that stands twice the last counts. Numbers are floats: no field has one.

    Raises: NotAnObject, RequestDataTooBig.
    """
    try:
        # By the codec, a mark at the beginning that some clients set is no part of it.
        document = json.loads(
            _content(request).decode("utf-8-sig"), parse_int=float, parse_float=float, parse_constant=_refuse
        )
    except (ValueError, RecursionError) as error:
        raise NotAnObject("The body is not JSON") from error
    if not isinstance(document, dict):
        raise NotAnObject("The body must be a JSON object")
    return document


def _refuse(constant: str) -> NoReturn:
    """`NaN` and the like are no JSON."""
    raise ValueError(constant)


def _content(request: HttpRequest) -> bytes:
    """No more is read than shows that it is too large."""
    declared = str(request.META.get("CONTENT_LENGTH") or "0")
    is_too_large = declared.isdecimal() and (len(declared) > 18 or int(declared) > MAX_BYTES)
    content = b"" if is_too_large else request.read(MAX_BYTES + 1)
    if is_too_large or len(content) > MAX_BYTES:
        raise RequestDataTooBig
    return content
