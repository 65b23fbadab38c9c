"""What was told before has an English sentence and nothing else: no row is written for it, the columns have defaults."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0002_inboxes_are_counted'),
    ]

    operations = [
        migrations.AddField(
            model_name='notification',
            name='kind',
            field=models.CharField(db_default='', max_length=60),
        ),
        migrations.AddField(
            model_name='notification',
            name='params',
            field=models.JSONField(db_default=models.Value({}, models.JSONField())),
        ),
        migrations.AddField(
            model_name='notification',
            name='target',
            field=models.CharField(db_default='', max_length=150),
        ),
    ]
