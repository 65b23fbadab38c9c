"""What the draw and a promotion after it have in common: whom they hold, and how they write what they decide."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

from django.db import connection

from allocations.draw import Win
from allocations.enums import EntryStatus, Grant
from allocations.facts.wording import dates_made_of
from allocations.models import AllocationEvent, AllocationRegistration
from classrooms.services.room_holding import hold_rooms
from groups.models import Group
from groups.services.holding import hold_groups
from kernel.db.transactions import allow_long_work
from kernel.phrases import NoticeParams
from registrations.enums import Source
from registrations.services.judging import RULES_ARE_READ
from registrations.services.series_dates import SeriesDraft
from registrations.services.series_writing import WrittenSeries

LONGEST_STATEMENT_SECONDS = 120
LONGEST_WAIT_SECONDS = 30
"""For the event and the rooms: a second `distribute` waits for the first and gets its answer."""
EntriesById = Mapping[int, AllocationRegistration]


class Decision(NamedTuple):
    """What is decided on an entry, in the order in which `write_decisions` hands it to PostgreSQL."""

    entry_id: int
    status: EntryStatus
    reason: str = ""
    lost_to: int | None = None
    position: int | None = None
    served_before: int | None = None
    grant: str = ""
    series_id: int | None = None

    @classmethod
    def won(cls, win: Win, grant: Grant, series_id: int) -> "Decision":
        """A winner with the series it gets."""
        return cls(
            win.entry_id,
            EntryStatus.APPROVED,
            position=win.position,
            served_before=win.used_before,
            grant=grant,
            series_id=series_id,
        )


def allow_long_draw() -> None:
    """Give the transaction the time that all entries of a campus take."""
    allow_long_work(statement_seconds=LONGEST_STATEMENT_SECONDS, wait_seconds=LONGEST_WAIT_SECONDS)


def hold_groups_and_rooms(event: AllocationEvent) -> dict[int, Group]:
    """Hold the groups of an event's entries and lock their rooms exclusively; the living groups by id.

    Three statements. The event is held. What the entries say is read after it.
    """
    pairs = list(event.entries.values_list("group_id", "classroom_id").order_by().distinct())
    living = hold_groups({group_id for group_id, _ in pairs})
    hold_rooms({room_id for _, room_id in pairs}, after=[RULES_ARE_READ])
    return living


def series_draft(event: AllocationEvent, entry: AllocationRegistration, first: date) -> SeriesDraft:
    """The weekly series an entry gets: in the name of who filed it, from `first` to the end of the event's range."""
    return SeriesDraft(
        group_id=entry.group_id,
        classroom_id=entry.classroom_id,
        day_of_week=entry.day_of_week,
        start_minute=entry.start_minute,
        end_minute=entry.end_minute,
        starts_on=first,
        ends_on=event.target_ends_on,
        created_by_id=entry.created_by_id,
        description=entry.description,
        attendees=entry.attendees,
        source=Source.DRAW,
        event_id=event.pk,
    )


def outcome_of(entry: AllocationRegistration, **more: Any) -> NoticeParams:
    """What whoever filed an entry is told of it: what `OUTCOME` is made of."""
    return {"entry_id": entry.pk, **entry.summary.details, **more}


def win_of(entry: AllocationRegistration, series: WrittenSeries) -> NoticeParams:
    """The same of a winner: "522 got Room A, Wednesdays 09:10–10:20, 16 dates, 1 skipped (closed)"."""
    dates = dates_made_of(len(series.occurrences), (row.why for row in series.skipped if row.why))
    return outcome_of(entry, is_won=True, series_id=series.id, **dates)


def write_decisions(decisions: Iterable[Decision]) -> None:
    """Write what is decided on entries; one statement, none where nothing is decided."""
    columns = [list(column) for column in zip(*decisions, strict=True)]
    if not columns:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE allocations_allocationregistration AS entry"
            " SET status = decided.status, reason = decided.reason, lost_to_id = decided.lost_to,"
            ' position = decided.place, served_before = decided.served, "grant" = decided.how,'
            " series_id = decided.series"
            " FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::bigint[], %s::int[], %s::int[], %s::text[],"
            " %s::bigint[]) AS decided (id, status, reason, lost_to, place, served, how, series)"
            " WHERE entry.id = decided.id",
            columns,
        )
