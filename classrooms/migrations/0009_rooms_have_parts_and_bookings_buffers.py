"""Rooms that consist of rooms, and buffers: satellites of a use stand in other rooms, or before and after it."""

import django.db.models.deletion
import django.db.models.functions.comparison
from django.db import migrations, models

from kernel.db.patience import extend_patience

# Django can only drop a generated column and add it again, and the constraint with it. So it is one rewrite of the table
# and its indexes, nearly all of which the constraint's index takes; no row that is there gets another value.
SET_SHARE = "ALTER TABLE classrooms_occupancy ALTER COLUMN share SET EXPRESSION AS ({expression})"
# They belong to their main rows; without them these are what they were.
NO_SATELLITES = "DELETE FROM classrooms_occupancy WHERE main_id IS NOT NULL; SET CONSTRAINTS ALL IMMEDIATE"
BEFORE = "CASE kind WHEN 'lecture' THEN 0 WHEN 'closure' THEN -1 ELSE id END"
WITH_SATELLITES = (
    "CASE kind WHEN 'lecture' THEN 0 WHEN 'closure' THEN -1 WHEN 'part' THEN -2 WHEN 'buffer' THEN -2"
    " ELSE coalesce(main_id, id) END"
)


MINUTES = 60


def take_time(apps, schema_editor):
    """The rewrite of a large table takes longer than a request may."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{MINUTES}min"])
    extend_patience(schema_editor.connection, MINUTES * 60)


class Migration(migrations.Migration):

    dependencies = [
        ('classrooms', '0008_moves_of_registrations_are_counted'),
    ]

    operations = [
        migrations.RunPython(take_time, migrations.RunPython.noop),
        migrations.CreateModel(
            name='RoomOverlap',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_inside', models.BooleanField()),
            ],
            options={
                'ordering': ['classroom', 'other'],
            },
        ),
        migrations.CreateModel(
            name='RoomPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ],
            options={
                'ordering': ['whole', 'part'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='occupancy',
            name='occupancy_known_kind',
        ),
        migrations.AddField(
            model_name='occupancy',
            name='main',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='classrooms.occupancy'),
        ),
        migrations.AddField(
            model_name='occupancy',
            name='before_minutes',
            field=models.SmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='occupancy',
            name='after_minutes',
            field=models.SmallIntegerField(db_default=0, default=0),
        ),
        migrations.AlterField(
            model_name='occupancy',
            name='kind',
            field=models.CharField(choices=[('registration', 'Registration'), ('lecture', 'Lecture'), ('closure', 'Closure'), ('calendar', 'Calendar'), ('fest', 'Fest'), ('part', 'Part'), ('buffer', 'Buffer')], max_length=12),
        ),
        migrations.SeparateDatabaseAndState(
            [
                migrations.RunSQL(
                    SET_SHARE.format(expression=WITH_SATELLITES),
                    f"{NO_SATELLITES}; {SET_SHARE.format(expression=BEFORE)}",
                )
            ],
            [
                migrations.AlterField(
                    model_name='occupancy',
                    name='share',
                    field=models.GeneratedField(db_persist=True, expression=models.Case(models.When(kind='lecture', then=models.Value(0)), models.When(kind='closure', then=models.Value(-1)), models.When(kind__in=['part', 'buffer'], then=models.Value(-2)), default=django.db.models.functions.comparison.Coalesce(models.F('main_id'), models.F('id')), output_field=models.BigIntegerField()), output_field=models.BigIntegerField()),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name='occupancy',
            index=models.Index(condition=models.Q(('main__isnull', False)), fields=['main'], name='occupancy_satellites'),
        ),
        migrations.AddIndex(
            model_name='occupancy',
            index=models.Index(condition=models.Q(('is_live', True), ('main__isnull', False)), fields=['classroom', 'starts_at'], name='occupancy_satellites_in_room'),
        ),
        migrations.AddConstraint(
            model_name='occupancy',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['registration', 'lecture', 'closure', 'calendar', 'fest', 'part', 'buffer'])), name='occupancy_known_kind'),
        ),
        migrations.AddConstraint(
            model_name='occupancy',
            constraint=models.CheckConstraint(condition=models.Q(('main__isnull', False), models.Q(('kind__in', ['part', 'buffer']), _negated=True), _connector='OR'), name='occupancy_part_and_buffer_have_a_main'),
        ),
        migrations.AddConstraint(
            model_name='occupancy',
            constraint=models.CheckConstraint(condition=models.Q(('after_minutes__range', (0, 1440)), ('before_minutes__range', (0, 1440))), name='occupancy_buffers_in_range'),
        ),
        migrations.AddField(
            model_name='roomoverlap',
            name='classroom',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='classrooms.classroom'),
        ),
        migrations.AddField(
            model_name='roomoverlap',
            name='other',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='classrooms.classroom'),
        ),
        migrations.AddField(
            model_name='roompart',
            name='part',
            field=models.ForeignKey(on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='classrooms.classroom'),
        ),
        migrations.AddField(
            model_name='roompart',
            name='whole',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='classrooms.classroom'),
        ),
        migrations.AddConstraint(
            model_name='roomoverlap',
            constraint=models.UniqueConstraint(fields=('classroom', 'other'), name='roomoverlap_once_per_pair'),
        ),
        migrations.AddConstraint(
            model_name='roomoverlap',
            constraint=models.CheckConstraint(condition=models.Q(('classroom', models.F('other')), _negated=True), name='roomoverlap_is_another_room'),
        ),
        migrations.AddConstraint(
            model_name='roompart',
            constraint=models.UniqueConstraint(fields=('whole', 'part'), name='roompart_once_per_whole'),
        ),
        migrations.AddConstraint(
            model_name='roompart',
            constraint=models.CheckConstraint(condition=models.Q(('whole', models.F('part')), _negated=True), name='roompart_is_another_room'),
        ),
        migrations.RunPython(migrations.RunPython.noop, take_time),
    ]
