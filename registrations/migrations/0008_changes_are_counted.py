"""How often description or status of a registration were changed is counted by PostgreSQL, whoever changes them."""

from django.db import migrations, models

COUNTING = """
CREATE FUNCTION registrations_count_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.revision := OLD.revision + 1;
    RETURN NEW;
END $$;
CREATE TRIGGER registrations_registration_changed BEFORE UPDATE OF description, status ON registrations_registration
    FOR EACH ROW WHEN (OLD.description <> NEW.description OR OLD.status <> NEW.status)
    EXECUTE FUNCTION registrations_count_change();
"""


class Migration(migrations.Migration):
    dependencies = [("registrations", "0007_people_are_reminded_once")]

    operations = [
        migrations.AddField(
            model_name="registration", name="revision", field=models.IntegerField(db_default=0, default=0)
        ),
        migrations.RunSQL(
            COUNTING,
            "DROP TRIGGER registrations_registration_changed ON registrations_registration;"
            " DROP FUNCTION registrations_count_change()",
        ),
    ]
