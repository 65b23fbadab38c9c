"""What an event keeps in a room with which its own has a part in common is handed on too where these rooms are divided
anew: calendars know nothing of that."""

from django.db import migrations

# Of what calendars give up themselves they hand on all that follows from it; to ask once more harms nobody.
TRIGGERS = """
DROP TRIGGER calendars_promote_released ON classrooms_occupancy;
DROP TRIGGER calendars_promote_deleted ON classrooms_occupancy;
CREATE TRIGGER calendars_promote_released
    AFTER UPDATE OF is_live, classroom_id, starts_at, ends_at ON classrooms_occupancy
    FOR EACH ROW WHEN (OLD.is_live AND {of_others}
                       AND (NOT NEW.is_live OR OLD.classroom_id <> NEW.classroom_id
                            OR OLD.starts_at <> NEW.starts_at OR OLD.ends_at <> NEW.ends_at))
    EXECUTE FUNCTION calendars_promote();
CREATE TRIGGER calendars_promote_deleted AFTER DELETE ON classrooms_occupancy
    FOR EACH ROW WHEN (OLD.is_live AND {of_others})
    EXECUTE FUNCTION calendars_promote();
"""
FORMER, PRESENT = "OLD.kind <> 'calendar'", "(OLD.kind <> 'calendar' OR OLD.main_id IS NOT NULL)"


class Migration(migrations.Migration):
    dependencies = [("calendars", "0002_what_waits_is_told")]

    operations = [migrations.RunSQL(TRIGGERS.format(of_others=PRESENT), TRIGGERS.format(of_others=FORMER))]
