"""What registrations do when something below them goes: an archived group, a closing room."""

from collections import defaultdict
from datetime import date

from classrooms.facts import RoomClosing, RoomOpening
from classrooms.services.room_time import lock_and_reload
from groups.facts import GroupArchiving
from groups.services.holding import GroupIsArchived
from kernel.campus_time import campus_date
from kernel.facts import Notice, on_cascade, publish_many
from registrations.enums import SkipReason, WeekState
from registrations.facts.registrations import RegistrationSummary, slots_are_free_again
from registrations.models import Registration, Series
from registrations.queries.losses import lost_to_closure
from registrations.services.cancelling import cancel_locked, set_cancelled
from registrations.services.series import set_series_cancelled
from registrations.services.week_rows import WeekRow, write_weeks


def connect() -> None:
    """Subscribe; called once at start-up."""
    on_cascade(GroupArchiving, cancel_for_archived_group)
    on_cascade(RoomClosing, cancel_for_closing_room)
    on_cascade(RoomOpening, tell_who_lost_time)


def cancel_for_archived_group(archiving: GroupArchiving) -> list[str]:
    """Cancel the group's live registrations that have not ended, and its series; a constant number of statements.

    The group row is locked, so none can be added.
    """
    today = campus_date(archiving.occurred_at)
    rows = Registration.objects.filter(group_id=archiving.group_id).ending_after(archiving.occurred_at)
    running = Series.objects.filter(group_id=archiving.group_id).running_from(today)

    def load() -> tuple[list[Registration], list[Series]]:
        return (
            list(rows.live().with_api_relations().select_related("week").in_order()),
            list(running.select_related("group", "classroom").in_order()),
        )

    def rooms(rows: tuple[list[Registration], list[Series]]) -> set[int]:
        return {row.occupancy.classroom_id for row in rows[0]} | {series.classroom_id for series in rows[1]}

    registrations, series = lock_and_reload(load, rooms)
    ids = {row.pk for row in series}
    following = [row for row in registrations if row.series_id in ids and row.follows_series]
    alone = [row for row in registrations if row.series_id not in ids or not row.follows_series]
    actor_id, now, reason = archiving.actor_id, archiving.occurred_at, GroupIsArchived.message
    cancel_locked(*alone, actor_id=actor_id, now=now, reason=reason)
    publish_many(set_series_cancelled(series, following, actor_id=actor_id, now=now, from_day=today, reason=reason))
    return _targets(registrations) + [f"series:{row.pk}" for row in series]


def cancel_for_closing_room(closing: RoomClosing) -> list[str]:
    """Cancel what is registered over the closure. The closing side holds the rooms exclusively."""
    rows = Registration.objects.filter(
        occupancy__classroom_id__in=closing.classroom_ids,
        occupancy__starts_at__lt=closing.interval.ends_at,
        occupancy__ends_at__gt=closing.interval.starts_at,
    )
    registrations = list(rows.live().with_api_relations().select_related("week").in_order())
    write_weeks([_closed(row) for row in registrations if row.follows_series])
    reason = closing.reason or "The room is closed"
    facts = set_cancelled(registrations, actor_id=closing.actor_id, now=closing.occurred_at, reason=reason)
    if alone := [row.pk for row in registrations if not row.follows_series]:
        Registration.objects.filter(pk__in=alone).update(is_closed_over=True)
    publish_many(facts)
    return _targets(registrations)


def _closed(occurrence: Registration) -> WeekRow:
    """The week of an occurrence that a closure cancels: it is skipped, and may be tried again."""
    return WeekRow(
        occurrence.week.series_id,
        occurrence.week.begins_on,
        WeekState.SKIPPED,
        day=campus_date(occurrence.occupancy.starts_at),
        why=SkipReason.CLOSED,
    )


def tell_who_lost_time(opening: RoomOpening) -> list[str]:
    """A closure is gone: tell who had booked under it, and whose series skipped dates for it, what is free now.

    The room is held exclusively. Three queries; nothing is written.
    """
    alone, weeks = lost_to_closure(opening.classroom_id, opening.interval, now=opening.occurred_at)
    dates: dict[Series, list[date]] = defaultdict(list)
    for week in weeks:
        dates[week.series].append(week.series.slot.day_in(week.begins_on))
    slots: dict[int, list[RegistrationSummary]] = defaultdict(list)
    for registration in alone:
        slots[registration.created_by_id].append(registration.summary)
    opening.notices.extend(
        [
            *(Notice(recipients=[person], text=slots_are_free_again(rows)) for person, rows in slots.items()),
            *(series.summary.free_again(days) for series, days in dates.items()),
        ]
    )
    return _targets(alone) + [f"series:{series.pk}" for series in dates]


def _targets(registrations: list[Registration]) -> list[str]:
    return [f"registration:{registration.pk}" for registration in registrations]
