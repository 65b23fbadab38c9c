"""How many come, of a wish."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('allocations', '0002_what_the_draw_gave'),
    ]

    operations = [
        migrations.AddField(
            model_name='allocationregistration',
            name='attendees',
            field=models.IntegerField(null=True),
        ),
        migrations.AddConstraint(
            model_name='allocationregistration',
            constraint=models.CheckConstraint(condition=models.Q(('attendees__gte', 1)), name='allocationregistration_attendees_at_least_one'),
        ),
    ]
