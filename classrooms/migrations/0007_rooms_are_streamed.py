"""The streams of rooms look again when anything changes that the states are made of."""

from django.db import migrations

SAYING = """
CREATE FUNCTION classrooms_say_room() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('cspace_live', 'room');
    RETURN NULL;
END $$;
CREATE TRIGGER classrooms_occupancy_say AFTER INSERT OR UPDATE OR DELETE ON classrooms_occupancy
    FOR EACH STATEMENT EXECUTE FUNCTION classrooms_say_room();
CREATE TRIGGER classrooms_classroom_say AFTER INSERT OR UPDATE OR DELETE ON classrooms_classroom
    FOR EACH STATEMENT EXECUTE FUNCTION classrooms_say_room();
"""


class Migration(migrations.Migration):
    dependencies = [("classrooms", "0006_rooms_have_a_version")]

    operations = [
        migrations.RunSQL(
            SAYING,
            "DROP TRIGGER classrooms_occupancy_say ON classrooms_occupancy;"
            " DROP TRIGGER classrooms_classroom_say ON classrooms_classroom;"
            " DROP FUNCTION classrooms_say_room()",
        ),
    ]
