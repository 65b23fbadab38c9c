"""The weeks of the series that are there: which occurrence stands for which was inferred from dates until now.

What follows its series, or was skipped, belongs to the week of its date. For what was changed by hand the week is not
known any more: its own if no other occurrence has that, else the first week of the series without one.
"""

from django.conf import settings
from django.db import migrations

OCCURRENCES = """
WITH occurrence AS (
     SELECT registration.*, held.is_live, day, day - extract(dow FROM day)::int AS week
       FROM registrations_registration AS registration
       JOIN classrooms_occupancy AS held ON held.id = registration.occupancy_id
      CROSS JOIN LATERAL (SELECT (held.starts_at AT TIME ZONE %(zone)s)::date AS day) AS campus
      WHERE registration.series_id IS NOT NULL)
"""
FOLLOWING_AND_SKIPPED = f"""
{OCCURRENCES}
INSERT INTO registrations_seriesweek (series_id, begins_on, state, registration_id, own_description, date, why, blocked_by_id)
SELECT DISTINCT ON (series_id, week) series_id, week, state,
       CASE WHEN state IN ('held', 'settled') THEN id END,
       CASE WHEN state = 'held' THEN own_description END,
       CASE WHEN state = 'skipped' THEN skipped_date END,
       CASE WHEN state = 'skipped' THEN why ELSE '' END,
       CASE WHEN state = 'skipped' THEN blocked_by_id END
  FROM (SELECT occurrence.series_id, week, occupancy_id AS id,
               CASE WHEN status <> 'cancelled' THEN 'held'
                    WHEN day > coalesce(cancelled_from - 1, ends_on) THEN 'given_up'
                    ELSE 'settled' END AS state,
               CASE WHEN occurrence.description <> series.description THEN occurrence.description END AS own_description,
               NULL::date AS skipped_date, '' AS why, NULL::bigint AS blocked_by_id,
               CASE WHEN is_live THEN 1 WHEN status = 'rejected' THEN 3 ELSE 4 END AS precedence
          FROM occurrence
          JOIN registrations_series AS series ON series.id = occurrence.series_id
         WHERE NOT is_detached
         UNION ALL
        SELECT series_id, date - extract(dow FROM date)::int, NULL,
               CASE WHEN date > coalesce(cancelled_from - 1, ends_on) THEN 'given_up' ELSE 'skipped' END,
               NULL, date, why, blocked_by_id, 2
          FROM registrations_skippeddate AS skipped
          JOIN registrations_series AS series ON series.id = skipped.series_id) AS candidate
 ORDER BY series_id, week, precedence, id DESC
"""
CHANGED_BY_HAND = f"""
{OCCURRENCES},
detached AS (SELECT series_id, week, occupancy_id AS id FROM occurrence WHERE is_detached),
free AS (
     SELECT series.id AS series_id, week::date
       FROM registrations_series AS series
      CROSS JOIN LATERAL generate_series(
            starts_on - extract(dow FROM starts_on)::int, ends_on, interval '7 days') AS week
      WHERE series.id IN (SELECT series_id FROM detached)
        AND week::date + day_of_week - 1 BETWEEN starts_on AND ends_on
        AND NOT EXISTS (SELECT FROM registrations_seriesweek AS other
                         WHERE other.series_id = series.id AND other.begins_on = week::date)),
at_home AS (
     SELECT DISTINCT ON (series_id, week) series_id, week, id
       FROM detached JOIN free USING (series_id, week)
      ORDER BY series_id, week, id),
away AS (
     SELECT series_id, id, row_number() OVER (PARTITION BY series_id ORDER BY id) AS place
       FROM detached WHERE id NOT IN (SELECT id FROM at_home)),
left_over AS (
     SELECT series_id, week, row_number() OVER (PARTITION BY series_id ORDER BY week) AS place
       FROM free WHERE (series_id, week) NOT IN (SELECT series_id, week FROM at_home))
INSERT INTO registrations_seriesweek (series_id, begins_on, state, registration_id, why)
SELECT series_id, week, 'settled', id, '' FROM at_home
 UNION ALL
SELECT series_id, week, 'settled', id, '' FROM away JOIN left_over USING (series_id, place)
"""
SKIPPED_DATES = """
INSERT INTO registrations_skippeddate (series_id, date, why, blocked_by_id)
SELECT series_id, date, why, blocked_by_id FROM registrations_seriesweek WHERE why IN ('booked', 'closed', 'dst')
"""
DETACHED = """
UPDATE registrations_registration AS registration SET is_detached = true
  FROM registrations_seriesweek AS week
 WHERE week.registration_id = registration.occupancy_id AND week.state = 'settled'
"""


def carry_over(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        for statement in (FOLLOWING_AND_SKIPPED, CHANGED_BY_HAND):
            cursor.execute(statement, {"zone": settings.CSPACE_TIME_ZONE})


def carry_back(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(SKIPPED_DATES)
        cursor.execute(DETACHED)


class Migration(migrations.Migration):

    dependencies = [
        ('registrations', '0004_weeks_of_series'),
    ]

    operations = [migrations.RunPython(carry_over, carry_back)]
