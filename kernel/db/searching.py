"""Finding names as people write them: `name__like_written="cafe"` finds Café."""

import unicodedata
from typing import Any

from django.db.models import CharField, Field, Model, TextField
from django.db.models.expressions import Col
from django.db.models.lookups import Contains

LETTERS = {"ß": "ss", "ẞ": "ss", "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l"}
"""What Unicode does not take apart, as it is written by those who have no such key."""
ACCENTS = "[\u0300-\u036f]"
"""As characters of their own. Vowels of other scripts are none."""


class LikeWritten(Contains):
    """Whether a text holds another, whatever the case, accents, width and normal form of either.

    Both sides are folded by the database, so that they always agree.
    """

    lookup_name = "like_written"

    def get_prep_lookup(self) -> str:
        """A full-width `％` is a sign like others: it becomes plain before what means something to LIKE is escaped."""
        return unicodedata.normalize("NFKD", str(self.rhs))

    def process_lhs(self, compiler: Any, connection: Any, lhs: Any = None) -> Any:
        """What is kept folded is compared as it is; anything else is folded row by row."""
        side = lhs or self.lhs
        if isinstance(side, Col) and side.target.name in folded_fields(side.target.model):
            table = compiler.quote_name_unless_alias(side.alias)
            return f"{table}.{connection.ops.quote_name(folded_column(side.target))}", []
        sql, parameters = super().process_lhs(compiler, connection, lhs)
        form = folded_name(sql)
        return form, [*parameters] * form.count(sql)

    def process_rhs(self, qn: Any, connection: Any) -> Any:
        sql, parameters = super().process_rhs(qn, connection)
        return _folded(f"{sql}::text"), parameters

    def get_rhs_op(self, connection: Any, rhs: Any) -> str:
        return f"LIKE {rhs}"


def folded_fields(kind: type[Model]) -> tuple[str, ...]:
    """The names of a model's fields that are kept folded: what it says in `searched_fields`."""
    fields: tuple[str, ...] = getattr(kind, "searched_fields", ())
    return fields


def folded_column(field: "Field[Any, Any]") -> str:
    """The column that keeps a text folded (`kernel.db.folded_columns`)."""
    return f"{field.column}_folded"


def folded_name(sql: str) -> str:
    """A text folded, as SQL. Most names are ASCII, which is its own normal form: a fifth of the work."""
    return f"CASE WHEN octet_length({sql}) = char_length({sql}) THEN upper({sql}) ELSE {_folded(sql)} END"


def _folded(sql: str) -> str:
    folded = f"normalize({sql}, NFKD)"
    for letter, plain in LETTERS.items():
        folded = f"replace({folded}, '{letter}', '{plain}')"
    return f"upper(regexp_replace({folded}, '{ACCENTS}', '', 'g'))"


CharField.register_lookup(LikeWritten)
TextField.register_lookup(LikeWritten)
