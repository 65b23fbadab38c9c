"""A feed knows what it is of by a word, not by a key: whoever deletes a room does not know of it."""

from django.db import migrations

GOING = """
DELETE FROM calendars_calendarfeed AS feed
 WHERE feed.subject LIKE 'classroom:%'
   AND NOT EXISTS (SELECT FROM classrooms_classroom AS room WHERE feed.subject = 'classroom:' || room.id);
CREATE FUNCTION calendars_forget_feed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM calendars_calendarfeed WHERE subject = 'classroom:' || OLD.id;
    RETURN NULL;
END $$;
CREATE TRIGGER calendars_forget_feed AFTER DELETE ON classrooms_classroom
    FOR EACH ROW EXECUTE FUNCTION calendars_forget_feed();
"""
STAYING = """
DROP TRIGGER calendars_forget_feed ON classrooms_classroom;
DROP FUNCTION calendars_forget_feed();
"""


class Migration(migrations.Migration):
    dependencies = [("calendars", "0003_what_parts_keep_is_handed_on")]

    operations = [migrations.RunSQL(GOING, STAYING)]
