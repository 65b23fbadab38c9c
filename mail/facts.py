"""The words of letters that are the same in all of them. A notice says itself (`kernel.phrases`)."""

from collections.abc import Mapping

from kernel.phrases import Choice, Part, Phrase
from mail.enums import Method
from registrations.facts.sentences import SLOT

SENTENCES: Mapping[str, Part] = {
    "mail.daily": Phrase(
        "{count} notification up to {day:day}", many="{count} notifications up to {day:day}", count="count"
    ),
    "mail.calendar": Choice(
        "method",
        {
            Method.REQUEST.value: Phrase("For your calendar: {slot}", parts={"slot": SLOT}),
            Method.CANCEL.value: Phrase("No longer in your calendar: {slot}", parts={"slot": SLOT}),
        },
    ),
    "mail.slot": SLOT,
    "mail.more": Phrase("And {rest} more."),
    "mail.zone": Phrase("Times are those of the campus ({zone})."),
    "mail.open": Phrase("Open CSpace"),
    "mail.unsubscribe": Phrase("No more mail from CSpace"),
}
