"""What the engine does not keep; and the index by which a late job is found."""

import django.db.models.deletion
from django.db import migrations, models

# The engine's rows are removed in SQL, so PostgreSQL removes what hangs on them.
GOES_WITH_ITS_JOB = """
ALTER TABLE jobs_jobfailure ADD CONSTRAINT jobfailure_goes_with_its_job
    FOREIGN KEY (job_id) REFERENCES procrastinate_jobs (id) ON DELETE CASCADE
"""
DUE = "CREATE INDEX jobs_due ON procrastinate_jobs (scheduled_at) WHERE status = 'todo'"
FAILED = "CREATE INDEX jobs_failed ON procrastinate_jobs (task_name) WHERE status = 'failed'"


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('procrastinate', '0041_post_retry_failed_job'),
    ]

    operations = [
        migrations.CreateModel(
            name='QueuedJob',
            fields=[
            ],
            options={
                'verbose_name': 'job',
                'proxy': True,
                'indexes': [],
                'constraints': [],
            },
            bases=('procrastinate.procrastinatejob',),
        ),
        migrations.CreateModel(
            name='DueTime',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=128, unique=True)),
                ('due_at', models.DateTimeField()),
                ('next_due_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='JobFailure',
            fields=[
                ('job', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, related_name='failure', serialize=False, to='jobs.queuedjob')),
                ('error', models.TextField()),
                ('failed_at', models.DateTimeField()),
            ],
        ),
        migrations.RunSQL(GOES_WITH_ITS_JOB, "ALTER TABLE jobs_jobfailure DROP CONSTRAINT jobfailure_goes_with_its_job"),
        migrations.RunSQL(DUE, "DROP INDEX jobs_due"),
        migrations.RunSQL(FAILED, "DROP INDEX jobs_failed"),
    ]
