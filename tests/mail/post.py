"""What becomes of letters in tests: each is written by its kind, sent to nobody, and noted as the outbox does."""

from dataclasses import dataclass, field
from typing import Any

import icalendar

from accounts.models import Preferences, User
from kernel import clock
from kernel.db.batch import Statement
from kernel.db.transactions import transact
from kernel.letters import Message, kind_named
from mail.services.calendar_letters import post_calendar_letters
from mail.services.daily_letters import post_daily_letters
from outbox.models import Letter
from outbox.services.sending import NOTE_DROPPED


@dataclass
class Post:
    """`sent`: what has left, in order."""

    sent: list[tuple[str, Message]] = field(default_factory=list)

    def address(self, *people: User, mail: str | None = "each", **choices: Any) -> None:
        """Give people an address, and have them choose."""
        for person in people:
            person.email = f"{person.username}@example.edu"
            person.save()
            Preferences.objects.update_or_create(user=person, defaults={"mail": mail, **choices})

    def deliver(self) -> list[Message]:
        """Send what waits; what that was. A letter that says nothing any more is dropped."""
        begin = len(self.sent)
        for letter in Letter.objects.filter(state="waiting").order_by("id"):
            message = kind_named(letter.kind).write(now=clock.now(), **letter.arguments)
            if message is None:
                transact(Statement(NOTE_DROPPED, (letter.pk,)))
                continue
            if message.noting:
                transact(*message.noting)
            Letter.objects.filter(pk=letter.pk).update(state="sent", sent_at=clock.now())
            self.sent.append((letter.key, message))
        return [message for _, message in self.sent[begin:]]

    def follow(self) -> list[Message]:
        """Have calendars follow, and send what that makes."""
        post_calendar_letters(now=clock.now())
        return self.deliver()

    def day(self) -> list[Message]:
        """Post the letters of the day, and send them."""
        post_daily_letters(now=clock.now())
        return self.deliver()

    def write(self) -> list[Message]:
        """What waits, as it would be sent now, and left waiting."""
        letters = Letter.objects.filter(state="waiting").order_by("id")
        messages = (kind_named(each.kind).write(now=clock.now(), **each.arguments) for each in letters)
        return [message for message in messages if message is not None]

    def note(self, *messages: Message) -> None:
        """They have gone."""
        transact(*(statement for message in messages for statement in message.noting))


def events_of(message: Message) -> list[icalendar.Event]:
    """As a calendar reads them."""
    assert message.calendar is not None
    return list(icalendar.Calendar.from_ical(message.calendar.text).walk("VEVENT"))
