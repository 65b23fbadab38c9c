"""The columns in which the database keeps names folded for searches: added and dropped by migrations."""

from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from kernel.db.searching import folded_column, folded_name


class FoldedColumn(Operation):
    """Has the database keep a text folded, in a column of its own that no model knows: only a search reads it.

    The database fills it in with the text, whoever writes that, so the two cannot differ. It goes before the text's
    type changes, and comes back after it. Whoever changes `LETTERS` removes these columns and adds them anew: what is
    kept is folded as it was when it was written.
    """

    reduces_to_sql = True

    def __init__(self, model_name: str, name: str) -> None:
        self.model_name, self.name = model_name, name

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """No model changes."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Add it; the rows that are there are folded at once, while the table is locked."""
        field = to_state.apps.get_model(app_label, self.model_name)._meta.get_field(self.name)
        text = folded_name(schema_editor.quote_name(field.column))
        self._alter(schema_editor, field, f"ADD COLUMN %s text GENERATED ALWAYS AS ({text}) STORED")

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Drop it; the texts stay."""
        field = to_state.apps.get_model(app_label, self.model_name)._meta.get_field(self.name)
        self._alter(schema_editor, field, "DROP COLUMN %s")

    def describe(self) -> str:
        """For `migrate` and `sqlmigrate`."""
        return f"Keep {self.model_name}.{self.name} folded for searches"

    def _alter(self, schema_editor: BaseDatabaseSchemaEditor, field: Any, clause: str) -> None:
        table = schema_editor.quote_name(field.model._meta.db_table)
        schema_editor.execute(
            f"ALTER TABLE {table} {clause.replace('%s', schema_editor.quote_name(folded_column(field)))}", None
        )
