from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('registrations', '0005_every_week_of_a_series_has_a_row'),
    ]

    operations = [
        migrations.DeleteModel(
            name='SkippedDate',
        ),
        migrations.RemoveConstraint(
            model_name='registration',
            name='registration_detached_from_a_series',
        ),
        migrations.RemoveField(
            model_name='registration',
            name='is_detached',
        ),
    ]
