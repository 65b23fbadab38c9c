"""Reminding people: of what they have booked, of what waits for a decision, of series that come to their end.

What is due is found by what is in the tables now, not by what was planned: whatever was approved, moved, cancelled or
chosen meanwhile counts. A row says that people have been told; who inserts it tells them, in the same transaction.
"""

from collections.abc import Callable
from dataclasses import fields
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings

from accounts.rules import MAX_REMINDER_HOURS, REMINDER_HOURS
from groups.queries.recipients import cspace_people
from kernel.campus_time import Interval, campus_date, campus_zone
from kernel.db.batch import Statement, send
from kernel.db.pipeline import ResultRow
from kernel.db.transactions import transact, transactional
from kernel.facts import Fact, publish_many
from registrations.enums import RegistrationStatus, ReminderKind
from registrations.facts.registrations import DecisionDelayed, RegistrationNeared, RegistrationSummary
from registrations.facts.series import SeriesEndNeared, SeriesSummary
from registrations.rules import ENDING_DAYS, WAITING_HOURS

BATCH = 500
"""At most so many in one transaction: whoever wants to change one of them waits for no longer."""
# What somebody is changing at this moment is passed over: whether it still is to be told of is known when he is done,
# a minute later. So nobody is reminded of what is being cancelled, and this never waits for a row while it holds
# others. What was changed since the statement began is judged by PostgreSQL as it is now, because it is locked.
LOCK = "FOR SHARE OF {rows} SKIP LOCKED"
REGISTRATIONS = """
WITH due AS MATERIALIZED (
     SELECT held.id, held.classroom_id, held.starts_at, held.ends_at, registration.group_id,
            registration.created_by_id, registration.series_id, creator.is_active, creator.username
       FROM classrooms_occupancy AS held
       JOIN registrations_registration AS registration ON registration.occupancy_id = held.id
       JOIN accounts_user AS creator ON creator.id = registration.created_by_id
       LEFT JOIN accounts_preferences AS chosen ON chosen.user_id = creator.id
      CROSS JOIN LATERAL (SELECT held.starts_at - make_interval(hours => {hours}) AS due_at) AS reminder
      WHERE held.is_live AND held.starts_at > %s::timestamptz AND held.starts_at <= %s::timestamptz
        AND registration.status = '{status}' AND {whom}
        AND due_at <= %s::timestamptz AND registration.created_at <= due_at
        AND NOT EXISTS (SELECT FROM registrations_reminder AS former
                         WHERE former.registration_id = held.id AND former.kind = '{kind}'
                           AND former.starts_at = held.starts_at)
      ORDER BY held.starts_at, held.id
      LIMIT {batch} {lock}
), fresh AS ({keep})
SELECT fresh.id, due.created_by_id, classroom.name, coalesce(owner.name, due.username), due.starts_at, due.ends_at,
       due.series_id, due.is_active
  FROM due
  JOIN classrooms_classroom AS classroom ON classroom.id = due.classroom_id
  LEFT JOIN groups_group AS owner ON owner.id = due.group_id
  LEFT JOIN fresh ON fresh.id = due.id
 ORDER BY due.starts_at, due.id
"""
KEEP_REGISTRATIONS = """
     INSERT INTO registrations_reminder (registration_id, kind, starts_at)
     SELECT id, '{kind}', starts_at FROM due ORDER BY starts_at, id
         ON CONFLICT DO NOTHING RETURNING registration_id AS id
"""
CHOSEN_HOURS = f"CASE WHEN chosen.user_id IS NULL THEN {REMINDER_HOURS} ELSE chosen.reminder_hours END"
# At the time of day of the last date, two weeks before it on the campus wall. Nearly every series has something in its
# newest week, which is asked first; where that says nothing (somebody has moved it, or cancelled it) all dates are.
SERIES = """
WITH due AS MATERIALIZED (
     SELECT series.*, last_on
       FROM classrooms_occupancy AS held
       JOIN registrations_registration AS registration ON registration.occupancy_id = held.id
       JOIN registrations_series AS series ON series.id = registration.series_id
       JOIN accounts_user AS creator ON creator.id = series.created_by_id
       LEFT JOIN accounts_preferences AS chosen ON chosen.user_id = creator.id
      CROSS JOIN LATERAL (SELECT held.starts_at AT TIME ZONE %s AS wall) AS campus
      CROSS JOIN LATERAL (SELECT wall::date AS last_on,
                                 (wall - interval '{days} days') AT TIME ZONE %s AS due_at) AS ending
      WHERE held.is_live AND held.starts_at > %s::timestamptz AND held.starts_at <= %s::timestamptz
        AND registration.status = '{status}' AND creator.is_active AND coalesce(chosen.is_told_of_last_dates, true)
        AND due_at <= %s::timestamptz AND series.created_at <= due_at AND series.starts_on <= last_on - {days}
        AND NOT EXISTS (SELECT FROM registrations_endingnotice AS former
                         WHERE former.series_id = series.id AND former.last_on = ending.last_on)
        AND NOT EXISTS (SELECT FROM (SELECT registration_id FROM registrations_seriesweek AS week
                                      WHERE week.series_id = series.id AND registration_id IS NOT NULL
                                      ORDER BY begins_on DESC LIMIT 1) AS newest
                          JOIN registrations_registration AS later ON later.occupancy_id = newest.registration_id
                          JOIN classrooms_occupancy AS lasting ON lasting.id = later.occupancy_id
                         WHERE later.status = '{status}' AND lasting.starts_at > held.starts_at)
        AND NOT EXISTS (SELECT FROM registrations_registration AS later
                          JOIN classrooms_occupancy AS lasting ON lasting.id = later.occupancy_id
                         WHERE later.series_id = series.id AND later.status = '{status}'
                           AND (lasting.starts_at, lasting.id) > (held.starts_at, held.id))
      ORDER BY series.id
      LIMIT {batch} {lock}
), fresh AS ({keep})
SELECT fresh.id, due.created_by_id, owner.name, classroom.name, due.day_of_week, due.start_minute, due.end_minute,
       due.starts_on, due.ends_on, due.last_on
  FROM due
  JOIN classrooms_classroom AS classroom ON classroom.id = due.classroom_id
  JOIN groups_group AS owner ON owner.id = due.group_id
  LEFT JOIN fresh ON fresh.id = due.id
 ORDER BY due.id
"""
SERIES_COLUMNS = (*(field.name for field in fields(SeriesSummary)), "last_on")
"""Of the statement's rows."""
KEEP_SERIES = """
     INSERT INTO registrations_endingnotice (series_id, last_on) SELECT id, last_on FROM due ORDER BY id
         ON CONFLICT DO NOTHING RETURNING series_id AS id
"""
FORGET_REGISTRATIONS = "DELETE FROM registrations_reminder WHERE starts_at <= %s::timestamptz"
FORGET_SERIES = "DELETE FROM registrations_endingnotice WHERE last_on < %s::date"


