"""How people are told of events, their wishes and the draw: a template for each kind of notice."""

from collections.abc import Mapping

from allocations.enums import EventStatus, Reason
from kernel.phrases import Choice, Each, Part, Phrase
from registrations.facts.sentences import DATES, REASON, WEEKLY_SLOT, WHY_SKIPPED

MOST_OF_OUTCOMES = 930
"""Characters: with what stands around them they fit into a notification."""
SLOT = Phrase("{classroom}, {day_of_week:weekday} {start_time}–{end_time}")
"""Of `EntrySummary.details`: "Room A, Tuesday 09:10–10:20"."""
SKIPS = Each("skips", Phrase(", {number} skipped ({why})", parts={"why": Choice("why", WHY_SKIPPED)}), between=None)
DATES_AND_SKIPS = Phrase("{dates}{skips}", parts={"dates": DATES, "skips": SKIPS})
"""Of `wording.dates_made_of`: "16 dates, 1 skipped (closed)"."""
WHY_LOST = Choice(
    "why",
    {
        "lost_to": Phrase("lost to entry {lost_to_id}"),
        "no_date": Phrase("none of the event's dates falls on its day of the week"),
        "closed": Phrase("the room is closed on all of its dates"),
        Reason.REJECTED_BY_ADMIN: Phrase("refused by hand before the draw"),
        Reason.UNAVAILABLE: Phrase("too many of its dates are taken"),
        Reason.OTHER_CHOICE_WON: Phrase("another of your alternatives won"),
        Reason.MAX_WINS: Phrase("your group has won as often as a group may"),
    },
)
"""Of `wording.loss_made_of`."""
OUTCOME = Choice(
    "is_won",
    {
        True: Phrase(" {group} got {slot}, {dates}.", parts={"slot": WEEKLY_SLOT, "dates": DATES_AND_SKIPS}),
        False: Phrase(" {group} did not get {slot}: {why}.", parts={"slot": WEEKLY_SLOT, "why": WHY_LOST}),
    },
)
OUTCOMES = Phrase(
    "Draw of allocation event {event_id}:{outcomes}",
    parts={
        "outcomes": Each(
            "outcomes",
            OUTCOME,
            between=None,
            rest=Phrase(" and {rest} more."),
            most=MOST_OF_OUTCOMES,
            count="outcome_count",
        )
    },
)
STATES = Choice(
    "status",
    {
        EventStatus.OPEN: Phrase(
            "An allocation event has opened: wishes for {target_start_date:day} – {target_end_date:day} can be filed"
            " until {registration_end:wall}."
        ),
        EventStatus.CLOSED: Phrase(
            "The allocation event for {target_start_date:day} – {target_end_date:day} has closed: its entries are"
            " frozen until the draw."
        ),
        EventStatus.CANCELLED: Phrase(
            "The allocation event for {target_start_date:day} – {target_end_date:day} has been cancelled: nothing will"
            " be drawn."
        ),
    },
)
ABOUT_ENTRY = {
    "slot": SLOT,
    "dates": DATES_AND_SKIPS,
    "because": REASON,
    "ahead": Phrase(
        " Cancelled: {cancelled_count} date ahead.",
        many=" Cancelled: {cancelled_count} dates ahead.",
        count="cancelled_count",
        when="cancelled_count",
    ),
}

SENTENCES: Mapping[str, Part] = {
    "allocation_event.created": STATES,
    "allocation_event.changed": Choice(
        "about",
        {
            "event": STATES,
            "entry": Phrase(
                "The allocation event is for {target_start_date:day} – {target_end_date:day} now: the wish of {group}"
                " for {slot} has no date in it any more.",
                parts={"slot": WEEKLY_SLOT},
            ),
        },
    ),
    "allocation_event.opened": STATES,
    "allocation_event.closed": STATES,
    "allocation_event.cancelled": STATES,
    "allocation_event.distributed": OUTCOMES,
    "allocation_event.promoted": OUTCOMES,
    "allocation_registration.changed": Phrase("Your draw entry has been changed: {slot}.", parts=ABOUT_ENTRY),
    "allocation_registration.deleted": Phrase("Your draw entry has been deleted: {slot}.", parts=ABOUT_ENTRY),
    "allocation_registration.approved": Choice(
        "is_override",
        {
            False: Phrase("Your draw entry has been approved ahead of the draw: {slot}.", parts=ABOUT_ENTRY),
            True: Phrase("Your draw entry has been approved by hand: {slot}, {dates}.", parts=ABOUT_ENTRY),
        },
    ),
    "allocation_registration.rejected": Choice(
        "is_drawn",
        {
            False: Phrase(
                "Your draw entry has been rejected and takes no part in the draw: {slot}.", parts=ABOUT_ENTRY
            ),
            True: Phrase("Your draw entry has been rejected after the draw: {slot}.{ahead}", parts=ABOUT_ENTRY),
        },
    ),
    "allocation_registration.withdrawn": Phrase(
        "Your draw entry has been withdrawn: {slot}.{ahead}{because}", parts=ABOUT_ENTRY
    ),
}
