import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_display_names_are_visible'),
    ]

    operations = [
        migrations.CreateModel(
            name='Preferences',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='preferences', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('language', models.CharField(max_length=10, null=True)),
                ('mail', models.CharField(choices=[('off', 'Off'), ('each', 'Each'), ('daily', 'Daily')], max_length=10, null=True)),
                ('daily_minute', models.SmallIntegerField(db_default=480, default=480)),
                ('reminder_hours', models.SmallIntegerField(db_default=24, default=24, null=True)),
                ('is_told_of_last_dates', models.BooleanField(db_default=True, default=True)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('language__in', ('en', 'zh-hant'))), name='preferences_known_language'), models.CheckConstraint(condition=models.Q(('mail__in', ['off', 'each', 'daily'])), name='preferences_known_mail'), models.CheckConstraint(condition=models.Q(('daily_minute__range', (0, 1439))), name='preferences_daily_minute_of_a_day'), models.CheckConstraint(condition=models.Q(('reminder_hours__range', (1, 168))), name='preferences_reminder_within_a_week')],
            },
        ),
    ]
