import datetime
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.text
import django.db.models.lookups
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('classrooms', '0003_rooms_have_a_place'),
        ('groups', '0002_the_system_group'),
        ('registrations', '0003_series_that_have_moved'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='SeriesWeek',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('begins_on', models.DateField()),
                ('state', models.CharField(choices=[('held', 'Held'), ('settled', 'Settled'), ('skipped', 'Skipped'), ('given_up', 'Given Up')], max_length=8)),
                ('own_description', models.TextField(null=True)),
                ('date', models.DateField(null=True)),
                ('why', models.CharField(blank=True, choices=[('booked', 'Booked'), ('closed', 'Closed'), ('dst', 'Dst'), ('outside', 'Outside')], default='', max_length=10)),
            ],
            options={
                'ordering': ['series', 'begins_on'],
            },
        ),
        migrations.AddField(
            model_name='registration',
            name='is_closed_over',
            field=models.BooleanField(default=False),
        ),
        migrations.AddConstraint(
            model_name='registration',
            constraint=models.CheckConstraint(condition=models.Q(('is_closed_over', False), ('status', 'cancelled'), _connector='OR'), name='registration_closed_over_is_cancelled'),
        ),
        migrations.AddField(
            model_name='seriesweek',
            name='blocked_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registrations.registration'),
        ),
        migrations.AddField(
            model_name='seriesweek',
            name='given_up_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='seriesweek',
            name='registration',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='week', to='registrations.registration'),
        ),
        migrations.AddField(
            model_name='seriesweek',
            name='series',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='weeks', to='registrations.series'),
        ),
        migrations.AddConstraint(
            model_name='seriesweek',
            constraint=models.UniqueConstraint(fields=('series', 'begins_on'), name='seriesweek_once_per_series'),
        ),
        migrations.AddConstraint(
            model_name='seriesweek',
            constraint=models.CheckConstraint(condition=models.Q(('begins_on__week_day', 1)), name='seriesweek_begins_on_a_sunday'),
        ),
        migrations.AddConstraint(
            model_name='seriesweek',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['held', 'settled', 'skipped', 'given_up'])), name='seriesweek_known_state'),
        ),
        migrations.AddConstraint(
            model_name='seriesweek',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('registration__isnull', False), ('state__in', ['held', 'settled'])), models.Q(models.Q(('state__in', ['held', 'settled']), _negated=True), ('registration', None)), _connector='OR'), name='seriesweek_has_a_registration_or_is_without'),
        ),
        migrations.AddConstraint(
            model_name='seriesweek',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('date__isnull', False), ('state', 'skipped'), ('why__in', ['booked', 'closed', 'dst', 'outside'])), models.Q(models.Q(('state', 'skipped'), _negated=True), ('date', None), ('why', '')), _connector='OR'), name='seriesweek_skipped_has_a_date_and_a_reason'),
        ),
        migrations.AddConstraint(
            model_name='seriesweek',
            constraint=models.CheckConstraint(condition=models.Q(('date', None), models.Q(('date__gte', models.F('begins_on')), ('date__lte', django.db.models.expressions.CombinedExpression(models.F('begins_on'), '+', models.Value(datetime.timedelta(days=6))))), _connector='OR'), name='seriesweek_date_lies_in_the_week'),
        ),
        migrations.AddConstraint(
            model_name='seriesweek',
            constraint=models.CheckConstraint(condition=models.Q(('blocked_by', None), ('why', 'booked'), _connector='OR'), name='seriesweek_blocked_means_booked'),
        ),
        migrations.AddConstraint(
            model_name='seriesweek',
            constraint=models.CheckConstraint(condition=models.Q(('given_up_by', None), ('state', 'given_up'), _connector='OR'), name='seriesweek_given_up_by_somebody'),
        ),
        migrations.AddConstraint(
            model_name='seriesweek',
            constraint=models.CheckConstraint(condition=django.db.models.lookups.LessThanOrEqual(django.db.models.functions.text.Length('own_description'), 2000), name='seriesweek_own_description_in_range'),
        ),
    ]
