"""What is longer than a day is found by an index of its own, so that nobody else looks back further than that."""

import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
from django.db import migrations, models

import kernel.db.expressions
import kernel.db.overlaps

# Without statistics of the length the planner believes that a third of all rows are long, and reads them one by one.
STATISTICS = "CREATE STATISTICS occupancy_length ON (ends_at - starts_at) FROM classrooms_occupancy"


class Migration(migrations.Migration):

    dependencies = [
        ('classrooms', '0003_rooms_have_a_place'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='occupancy',
            index=django.contrib.postgres.indexes.GistIndex(kernel.db.expressions.TsTzRange('starts_at', 'ends_at', django.contrib.postgres.fields.ranges.RangeBoundary()), models.F('classroom'), condition=models.Q(kernel.db.overlaps.IsLong('ends_at', 'starts_at'), ('is_live', True)), name='occupancy_longer_than_a_day'),
        ),
        migrations.RunSQL(STATISTICS, "DROP STATISTICS occupancy_length"),
        migrations.RunSQL("ANALYZE classrooms_occupancy", migrations.RunSQL.noop),
    ]
