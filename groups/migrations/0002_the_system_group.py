from django.db import migrations


def make_system_group(apps, schema_editor):
    """cspace exists from the first migration on, in production too; `createadmin` puts somebody in."""
    apps.get_model("groups", "Group").objects.using(schema_editor.connection.alias).get_or_create(
        is_system=True, defaults={"name": "cspace", "name_key": "cspace"}
    )


class Migration(migrations.Migration):
    dependencies = [("groups", "0001_groups_and_places")]

    operations = [migrations.RunPython(make_system_group, migrations.RunPython.noop)]
