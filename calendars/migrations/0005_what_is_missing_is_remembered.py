"""An event that its source has no more is remembered, where something was removed here of it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("calendars", "0004_feeds_go_with_their_rooms")]

    operations = [
        migrations.AddField(
            model_name="calendarevent", name="missing_since", field=models.DateTimeField(null=True)
        ),
    ]
