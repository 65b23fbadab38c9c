"""Streams of a person close when he is not logged in any more: PostgreSQL says when that may be so."""

from django.db import migrations

ENDING = """
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('cspace_live', 'session ' || NEW.{person});
    RETURN NULL;
END $$;
CREATE TRIGGER {name} AFTER UPDATE OF {columns} ON {table} FOR EACH ROW WHEN ({condition})
    EXECUTE FUNCTION {name}();
"""
PERSON = ENDING.format(
    name="accounts_person_ended",
    person="id",
    columns="is_active, token_version",
    table="accounts_user",
    condition="NEW.is_active < OLD.is_active OR NEW.token_version <> OLD.token_version",
)
SESSION = ENDING.format(
    name="accounts_session_ended",
    person="user_id",
    columns="revoked_at",
    table="accounts_refreshsession",
    condition="NEW.revoked_at IS NOT NULL AND OLD.revoked_at IS NULL",
)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_people_choose_how_they_are_told")]

    operations = [
        migrations.RunSQL(
            [PERSON, SESSION],
            [
                "DROP TRIGGER accounts_person_ended ON accounts_user",
                "DROP FUNCTION accounts_person_ended()",
                "DROP TRIGGER accounts_session_ended ON accounts_refreshsession",
                "DROP FUNCTION accounts_session_ended()",
            ],
        ),
    ]
