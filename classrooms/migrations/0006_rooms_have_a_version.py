from django.db import migrations


class Migration(migrations.Migration):
    """The rooms that are there already have a version, too."""

    dependencies = [("classrooms", "0005_names_are_kept_folded"), ("cspace", "0004_versions")]

    operations = [
        migrations.RunSQL(
            "INSERT INTO cspace_version (key, stamp) VALUES ('rooms', gen_random_uuid())",
            "DELETE FROM cspace_version WHERE key = 'rooms'",
        ),
    ]
