"""The query of clear-bookings: which calendars, and whether it is a test. What cannot be read never deletes."""

from django.http import QueryDict

from dialects.room_booking.envelope import QUERY, ValueFault, WrongValues

TRUE, FALSE = ("1", "ok", "on", "true", "yes"), ("", "0", "off", "false", "no")
"""In any case: the text of the document says `1` and `ok`, its sample sends `on`."""


def slugs_in(query: QueryDict) -> list[str] | None:
    """The calendars that are named; None where none is: all. An empty name is passed over: `is_test_in` refuses it."""
    return [slug for slug in query.getlist("calendar") if slug] if "calendar" in query else None


def is_test_in(query: QueryDict) -> bool:
    """Whether it is a test. Raises: WrongValues, for all that is wrong with the query."""
    faults = []
    if not all(query.getlist("calendar")):
        faults.append(ValueFault("string_too_short", (QUERY, "calendar"), "Must not be empty"))
    words = [word.lower() for word in query.getlist("test")]
    if not all(word in (*TRUE, *FALSE) for word in words):
        sentence = f"Must be one of {', '.join(filter(None, (*TRUE, *FALSE)))}"
        faults.append(ValueFault("bool_parsing", (QUERY, "test"), sentence))
    elif len({word in TRUE for word in words}) > 1:
        faults.append(ValueFault("value_error", (QUERY, "test"), "Must not be both true and false"))
    if faults:
        raise WrongValues(faults)
    return any(word in TRUE for word in words)
