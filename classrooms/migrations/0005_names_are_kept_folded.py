from django.db import migrations

from kernel.db.folded_columns import FoldedColumn


class Migration(migrations.Migration):
    dependencies = [("classrooms", "0004_rows_longer_than_a_day")]

    operations = [FoldedColumn("classroom", "name")]
