"""What registrations do when something below them goes: an archived group, a closing room."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from django.db.models.functions import Coalesce

from classrooms.enums import OccupancyKind
from classrooms.facts import RoomClosing, RoomOpening
from classrooms.models import Occupancy
from classrooms.services.room_holding import lock_and_reload
from groups.facts import GroupArchiving
from groups.services.holding import GroupIsArchived
from kernel.campus_time import campus_date
from kernel.db.expressions import IsAmong
from kernel.facts import on_cascade, publish_many
from policies.services.booking_rules import hold_rules, names_group
from registrations.enums import SkipReason, WeekState
from registrations.facts.registrations import RegistrationSummary, slots_are_free_again
from registrations.facts.sentences import ROOM_IS_CLOSED
from registrations.models import Registration, Series
from registrations.queries.losses import lost_to_closure
from registrations.queries.standing import Standing, standing
from registrations.services.cancelling import cancel_locked, set_cancelled
from registrations.services.charging import charge_without_rules_of_group
from registrations.services.series_cancelling import set_series_cancelled
from registrations.services.week_rows import WeekRow, write_weeks


def connect() -> None:
    """Subscribe; called once at start-up."""
    on_cascade(GroupArchiving, cancel_for_archived_group)
    on_cascade(RoomClosing, cancel_for_closing_room)
    on_cascade(RoomOpening, tell_who_lost_time)


def cancel_for_archived_group(archiving: GroupArchiving) -> list[str]:
    """Cancel the group's live registrations that have not ended, and its series; a constant number of statements.

    The group row is locked, so none can be added. Rules for this group bind no more: where there are some, they are
    held before rooms.
    """
    if has_rules := names_group(archiving.group_id):
        hold_rules()
    today = campus_date(archiving.occurred_at)
    rows = Registration.objects.filter(group_id=archiving.group_id).ending_after(archiving.occurred_at)
    running = Series.objects.filter(group_id=archiving.group_id).running_from(today)

    def load() -> tuple[list[Standing], list[Series]]:
        return standing(rows), list(running.select_related("group", "classroom").in_order())

    def rooms_of(those: tuple[list[Standing], list[Series]]) -> set[int]:
        return {row.classroom_id for row in those[0]} | {series.classroom_id for series in those[1]}

    def ask_rooms() -> set[int]:
        of_rows = rows.live().order_by().values_list("occupancy__classroom_id").distinct()
        return {room for (room,) in of_rows} | set(running.order_by().values_list("classroom_id", flat=True))

    registrations, series = lock_and_reload(load, rooms_of, ask_rooms=ask_rooms)
    ids = {row.pk for row in series}
    following, alone = list[RegistrationSummary](), list[RegistrationSummary]()
    for row in registrations:
        follows = row.week is not None and row.summary.series_id in ids
        (following if follows else alone).append(row.summary)
    actor_id, now, reason = archiving.actor_id, archiving.occurred_at, GroupIsArchived.message
    cancel_locked(alone, actor_id=actor_id, now=now, reason=reason)
    publish_many(set_series_cancelled(series, following, actor_id=actor_id, now=now, from_day=today, reason=reason))
    if has_rules:
        charge_without_rules_of_group(archiving.group_id, now=now)
    return _targets(row.summary for row in registrations) + [f"series:{row.pk}" for row in series]


def cancel_for_closing_room(closing: RoomClosing) -> list[str]:
    """Cancel what is registered over the closure. The closing side holds the rooms exclusively."""
    uses = Occupancy.objects.live().overlapping(closing.interval).filter(classroom_id__in=closing.classroom_ids)
    ids = uses.exclude(kind=OccupancyKind.BUFFER).values_list(Coalesce("main_id", "id"))
    registrations = standing(Registration.objects.filter(pk__in=ids))
    summaries = [row.summary for row in registrations]
    write_weeks(
        [
            _closed(row.summary, row.summary.series_id, row.week)
            for row in registrations
            if row.week is not None and row.summary.series_id is not None
        ]
    )
    reason = closing.reason or ROOM_IS_CLOSED
    facts = set_cancelled(summaries, actor_id=closing.actor_id, now=closing.occurred_at, reason=reason)
    if alone := [row.summary.id for row in registrations if row.week is None]:
        Registration.objects.filter(IsAmong("pk", alone)).update(is_closed_over=True)
    publish_many(facts)
    return _targets(summaries)


def _closed(occurrence: RegistrationSummary, series_id: int, week: date) -> WeekRow:
    """The week of an occurrence that a closure cancels: it is skipped, and may be tried again."""
    day = campus_date(occurrence.interval.starts_at)
    return WeekRow(series_id, week, WeekState.SKIPPED, day=day, why=SkipReason.CLOSED)


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
            *(slots_are_free_again(person, rows) for person, rows in slots.items()),
            *(series.summary.free_again(days) for series, days in dates.items()),
        ]
    )
    return _targets(row.summary for row in alone) + [f"series:{series.pk}" for series in dates]


def _targets(registrations: Iterable[RegistrationSummary]) -> list[str]:
    return [f"registration:{registration.id}" for registration in registrations]
