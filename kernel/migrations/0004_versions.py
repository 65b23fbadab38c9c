from django.db import migrations, models


class Migration(migrations.Migration):
    """What many read has a version."""

    dependencies = [("cspace", "0003_tries_that_are_going_on")]

    operations = [
        migrations.CreateModel(
            name="Version",
            fields=[
                ("key", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("stamp", models.UUIDField()),
            ],
        ),
    ]
