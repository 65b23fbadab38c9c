"""What a call is sent: the query of a GET; of a POST a form, a multipart form or a flat JSON object."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from typing import Any

from django.core.exceptions import BadRequest, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError
from rest_framework.exceptions import APIException

from dialects.roomie.envelope import RoomieRefusal
from kernel.api.parsers import PayloadTooLarge, StrictJSONParser
from kernel.campus_time import MINUTES_PER_DAY
from kernel.text import FORBIDDEN_TEXT_MESSAGE, has_forbidden_text

MAX_BYTES = 256 * 1024
JSON = "application/json"
DAY = re.compile(r"[0-9]{8}", re.ASCII)
TIME = re.compile(r"([0-9]{2}):([0-9]{2})", re.ASCII)
YEARS = range(1970, 9000)
FLAGS = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True)
class Parameters:
    """What was sent, by name. What no call reads is passed over, whatever it is."""

    values: Mapping[str, Any]

    def text(self, *names: str, longest: int | None = None) -> str:
        """The first of these names that says something, without the space around it; "" where none does.

        Raises: RoomieRefusal.
        """
        texts = (self._text(name).strip() for name in names)
        value = next(filter(None, texts), "")
        if has_forbidden_text(value):
            raise RoomieRefusal("INVALID_PARAMETER", f"{names[0]}: {FORBIDDEN_TEXT_MESSAGE}")
        if longest is not None and len(value) > longest:
            raise RoomieRefusal("INVALID_PARAMETER", f"{names[0]} has at most {longest} characters")
        return value

    def required(self, *names: str) -> str:
        """The same, where it has to say something. Raises: RoomieRefusal."""
        value = self.text(*names)
        if not value:
            raise RoomieRefusal("MISSING_PARAMETER", f"{names[0]} is required")
        return value

    def secret(self, name: str) -> str:
        """A password: whatever stands in it, but nothing. Raises: RoomieRefusal."""
        secret = self._text(name)
        if not secret:
            raise RoomieRefusal("MISSING_PARAMETER", f"{name} is required")
        return secret

    def flag(self, name: str) -> bool | None:
        """Yes or no; None where nothing is said. Raises: RoomieRefusal."""
        value = self.text(name)
        if value and value.lower() not in FLAGS:
            raise RoomieRefusal("INVALID_PARAMETER", f"{name} is True or False")
        return FLAGS[value.lower()] if value else None

    def _text(self, name: str) -> str:
        """What a form would have said."""
        value = self.values.get(name)
        if isinstance(value, dict | list):
            raise RoomieRefusal("INVALID_PARAMETER", f"{name} must be a text")
        return "" if value is None else str(value)


def parameters_of(request: HttpRequest) -> Parameters:
    """What a request was sent where its method has it. Raises: RoomieRefusal, PayloadTooLarge."""
    return Parameters(request.GET.dict() if request.method in ("GET", "HEAD") else _body(request))


def day_in(text: str) -> date:
    """A day written YYYYMMDD. Raises: RoomieRefusal."""
    try:
        day = date(int(text[:4]), int(text[4:6]), int(text[6:])) if DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None or day.year not in YEARS:
        raise RoomieRefusal("INVALID_DATETIME", "The date must be entered in YYYYMMDD format")
    return day


def start_in(text: str) -> int:
    """The minute of the day at which something starts: clients send 11:01 for 11:00, so that bookings do not touch."""
    minute = end_in(text)
    if minute == MINUTES_PER_DAY:
        raise _no_time()
    return minute - 1 if minute % 60 == 1 else minute


def end_in(text: str) -> int:
    """The minute of the day that a time HH:MM is; 24:00 is midnight. Raises: RoomieRefusal."""
    parts = TIME.fullmatch(text)
    hour, minute = (int(parts[1]), int(parts[2])) if parts else (99, 99)
    if minute > 59 or hour * 60 + minute > MINUTES_PER_DAY:
        raise _no_time()
    return hour * 60 + minute


def _no_time() -> RoomieRefusal:
    return RoomieRefusal("INVALID_DATETIME", "Times must be entered in HH:MM format")


def _body(request: HttpRequest) -> Mapping[str, Any]:
    declared = str(request.META.get("CONTENT_LENGTH") or "0")
    if not declared.isdecimal() or int(declared[:18]) > MAX_BYTES:
        raise PayloadTooLarge(f"The request body is larger than {MAX_BYTES} bytes")
    if request.content_type == JSON:
        return _object(request.body)
    try:
        return request.POST.dict()  # of a type that is no form it has nothing
    except (BadRequest, MultiPartParserError, TooManyFieldsSent, TooManyFilesSent, LookupError, UnicodeError) as error:
        raise RoomieRefusal("INVALID_PARAMETER", "The body cannot be read") from error


def _object(content: bytes) -> Mapping[str, Any]:
    try:
        document = StrictJSONParser().parse(BytesIO(content)) if content.strip() else {}
    except PayloadTooLarge:
        raise
    except APIException as error:
        raise RoomieRefusal("INVALID_PARAMETER", "The body is no JSON document") from error
    if not isinstance(document, dict):
        raise RoomieRefusal("INVALID_PARAMETER", "The body must be a JSON object")
    return document
