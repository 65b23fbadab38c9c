"""How often a registration has got another room or time is counted by PostgreSQL, whoever moves it."""

from django.db import migrations, models

# A column with a constant default rewrites no row. What only flips `is_live` does not come by the trigger.
COUNTING = """
CREATE FUNCTION classrooms_count_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.revision := OLD.revision + 1;
    RETURN NEW;
END $$;
CREATE TRIGGER classrooms_occupancy_moved BEFORE UPDATE OF classroom_id, starts_at, ends_at ON classrooms_occupancy
    FOR EACH ROW WHEN (OLD.kind = 'registration' AND (OLD.classroom_id <> NEW.classroom_id
                       OR OLD.starts_at <> NEW.starts_at OR OLD.ends_at <> NEW.ends_at))
    EXECUTE FUNCTION classrooms_count_move();
"""


class Migration(migrations.Migration):
    dependencies = [("classrooms", "0007_rooms_are_streamed")]

    operations = [
        migrations.AddField(
            model_name="occupancy", name="revision", field=models.IntegerField(db_default=0, default=0)
        ),
        migrations.RunSQL(
            COUNTING,
            "DROP TRIGGER classrooms_occupancy_moved ON classrooms_occupancy; DROP FUNCTION classrooms_count_move()",
        ),
    ]
