"""An event that several objects of a CalDAV server hold stays as long as one of them does."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("calendars", "0005_what_is_missing_is_remembered")]

    operations = [
        migrations.AddField(
            model_name="calendarevent", name="twins", field=models.JSONField(blank=True, default=dict)
        ),
    ]
