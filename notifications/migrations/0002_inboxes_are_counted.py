"""How many notices a person has is counted by PostgreSQL when they are written, not when somebody asks."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# A part that nobody else is writing to is this transaction's own until it ends: nobody waits for anybody, so that no order
# of people can be a deadlock. 8 is `kernel.db.locks.Namespace.INBOX_PART`. A version grows by chance: after a restore no
# number comes back that somebody has seen.
COUNT = """
CREATE FUNCTION notifications_count_{event}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    own integer := 0;
BEGIN
    WHILE NOT pg_try_advisory_xact_lock(8, own) LOOP
        own := own + 1;
    END LOOP;
    INSERT INTO notifications_inboxpart AS inbox (user_id, status, part, number, version)
    SELECT user_id, status, own, sum(step), 1 + floor(random() * 4294967296)::bigint
      FROM ({steps}) AS change (user_id, status, step)
     GROUP BY user_id, status
        ON CONFLICT (user_id, status, part) DO UPDATE
       SET number = inbox.number + excluded.number, version = inbox.version + excluded.version;
    RETURN NULL;
END $$;
CREATE TRIGGER notifications_{event} AFTER {event} ON notifications_notification {tables}
    FOR EACH STATEMENT EXECUTE FUNCTION notifications_count_{event}();
"""
ADDED, REMOVED = "SELECT user_id, status, 1 FROM added", "SELECT user_id, status, -1 FROM removed"
FORGET = """
CREATE FUNCTION notifications_count_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM notifications_inboxpart;
    RETURN NULL;
END $$;
CREATE TRIGGER notifications_truncate AFTER TRUNCATE ON notifications_notification
    FOR EACH STATEMENT EXECUTE FUNCTION notifications_count_truncate();
"""
TRIGGERS = [
    COUNT.format(event="insert", steps=ADDED, tables="REFERENCING NEW TABLE AS added"),
    COUNT.format(event="delete", steps=REMOVED, tables="REFERENCING OLD TABLE AS removed"),
    COUNT.format(
        event="update",
        steps=f"{ADDED} UNION ALL {REMOVED}",
        tables="REFERENCING OLD TABLE AS removed NEW TABLE AS added",
    ),
    FORGET,
]
NO_TRIGGERS = [
    f"DROP TRIGGER notifications_{event} ON notifications_notification; DROP FUNCTION notifications_count_{event}();"
    for event in ("insert", "delete", "update", "truncate")
]
# The triggers wait until nobody is writing any more, and keep others from it until this migration is done.
COUNT_ALL = """
INSERT INTO notifications_inboxpart (user_id, status, part, number, version)
SELECT user_id, status, 0, count(*), 1 + floor(random() * 4294967296)::bigint
  FROM notifications_notification GROUP BY user_id, status
"""


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0001_notifications'),
    ]

    operations = [
        migrations.CreateModel(
            name='InboxPart',
            fields=[
                ('pk', models.CompositePrimaryKey('user_id', 'status', 'part', blank=True, editable=False, primary_key=True, serialize=False)),
                ('user', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('status', models.CharField(max_length=10)),
                ('part', models.IntegerField()),
                ('number', models.BigIntegerField()),
                ('version', models.BigIntegerField()),
            ],
        ),
        migrations.RunSQL(TRIGGERS, NO_TRIGGERS),
        migrations.RunSQL(COUNT_ALL, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name='notification',
            index=models.Index(fields=['user', 'status', '-created_at', '-id'], name='notification_newest_of_status'),
        ),
        migrations.RemoveIndex(
            model_name='notification',
            name='notification_unread',
        ),
    ]
