from django.db import migrations

TRIGGER = """
CREATE FUNCTION policies_give_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM policies_quotacharge WHERE registration_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER policies_give_back AFTER UPDATE OF is_live ON classrooms_occupancy
   FOR EACH ROW WHEN (OLD.is_live AND NOT NEW.is_live AND NEW.kind = 'registration')
   EXECUTE FUNCTION policies_give_back();
"""
REMOVE = """
DROP TRIGGER policies_give_back ON classrooms_occupancy;
DROP FUNCTION policies_give_back;
"""


class Migration(migrations.Migration):
    dependencies = [("policies", "0001_rules_quotas_and_marks")]

    operations = [migrations.RunSQL(TRIGGER, REMOVE)]
