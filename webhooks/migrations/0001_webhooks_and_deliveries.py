"""Webhooks, what they are sent, and the trigger on the log that writes it."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

# What is delivered is what the log says: one statement for all rows of one, in the transaction of the change. Nobody else's
# lock is waited for: the jobs have no key, on which the bookings of everybody would wait for one another.
DELIVER = """
CREATE FUNCTION webhooks_deliver() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM webhooks_webhook WHERE is_active) THEN
        RETURN NULL;
    END IF;
    WITH delivery AS (
        INSERT INTO webhooks_delivery (webhook_id, message_id, type, body, state, attempts, error, created_at)
        SELECT hook.id, 'msg_' || replace(gen_random_uuid()::text, '-', ''), entry.action,
               json_build_object(
                   'type', entry.action,
                   'timestamp', to_char(entry.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
                   'data', json_build_object(
                       'target', entry.target,
                       'details', CASE WHEN jsonb_typeof(entry.details) <> 'object' THEN entry.details
                                       WHEN jsonb_typeof(entry.details -> 'changes') = 'object'
                                       THEN (entry.details - 'description') #- '{changes,description}'
                                       ELSE entry.details - 'description' END,
                       'actor', actor.username)),
               'waiting', 0, '', entry.created_at
          FROM added AS entry
          JOIN webhooks_webhook AS hook
            ON hook.is_active
           AND (hook.events && ARRAY[entry.action, split_part(entry.action, '.', 1) || '.*', '*']::varchar[]
                OR entry.action = 'webhook.tested' AND entry.target = 'webhook:' || hook.id)
          LEFT JOIN accounts_user AS actor ON actor.id = entry.user_id
         ORDER BY entry.id, hook.id
        RETURNING webhook_id
    )
    INSERT INTO procrastinate_jobs (queue_name, task_name, args, scheduled_at)
    SELECT 'hooks', 'webhooks.send', jsonb_build_object('webhook_id', webhook_id), now()
      FROM (SELECT DISTINCT webhook_id FROM delivery) AS hook;
    RETURN NULL;
END $$;
CREATE TRIGGER webhooks_deliver AFTER INSERT ON auditlog_logentry REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION webhooks_deliver();
"""
DELIVER_NOTHING = "DROP TRIGGER webhooks_deliver ON auditlog_logentry; DROP FUNCTION webhooks_deliver();"


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_people_and_sessions'),
        ('auditlog', '0001_append_only_log'),
        ('procrastinate', '0041_post_retry_failed_job'),
    ]

    operations = [
        migrations.CreateModel(
            name='Webhook',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('url', models.CharField(max_length=1000)),
                ('events', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), size=None)),
                ('is_active', models.BooleanField(default=True)),
                ('description', models.CharField(blank=True, default='', max_length=200)),
                ('secret', models.CharField(max_length=100)),
                ('former_secret', models.CharField(blank=True, default='', max_length=100)),
                ('former_secret_until', models.DateTimeField(null=True)),
                ('failing_since', models.DateTimeField(null=True)),
                ('lease', models.UUIDField(null=True)),
                ('leased_until', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['id'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('url', ''), _negated=True), models.Q(('secret', ''), _negated=True)), name='webhook_has_url_and_secret'), models.CheckConstraint(condition=models.Q(('events__len__gt', 0)), name='webhook_has_events'), models.CheckConstraint(condition=models.Q(models.Q(('lease', None), ('leased_until', None)), models.Q(('lease__isnull', False), ('leased_until__isnull', False)), _connector='OR'), name='webhook_lease_has_an_end'), models.CheckConstraint(condition=models.Q(models.Q(('former_secret', ''), ('former_secret_until', None)), models.Q(models.Q(('former_secret', ''), _negated=True), ('former_secret_until__isnull', False)), _connector='OR'), name='webhook_former_secret_has_an_end')],
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('message_id', models.CharField(max_length=40, unique=True)),
                ('type', models.CharField(max_length=60)),
                ('body', models.TextField()),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('done', 'Done'), ('failed', 'Failed')], max_length=10)),
                ('attempts', models.IntegerField()),
                ('next_try_at', models.DateTimeField(null=True)),
                ('last_status', models.IntegerField(null=True)),
                ('duration_ms', models.IntegerField(null=True)),
                ('error', models.CharField(blank=True, max_length=200)),
                ('created_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(null=True)),
                ('webhook', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='deliveries', to='webhooks.webhook')),
            ],
            options={
                'verbose_name_plural': 'deliveries',
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['webhook', '-id'], name='delivery_newest_first'), models.Index(condition=models.Q(('state', 'waiting')), fields=['webhook', 'id'], name='delivery_waiting'), models.Index(condition=models.Q(('state', 'waiting'), _negated=True), fields=['finished_at'], name='delivery_finished')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'done', 'failed'])), name='delivery_known_state'), models.CheckConstraint(condition=models.Q(models.Q(('finished_at', None), ('state', 'waiting')), models.Q(models.Q(('state', 'waiting'), _negated=True), ('finished_at__isnull', False)), _connector='OR'), name='delivery_ends_once')],
            },
        ),
        migrations.RunSQL(DELIVER, DELIVER_NOTHING),
    ]