def remind_people(*, now: datetime) -> int:
    """Tell people of what is due and of what they have not been told for this time; of how much they were told.

    Publishes `RegistrationNeared`, `DecisionDelayed`, `SeriesEndNeared`. Each transaction tells of `BATCH` at most. May
    run in several places at once. One kind that fails does not keep the others; the first error is raised in the end.
    """
    number, problem = 0, None
    for tell in (_near_registrations, _waiting_registrations, _ending_series):
        try:
            number += _tell_all(partial(tell, now))
        except Exception as error:
            problem = problem or error
    if problem is not None:
        raise problem
    return number


def forget_reminders(*, now: datetime) -> int:
    """Remove the rows about what has started, which nobody can be reminded of any more; how many."""
    rows = transact(
        Statement(f"{FORGET_REGISTRATIONS} RETURNING 1", (now,)),
        Statement(f"{FORGET_SERIES} RETURNING 1", (campus_date(now),)),
    )
    return sum(map(len, rows))


def _tell_all(look: Callable[[], tuple[int, list[Fact]]]) -> int:
    """Batch after batch, until one is not full."""
    number, is_full = 0, True
    while is_full:
        size, notable = _tell(look)
        number, is_full = number + notable, size == BATCH
    return number


@transactional
def _tell(look: Callable[[], tuple[int, list[Fact]]]) -> tuple[int, int]:
    """One transaction: how much was due, and of how much of it nobody else had told meanwhile."""
    size, facts = look()
    publish_many(facts)
    return size, len(facts)


