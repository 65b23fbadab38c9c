"""What people have been reminded of, once for each start of a registration and each last date of a series."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('registrations', '0006_skipped_dates_and_detached_occurrences_go'),
    ]

    operations = [
        migrations.CreateModel(
            name='EndingNotice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('last_on', models.DateField()),
                ('series', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registrations.series')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('series', 'last_on'), name='endingnotice_once_per_series_and_last_date')],
            },
        ),
        migrations.CreateModel(
            name='Reminder',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('near', 'Near'), ('waiting', 'Waiting')], max_length=8)),
                ('starts_at', models.DateTimeField()),
                ('registration', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registrations.registration')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('registration', 'kind', 'starts_at'), name='reminder_once_per_registration_and_start'), models.CheckConstraint(condition=models.Q(('kind__in', ['near', 'waiting'])), name='reminder_known_kind')],
            },
        ),
    ]
