"""The event that a body describes, and all that is wrong with it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

from calendars.rules import MAX_DESCRIPTION, MAX_NAME
from calendars.rules.wishes import EventWish, description_faults, event_faults, name_faults
from dialects.room_booking.date_times import NoDateTime, NoSuchMoment, instant_of
from dialects.room_booking.envelope import BODY, ValueFault, WrongValues
from kernel.errors import Faults
from kernel.ical.rules import rule_of
from kernel.mail_addresses import read_mail_address

VALUE_ERROR = "value_error"


def wish_in(fields: Mapping[str, Any], zone: tzinfo) -> EventWish:
    """What somebody wants to enter into a calendar of this zone; unknown fields are passed over.

    Raises: WrongValues, all at once.
    """
    event = _EventFields(fields, zone)
    name, starts_at, ends_at = event.name(), event.instant("start"), event.instant("end")
    event.check_span(starts_at, ends_at)
    description, organizer = event.description(), event.checked("organizer", read_mail_address)
    rrule = event.checked("rrule", _rule)
    if event.faults or starts_at is None or ends_at is None:
        raise WrongValues(event.faults)
    return EventWish(
        name=name,
        starts_at=starts_at,
        ends_at=ends_at,
        description=description,
        organizer=organizer,
        rrule=rrule or "",
    )


def wrong_values(faults: Faults) -> WrongValues:
    """The same of what a service finds wrong with a wish."""
    return WrongValues(
        [
            ValueFault(VALUE_ERROR, (BODY, field), sentence)
            for field, sentences in faults.items()
            for sentence in sentences
        ]
    )


def _rule(text: str) -> str:
    """Raises: ValueError."""
    if rule_of(text) is None:
        raise ValueError("Must be a rule such as FREQ=WEEKLY;COUNT=4")
    return text.strip().removesuffix(";")


class _EventFields:
    """Of the fields one by one; what is wrong with them is collected."""

    def __init__(self, fields: Mapping[str, Any], zone: tzinfo) -> None:
        self._fields, self._zone = fields, zone
        self.faults: list[ValueFault] = []

    def name(self) -> str:
        text = self._text("name", is_required=True)
        if text is None:
            return ""
        text = text.strip()
        if not text:
            self._complain("string_too_short", "name", "Must not be empty")
        else:
            self._complain_of("name", name_faults(text), is_too_long=len(text) > MAX_NAME)
        return text

    def description(self) -> str:
        text = self._text("description") or ""
        self._complain_of("description", description_faults(text), is_too_long=len(text) > MAX_DESCRIPTION)
        return text

    def instant(self, field: str) -> datetime | None:
        text = self._text(field, is_required=True)
        if text is None:
            return None
        try:
            return instant_of(text, self._zone)
        except NoDateTime as fault:
            self._complain("datetime_parsing", field, str(fault))
        except NoSuchMoment as fault:
            self._complain(VALUE_ERROR, field, str(fault))
        return None

    def check_span(self, starts_at: datetime | None, ends_at: datetime | None) -> None:
        """By the rules of all events, where both ends are there."""
        if starts_at is not None and ends_at is not None:
            for field, sentences in event_faults(EventWish(name="-", starts_at=starts_at, ends_at=ends_at)).items():
                self._complain_of(field, sentences)

    def checked(self, field: str, check: Callable[[str], str]) -> str | None:
        """A text as the check, which raises ValueError, leaves it; None where there is none."""
        text = self._text(field)
        if text is None:
            return None
        try:
            return check(text)
        except ValueError as fault:
            self._complain(VALUE_ERROR, field, str(fault))
        return None

    def _text(self, field: str, *, is_required: bool = False) -> str | None:
        if field not in self._fields:
            if is_required:
                self._complain("missing", field, "Field required")
            return None
        value = self._fields[field]
        if isinstance(value, str):
            return value
        self._complain("string_type", field, "Must be a text")
        return None

    def _complain_of(self, field: str, sentences: Sequence[str], *, is_too_long: bool = False) -> None:
        for sentence in sentences:
            self._complain("string_too_long" if is_too_long else VALUE_ERROR, field, sentence)

    def _complain(self, kind: str, field: str, sentence: str) -> None:
        self.faults.append(ValueFault(kind, (BODY, field), sentence))
