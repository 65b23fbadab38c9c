"""What the streams need to know: who writes notices, that there are new ones, and whose status was changed."""

from django.db import migrations

# The lock is taken before the first id: a trigger for the statement comes before its rows are made.
WRITING = """
CREATE FUNCTION notifications_writing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(9, 0);
    PERFORM pg_notify('cspace_live', 'notice');
    RETURN NULL;
END $$;
CREATE TRIGGER notifications_writing BEFORE INSERT ON notifications_notification
    FOR EACH STATEMENT EXECUTE FUNCTION notifications_writing();
"""
# One word for each person and status of a statement; of several notices, or all that there are, without an id.
MARKING = """
CREATE FUNCTION notifications_marking() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('cspace_live', 'inbox ' || json_build_object(
                'user', after.user_id, 'status', after.status, 'id',
                CASE WHEN count(*) = 1 AND current_setting('cspace.marking', true) IS DISTINCT FROM 'all'
                     THEN min(after.id) END))
       FROM after JOIN before USING (id) WHERE after.status <> before.status
      GROUP BY after.user_id, after.status;
    RETURN NULL;
END $$;
CREATE TRIGGER notifications_marking AFTER UPDATE ON notifications_notification
    REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION notifications_marking();
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0003_a_notice_is_data")]

    operations = [
        migrations.RunSQL(
            [WRITING, MARKING],
            [
                "DROP TRIGGER notifications_writing ON notifications_notification",
                "DROP FUNCTION notifications_writing()",
                "DROP TRIGGER notifications_marking ON notifications_notification",
                "DROP FUNCTION notifications_marking()",
            ],
        ),
    ]
