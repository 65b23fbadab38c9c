from django.db import migrations

from kernel.db.folded_columns import FoldedColumn


class Migration(migrations.Migration):
    dependencies = [("timetables", "0002_pages_are_web_addresses")]

    operations = [FoldedColumn("teacher", "name"), FoldedColumn("course", "code"), FoldedColumn("course", "name")]
