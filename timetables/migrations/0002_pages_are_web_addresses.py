from django.db import migrations, models

BLANK = "UPDATE timetables_{0} SET {1} = '' WHERE {1} <> '' AND {1} !~ '^https?://'"


class Migration(migrations.Migration):
    """What is no web address could only harm whoever follows it: it is blanked."""

    dependencies = [
        ('timetables', '0001_courses_and_lectures'),
    ]

    operations = [
        migrations.RunSQL(BLANK.format('teacher', 'people_url'), migrations.RunSQL.noop),
        migrations.RunSQL(BLANK.format('course', 'edu_url'), migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name='course',
            constraint=models.CheckConstraint(condition=models.Q(('edu_url', ''), ('edu_url__regex', '^https?://'), _connector='OR'), name='course_edu_url_is_a_web_address'),
        ),
        migrations.AddConstraint(
            model_name='teacher',
            constraint=models.CheckConstraint(condition=models.Q(('people_url', ''), ('people_url__regex', '^https?://'), _connector='OR'), name='teacher_people_url_is_a_web_address'),
        ),
    ]
