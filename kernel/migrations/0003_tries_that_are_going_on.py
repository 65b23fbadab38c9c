from django.db import migrations, models


class Migration(migrations.Migration):
    """Of the tries of a window, those whose outcome is not known yet."""

    dependencies = [("cspace", "0002_locations_of_any_length")]

    operations = [
        migrations.AddField("throttlecounter", "pending", models.IntegerField(default=0, db_default=0)),
    ]
