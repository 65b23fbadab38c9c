from django.db import migrations

from kernel.db.folded_columns import FoldedColumn


class Migration(migrations.Migration):
    dependencies = [("groups", "0002_the_system_group")]

    operations = [FoldedColumn("group", "name")]
