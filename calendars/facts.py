"""What happens to calendars and their events."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from kernel.campus_time import format_instant
from kernel.changes import Changes
from kernel.facts import Fact, Notice
from kernel.phrases import Choice, NoticeParams, Part, Phrase

SENTENCES: Mapping[str, Part] = {
    "calendar_event.cleared": Choice(
        "about",
        {
            "event": Phrase('Your event "{name}" ({calendar}, {start:wall}) has been deleted: it overlaps "{winner}".'),
            "date": Phrase(
                'A date of your series "{name}" ({calendar}, {start:wall}) has been cancelled: it overlaps "{winner}".'
            ),
        },
    ),
}


@dataclass(frozen=True, kw_only=True)
class CalendarEventSummary:
    """An event as the log sees it; of whole series the first date."""

    id: int
    calendar: str
    """Its slug."""
    uid: str
    name: str
    starts_at: datetime
    ends_at: datetime

    @property
    def details(self) -> dict[str, Any]:
        return {
            "calendar": self.calendar,
            "uid": self.uid,
            "name": self.name,
            "start": format_instant(self.starts_at),
            "end": format_instant(self.ends_at),
        }


@dataclass(frozen=True, kw_only=True)
class _AboutCalendarEvent(Fact):
    event: CalendarEventSummary
    promoted: Sequence[str] = ()
    """UIDs of events that have got the room by it, which they had waited for."""

    @property
    def target(self) -> str:
        return f"calendar_event:{self.event.id}"

    @property
    def details(self) -> dict[str, Any]:
        return self.event.details | ({"promoted": list(self.promoted)} if self.promoted else {})


@dataclass(frozen=True, kw_only=True)
class CalendarEventCreated(_AboutCalendarEvent):
    """`state`: what became of its dates: live, conflicting (one of them waits) or free."""

    action: ClassVar[str] = "calendar_event.created"
    state: str

    @property
    def details(self) -> dict[str, Any]:
        return super().details | {"state": self.state}


@dataclass(frozen=True, kw_only=True)
class CalendarEventDeleted(_AboutCalendarEvent):
    action: ClassVar[str] = "calendar_event.deleted"


@dataclass(frozen=True, kw_only=True)
class CalendarEventCleared(_AboutCalendarEvent):
    """An event, or one date of a series, has gone by clearing. `reason`: `cancelled` or `overlapping`.

    `recipients`: whom to tell that it has gone because it overlapped, `params` of what.
    """

    action: ClassVar[str] = "calendar_event.cleared"
    reason: str
    occurrence: datetime | None = None
    winner_uid: str | None = None
    recipients: Sequence[int] = ()
    params: NoticeParams = field(default_factory=dict)

    @property
    def details(self) -> dict[str, Any]:
        occurrence = None if self.occurrence is None else format_instant(self.occurrence)
        more = {"reason": self.reason, "occurrence": occurrence, "winner": self.winner_uid}
        return super().details | {name: value for name, value in more.items() if value is not None}

    def notices(self) -> Iterable[Notice]:
        """To whoever has cleared, too: he has named calendars, not events."""
        if self.recipients:
            yield Notice(recipients=self.recipients, params=self.params, includes_actor=True)


@dataclass(frozen=True, kw_only=True)
class CalendarEventsPromoted(Fact):
    """Dates that waited for a room have got it, because something else has given it up."""

    action: ClassVar[str] = "calendar_event.promoted"
    classroom_id: int
    uids: Sequence[str]

    @property
    def target(self) -> str:
        return f"classroom:{self.classroom_id}"

    @property
    def details(self) -> dict[str, Any]:
        return {"promoted": list(self.uids)}


@dataclass(frozen=True, kw_only=True)
class _AboutCalendar(Fact):
    calendar_id: int
    slug: str

    @property
    def target(self) -> str:
        return f"calendar:{self.calendar_id}"

    @property
    def details(self) -> dict[str, Any]:
        return {"calendar": self.slug}


@dataclass(frozen=True, kw_only=True)
class CalendarSynced(_AboutCalendar):
    """Its source was read, and something has become of it. `counts`: of events, by what became of them."""

    action: ClassVar[str] = "calendar.synced"
    counts: Mapping[str, int]
    promoted: Sequence[str] = ()

    @property
    def details(self) -> dict[str, Any]:
        return super().details | dict(self.counts) | ({"promoted": list(self.promoted)} if self.promoted else {})


@dataclass(frozen=True, kw_only=True)
class CalendarTellingTriedAgain(_AboutCalendar):
    """Its server is told again what it could not be told: to `put` or to `delete` an event."""

    action: ClassVar[str] = "calendar.telling_tried_again"
    operation: str
    uid: str

    @property
    def details(self) -> dict[str, Any]:
        return super().details | {"operation": self.operation, "uid": self.uid}


@dataclass(frozen=True, kw_only=True)
class CalendarCreated(_AboutCalendar):
    action: ClassVar[str] = "calendar.created"


@dataclass(frozen=True, kw_only=True)
class CalendarChanged(_AboutCalendar):
    """`changes`: of secrets only that there are others."""

    action: ClassVar[str] = "calendar.changed"
    changes: Changes
    promoted: Sequence[str] = ()

    @property
    def details(self) -> dict[str, Any]:
        more = {"promoted": list(self.promoted)} if self.promoted else {}
        return super().details | {"changes": self.changes} | more


@dataclass(frozen=True, kw_only=True)
class CalendarDeleted(_AboutCalendar):
    action: ClassVar[str] = "calendar.deleted"
    event_count: int
    promoted: Sequence[str] = ()

    @property
    def details(self) -> dict[str, Any]:
        more = {"promoted": list(self.promoted)} if self.promoted else {}
        return super().details | {"events": self.event_count} | more


@dataclass(frozen=True, kw_only=True)
class _AboutPriorityToken(Fact):
    """Never the word itself: whoever knows it has its priority. `calendars`: slugs; none = all."""

    token_id: int
    priority: int
    calendars: Sequence[str]

    @property
    def target(self) -> str:
        return f"priority_token:{self.token_id}"

    @property
    def details(self) -> dict[str, Any]:
        return {"priority": self.priority, "calendars": list(self.calendars)}


@dataclass(frozen=True, kw_only=True)
class PriorityTokenCreated(_AboutPriorityToken):
    action: ClassVar[str] = "priority_token.created"


@dataclass(frozen=True, kw_only=True)
class PriorityTokenChanged(_AboutPriorityToken):
    """`changes`: of the word only that it is another one."""

    action: ClassVar[str] = "priority_token.changed"
    changes: Changes

    @property
    def details(self) -> dict[str, Any]:
        return super().details | {"changes": self.changes}


@dataclass(frozen=True, kw_only=True)
class PriorityTokenDeleted(_AboutPriorityToken):
    action: ClassVar[str] = "priority_token.deleted"


@dataclass(frozen=True, kw_only=True)
class _AboutMailTemplate(Fact):
    template_id: int
    name: str

    @property
    def target(self) -> str:
        return f"mail_template:{self.template_id}"

    @property
    def details(self) -> dict[str, Any]:
        return {"name": self.name}


@dataclass(frozen=True, kw_only=True)
class MailTemplateCreated(_AboutMailTemplate):
    action: ClassVar[str] = "mail_template.created"


@dataclass(frozen=True, kw_only=True)
class MailTemplateChanged(_AboutMailTemplate):
    """`changes`: of its texts only that they are others."""

    action: ClassVar[str] = "mail_template.changed"
    changes: Changes

    @property
    def details(self) -> dict[str, Any]:
        return super().details | {"changes": self.changes}


@dataclass(frozen=True, kw_only=True)
class MailTemplateDeleted(_AboutMailTemplate):
    action: ClassVar[str] = "mail_template.deleted"


@dataclass(frozen=True, kw_only=True)
class _AboutFeed(Fact):
    """`subject`: `group:4`, which is the target; `name`: what that is called. Of its address nothing is told."""

    subject: str
    name: str

    @property
    def target(self) -> str:
        return self.subject

    @property
    def details(self) -> dict[str, Any]:
        return {"name": self.name}


@dataclass(frozen=True, kw_only=True)
class FeedCreated(_AboutFeed):
    """Something has got an address at which calendar programs read it."""

    action: ClassVar[str] = "feed.created"


@dataclass(frozen=True, kw_only=True)
class FeedRenewed(_AboutFeed):
    """It has got another one; the one before leads nowhere."""

    action: ClassVar[str] = "feed.renewed"
