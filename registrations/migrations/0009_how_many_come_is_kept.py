"""How many come: of a registration, of a series, and of one week of a series alone."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('registrations', '0008_changes_are_counted'),
    ]

    operations = [
        migrations.AddField(
            model_name='registration',
            name='attendees',
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name='series',
            name='attendees',
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name='seriesweek',
            name='own_attendees',
            field=models.IntegerField(null=True),
        ),
        migrations.AddConstraint(
            model_name='registration',
            constraint=models.CheckConstraint(condition=models.Q(('attendees__gte', 1)), name='registration_attendees_at_least_one'),
        ),
        migrations.AddConstraint(
            model_name='series',
            constraint=models.CheckConstraint(condition=models.Q(('attendees__gte', 1)), name='series_attendees_at_least_one'),
        ),
        migrations.AddConstraint(
            model_name='seriesweek',
            constraint=models.CheckConstraint(condition=models.Q(('own_attendees__gte', 0)), name='seriesweek_own_attendees_in_range'),
        ),
    ]
