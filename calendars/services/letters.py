"""Letters to organizers whose event, or one date of whose series, clearing has removed (contract Room Booking §9).

They are posted in the transaction that removes it, so that there is one for each. By then the event is gone: the values
of its letter travel with it, masked; how they are worded its template says when it is sent.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.html import linebreaks

from calendars.models import CalendarOccurrence, MailTemplate
from calendars.queries.claims import ClearingClaims
from calendars.queries.clearings import uses_of_claims
from calendars.queries.winners import Use
from calendars.rules.clearing import ClearingDecision, Removal
from calendars.rules.dates import on_wall
from calendars.rules.keeping import kept_claims, lost_by_priority
from calendars.rules.template_syntax import EVENTS, MAX_EVENTS
from calendars.rules.templates import PLAIN, RenderedMail, UnusableTemplate, rendered
from kernel.letters import LetterKind, Message, is_mail_on, post_many
from kernel.mail_addresses import is_mail_address

logger = logging.getLogger("cspace.calendars")
TIMES = ("start", "end", "created")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def post_letters(claims: ClearingClaims, decision: ClearingDecision, uses: Mapping[int, Use], *, now: datetime) -> None:
    """Write to the organizers of what is removed, after the commit, where its calendar has a template and they have an
    address. `uses`: {date: as others are told of it}, of those that are removed."""
    removed = [each for each in decision.losers if _wants_letter(claims.dates[each.claim.id], uses[each.claim.id])]
    if not removed or not is_mail_on():
        return
    staying = kept_claims(claims.claims, decision)
    beside = {each.claim.id: staying[each.claim.id][:MAX_EVENTS] for each in removed}
    uses_beside = uses_of_claims([claim for each in beside.values() for claim in each], claims.dates)
    letters = {}
    for removal in removed:
        date, others = claims.dates[removal.claim.id], beside[removal.claim.id]
        overlaps = [_values(uses_beside[each], has_priority=each.priority > 0) for each in others]
        letters[_key(date)] = _arguments(removal, date, uses[date.pk], overlaps)
    post_many(CLEARED, letters, now=now)


def write_cleared(
    *, now: datetime, template_id: int, address: str, zone: str, values: Mapping[str, Any]
) -> Message | None:
    """By the template as it is now, or in plain words where that cannot be rendered; None where it is gone."""
    template = MailTemplate.objects.filter(pk=template_id).first()
    if template is None:
        return None
    mail = _worded(template, _on_wall(values, ZoneInfo(zone)))
    html = mail.html or linebreaks(mail.text, autoescape=True)
    return Message(address=address, subject=mail.subject, text=mail.text, html=html)


def _worded(template: MailTemplate, values: Mapping[str, Any]) -> RenderedMail:
    """A template is tried with samples when it is saved; these values may be longer, or bring it to what none did. What
    is wrong may quote them: the log names the template alone."""
    try:
        return rendered(template, values)
    except UnusableTemplate:
        logger.warning("a mail template cannot be rendered", extra={"template_id": template.pk})
        return rendered(PLAIN, values)


CLEARED = LetterKind(name="calendars.cleared", write=write_cleared)


def _wants_letter(date: CalendarOccurrence, use: Use) -> bool:
    return date.event.calendar.mail_template_id is not None and is_mail_address(use.organizer)


def _key(date: CalendarOccurrence) -> str:
    """Of the date as it was removed: what its source has brought back in another version may be removed once more."""
    version = 0 if date.last_modified is None else int((date.last_modified - EPOCH).total_seconds())
    return f"calendar:{date.pk}:{date.recurrence_id.astimezone(UTC):%Y%m%dT%H%M%SZ}:{date.sequence}.{version}"


def _arguments(
    removal: Removal, date: CalendarOccurrence, use: Use, overlaps: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    calendar, claim = date.event.calendar, removal.claim
    values = _values(use, has_priority=claim.priority > 0) | {
        "is_deleted": not claim.is_repeated,
        "is_cancelled": claim.is_repeated,
        "is_recurring": claim.is_repeated,
        "is_deprioritized": lost_by_priority(removal),
        EVENTS: overlaps,
        "calendar_name": calendar.name,
    }
    return {
        "template_id": calendar.mail_template_id,
        "address": use.organizer,
        "zone": calendar.timezone,
        "values": values,
    }


def _values(use: Use, *, has_priority: bool) -> dict[str, Any]:
    return {
        "name": use.name,
        "start": use.interval.starts_at.isoformat(),
        "end": use.interval.ends_at.isoformat(),
        "created": use.created_at.isoformat(),
        "organizer": use.organizer or None,
        "is_priorized": has_priority,
    }


def _on_wall(values: Mapping[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    """Its times as a calendar's wall shows them."""
    times = {name: on_wall(datetime.fromisoformat(values[name]), zone) for name in TIMES}
    beside = {EVENTS: [_on_wall(each, zone) for each in values[EVENTS]]} if EVENTS in values else {}
    return {**values, **times, **beside}
