"""What other programs call a room by: at first its name, which a trigger takes for whoever makes a room and says no code."""

from django.db import migrations, models
from django.db.models import Q

FILLING = """
CREATE FUNCTION classrooms_take_name_for_code() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.code := NEW.name;
    NEW.code_key := NEW.name_key;
    RETURN NEW;
END $$;
CREATE TRIGGER classrooms_classroom_code BEFORE INSERT ON classrooms_classroom
    FOR EACH ROW WHEN (NEW.code IS NULL OR NEW.code = '') EXECUTE FUNCTION classrooms_take_name_for_code();
UPDATE classrooms_classroom SET code = name, code_key = name_key;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('classrooms', '0009_rooms_have_parts_and_bookings_buffers'),
    ]

    operations = [
        migrations.AddField(
            model_name='classroom',
            name='code',
            field=models.CharField(blank=True, db_default='', max_length=100),
        ),
        migrations.AddField(
            model_name='classroom',
            name='code_key',
            field=models.CharField(db_default='', editable=False, max_length=400),
        ),
        migrations.RunSQL(
            FILLING,
            "DROP TRIGGER classrooms_classroom_code ON classrooms_classroom;"
            " DROP FUNCTION classrooms_take_name_for_code()",
        ),
        migrations.AddConstraint(
            model_name='classroom',
            constraint=models.UniqueConstraint(fields=('code_key',), name='classroom_code_is_unique'),
        ),
        migrations.AddConstraint(
            model_name='classroom',
            constraint=models.UniqueConstraint(fields=('code',), name='classroom_exact_code_is_unique'),
        ),
        migrations.AddConstraint(
            model_name='classroom',
            constraint=models.CheckConstraint(
                condition=~Q(code='') & ~Q(code_key=''), name='classroom_has_a_code'
            ),
        ),
    ]
