"""How people are told of their registrations and series: a template for each kind of notice."""

from collections.abc import Mapping

from kernel.phrases import Choice, Each, Part, Phrase
from registrations.enums import SkipReason

ROOM_IS_CLOSED = "The room is closed"
"""Why a closure that gives no reason cancels."""
ENTRY_IS_WITHDRAWN, ENTRY_IS_REJECTED = "The draw entry has been withdrawn", "The draw entry has been rejected"
"""Why an app above cancels what was drawn."""
REASONS_OF_OURS = ("The group has been archived", ROOM_IS_CLOSED, ENTRY_IS_WITHDRAWN, ENTRY_IS_REJECTED)
"""Other reasons are written by people, and said as they are."""
SLOT = Phrase("{classroom}, {date:day} {start_time}–{end_time}")
"""Of `RegistrationSummary.details`: "Room A, 2026-02-01 10:00–12:00"."""
WEEKLY_SLOT = Phrase("{classroom}, {day_of_week:weekdays} {start_time}–{end_time}")
"""Of `SeriesSummary.details`: "Room A, Wednesdays 09:10–10:20"."""
REASON = Phrase(
    " Reason: {reason}",
    when="reason",
    parts={"reason": Choice("reason", {reason: Phrase(reason) for reason in REASONS_OF_OURS})},
)
DATES = Phrase("{date_count} date", many="{date_count} dates", count="date_count")
WHY_SKIPPED = {str(reason): Phrase(reason) for reason in SkipReason.values}
SKIPS = Phrase(
    ", {skipped_count} skipped ({reasons})",
    when="skipped_count",
    parts={"reasons": Each("skip_reasons", Choice("each", WHY_SKIPPED))},
)
ABOUT_ONE = {"slot": SLOT, "because": REASON}
ABOUT_SERIES = {"slot": WEEKLY_SLOT, "dates": DATES, "skips": SKIPS, "because": REASON}

SENTENCES: Mapping[str, Part] = {
    "registration.created": Phrase("{group} asks for {slot}.", parts=ABOUT_ONE),
    "registration.changed": Choice(
        "about",
        {
            "registration": Phrase("Your room registration has been changed: {slot}.", parts=ABOUT_ONE),
            "request": Phrase("{group} has changed its request: {slot}.", parts=ABOUT_ONE),
        },
    ),
    "registration.approved": Phrase("Your room registration has been approved: {slot}.{because}", parts=ABOUT_ONE),
    "registration.rejected": Phrase("Your room registration has been rejected: {slot}.{because}", parts=ABOUT_ONE),
    "registration.cancelled": Phrase("Your room registration has been cancelled: {slot}.{because}", parts=ABOUT_ONE),
    "registration.reminder": Phrase("Reminder: {slot}, booked by {group}.", parts=ABOUT_ONE),
    "registration.waiting": Choice(
        "about",
        {
            "registration": Phrase("Your room registration still waits for a decision: {slot}.", parts=ABOUT_ONE),
            "request": Phrase("{group} still waits for a decision: {slot}.", parts=ABOUT_ONE),
        },
    ),
    "series.created": Choice(
        "about",
        {"request": Phrase("{group} asks for {slot}: {dates}{skips}.", parts=ABOUT_SERIES)},
        otherwise=Choice(
            "series_count",
            {1: Phrase("{group} got {slot}: {dates}{skips}.", parts=ABOUT_SERIES)},
            otherwise=Phrase("{series_count} series have got their rooms: {dates}{skips}.", parts=ABOUT_SERIES),
        ),
    ),
    "series.changed": Choice(
        "about",
        {"request": Phrase("{group} asks for {slot}: {dates}{skips}.", parts=ABOUT_SERIES)},
        otherwise=Phrase(
            "The series of {group} has been changed from {from_date:day}: {slot}, {dates}{skips}.", parts=ABOUT_SERIES
        ),
    ),
    "series.cancelled": Phrase(
        "The series of {group} has been cancelled from {from_date:day}: {slot}, {dates}.{because}", parts=ABOUT_SERIES
    ),
    "series.ending": Phrase(
        "The series of {group} comes to its end: {slot}, for the last time on {last_date:day}.", parts=ABOUT_SERIES
    ),
    "series.retried": Choice(
        "about",
        {
            "series": Phrase("{group} also got {slot}, on {dates:days}.", parts={"slot": WEEKLY_SLOT}),
            "registration": Phrase("{group} also got {slot}.", parts=ABOUT_ONE),
        },
    ),
    "closure.deleted": Choice(
        "about",
        {
            "registrations": Phrase(
                "The closure that cancelled your registrations has been lifted, and these times are free again:"
                " {slots}.",
                parts={"slots": Each("slots", SLOT, count="slot_count")},
            ),
            "series": Phrase(
                "A closure has been lifted: dates of the series of {group} ({slot}) are free again: {dates:days}.",
                parts={"slot": WEEKLY_SLOT},
            ),
        },
    ),
}
