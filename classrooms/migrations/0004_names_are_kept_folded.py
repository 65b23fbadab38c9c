from django.db import migrations

from kernel.db.folded_columns import FoldedColumn


class Migration(migrations.Migration):
    dependencies = [("classrooms", "0003_rooms_have_a_place")]

    operations = [FoldedColumn("classroom", "name")]
