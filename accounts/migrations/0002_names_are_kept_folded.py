from django.db import migrations

from kernel.db.folded_columns import FoldedColumn


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_people_and_sessions")]

    operations = [FoldedColumn("user", "display_name")]
