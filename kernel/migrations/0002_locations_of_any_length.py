from django.db import migrations, models


class Migration(migrations.Migration):
    """A room's name of a hundred letters is up to 1,200 characters of a URL."""

    dependencies = [("cspace", "0001_idempotency_and_throttles")]

    operations = [
        migrations.AlterField("idempotencyrecord", "location", models.TextField(default="")),
    ]
