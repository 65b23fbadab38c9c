"""Whoever gives room time up has what waits for it promoted, without knowing of it."""

from django.db import migrations

# What calendars give up themselves they hand on in the same transaction.
PROMOTING = """
CREATE FUNCTION calendars_promote() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (SELECT OLD.classroom_id AS room
                      UNION ALL
                     SELECT other_id FROM classrooms_roomoverlap WHERE classroom_id = OLD.classroom_id) AS reached
          JOIN classrooms_occupancy AS waiting
            ON waiting.classroom_id = reached.room AND NOT waiting.is_live AND waiting.kind = 'calendar'
           AND waiting.starts_at < OLD.ends_at AND waiting.ends_at > OLD.starts_at)
    THEN
        INSERT INTO procrastinate_jobs (queue_name, task_name, queueing_lock, args, scheduled_at)
        VALUES ('default', 'calendars.promote', 'calendars.promote:' || OLD.classroom_id,
                jsonb_build_object('classroom_id', OLD.classroom_id), now())
        ON CONFLICT (queueing_lock) WHERE status = 'todo' DO NOTHING;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER calendars_promote_released
    AFTER UPDATE OF is_live, classroom_id, starts_at, ends_at ON classrooms_occupancy
    FOR EACH ROW WHEN (OLD.is_live AND OLD.kind <> 'calendar'
                       AND (NOT NEW.is_live OR OLD.classroom_id <> NEW.classroom_id
                            OR OLD.starts_at <> NEW.starts_at OR OLD.ends_at <> NEW.ends_at))
    EXECUTE FUNCTION calendars_promote();
CREATE TRIGGER calendars_promote_deleted AFTER DELETE ON classrooms_occupancy
    FOR EACH ROW WHEN (OLD.is_live AND OLD.kind <> 'calendar')
    EXECUTE FUNCTION calendars_promote();
"""
FORGETTING = """
DROP TRIGGER calendars_promote_released ON classrooms_occupancy;
DROP TRIGGER calendars_promote_deleted ON classrooms_occupancy;
DROP FUNCTION calendars_promote();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("calendars", "0001_calendars_and_their_events"),
        ("classrooms", "0011_what_waits_for_a_room_is_found"),
        ("procrastinate", "0041_post_retry_failed_job"),
    ]

    operations = [migrations.RunSQL(PROMOTING, FORGETTING)]
