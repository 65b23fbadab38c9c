"""Deleting what is out of date, in statements of a bounded size."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet

PORTION = 5_000
MAX_PORTIONS = 200


def delete_in_portions(rows: QuerySet[Any, Any], *, portion: int = PORTION) -> int:
    """Delete the rows, at most `portion` a transaction and `MAX_PORTIONS` of them; how many it were.

    Nobody waits long for it, it waits for nobody (a row that is held is left to the next time), and after a long
    neglect it gets on where one statement for everything would run into `statement_timeout`.
    """
    total = 0
    for _ in range(MAX_PORTIONS):
        with transaction.atomic():
            ids = list(rows.select_for_update(skip_locked=True).values_list("pk", flat=True)[:portion])
            rows.model._default_manager.filter(pk__in=ids).delete()
        total += len(ids)
        if len(ids) < portion:
            break
    return total