def _near_registrations(now: datetime) -> tuple[int, list[Fact]]:
    rows = _due_registrations(
        now,
        kind=ReminderKind.NEAR,
        status=RegistrationStatus.APPROVED,
        hours=CHOSEN_HOURS,
        most_hours=MAX_REMINDER_HOURS,
        whom="creator.is_active",
    )
    fresh = [row for row in rows if row[0] is not None]
    return len(rows), [RegistrationNeared(registration=_summary(row), actor_id=None, occurred_at=now) for row in fresh]


def _waiting_registrations(now: datetime) -> tuple[int, list[Fact]]:
    rows = _due_registrations(
        now,
        kind=ReminderKind.WAITING,
        status=RegistrationStatus.PENDING,
        hours=str(WAITING_HOURS),
        most_hours=WAITING_HOURS,
        whom="true",
    )
    return len(rows), [
        DecisionDelayed(
            registration=_summary(row),
            deciders=cspace_people(),
            has_active_creator=row[-1],
            actor_id=None,
            occurred_at=now,
        )
        for row in rows
        if row[0] is not None
    ]


def _due_registrations(
    now: datetime, *, kind: ReminderKind, status: RegistrationStatus, hours: str, most_hours: int, whom: str
) -> list[ResultRow]:
    """The rows of `REGISTRATIONS`; the first column is None where somebody else has told meanwhile."""
    sql = REGISTRATIONS.format(
        kind=kind.value,
        status=status.value,
        hours=hours,
        whom=whom,
        batch=BATCH,
        lock=_locking("held, registration"),
        keep=_keeping(KEEP_REGISTRATIONS.format(kind=kind.value)),
    )
    (rows,) = send(Statement(sql, (now, now + timedelta(hours=most_hours), now)))
    return list(rows)


def _ending_series(now: datetime) -> tuple[int, list[Fact]]:
    sql = SERIES.format(
        status=RegistrationStatus.APPROVED.value,
        days=ENDING_DAYS,
        batch=BATCH,
        lock=_locking("held, registration"),
        keep=_keeping(KEEP_SERIES),
    )
    # One more: a day on which the clocks are put back is longer.
    zone, horizon = campus_zone().key, now + timedelta(days=ENDING_DAYS + 1)
    (rows,) = send(Statement(sql, (zone, zone, now, horizon, now)))
    fresh = [dict(zip(SERIES_COLUMNS, row, strict=True)) for row in rows if row[0] is not None]
    return len(rows), [
        SeriesEndNeared(last_on=row.pop("last_on"), series=SeriesSummary(**row), actor_id=None, occurred_at=now)
        for row in fresh
    ]


def _summary(row: ResultRow) -> RegistrationSummary:
    pk, creator_id, classroom, group, starts_at, ends_at, series_id, _ = row
    return RegistrationSummary(
        id=pk,
        created_by_id=creator_id,
        classroom=classroom,
        group=group,
        interval=Interval(starts_at, ends_at),
        series_id=series_id,
    )


def _locking(rows: str) -> str:
    return "" if "skip-lock" in settings.CSPACE_TEST_FAULTS else LOCK.format(rows=rows)


def _keeping(insert: str) -> str:
    return "SELECT id FROM due" if "skip-reminder-row" in settings.CSPACE_TEST_FAULTS else insert
