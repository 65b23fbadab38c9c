"""A registration may say that it stays charged to quotas although it has given its room back."""

from django.db import migrations, models

# `policies` wrote this trigger; what a registration says of itself it cannot know.
GIVE_BACK = """
CREATE OR REPLACE FUNCTION policies_give_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM policies_quotacharge WHERE registration_id = NEW.id {unless};
    RETURN NULL;
END $$;
"""
STILL_CHARGED = (
    "AND NOT EXISTS (SELECT FROM registrations_registration WHERE occupancy_id = NEW.id AND is_still_charged)"
)


class Migration(migrations.Migration):

    dependencies = [
        ('policies', '0002_what_is_given_back_is_not_charged'),
        ('registrations', '0012_societies_book_themselves'),
    ]

    operations = [
        migrations.AddField(
            model_name='registration',
            name='is_still_charged',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddConstraint(
            model_name='registration',
            constraint=models.CheckConstraint(
                condition=models.Q(('is_still_charged', False), ('status', 'cancelled'), _connector='OR'),
                name='registration_still_charged_is_cancelled',
            ),
        ),
        migrations.RunSQL(GIVE_BACK.format(unless=STILL_CHARGED), GIVE_BACK.format(unless="")),
    ]
