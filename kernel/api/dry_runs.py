"""Writes that only pretend (`?dry_run=true`): carried out, rolled back, and answered as if they were not."""

from typing import NoReturn

from django.db import DatabaseError, transaction
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from kernel.api.errors import STATUS, refusal_of
from kernel.api.generated import blank_generated
from kernel.api.operations import Handler, Operation
from kernel.api.pagination import PageNotFound
from kernel.db.transactions import transactional
from kernel.errors import DomainError, ErrorCode, Faults, Invalid


def is_dry_run(request: Request) -> bool:
    """Whether `?dry_run=true` stands in the query."""
    return request.query_params.get("dry_run") == "true"


def dry_run_faults(request: Request) -> Faults:
    """What is wrong with the `dry_run` of a write."""
    is_word = request.query_params.get("dry_run", "false") in ("true", "false")
    return {} if is_word else {"dry_run": ["Must be true or false"]}


def run_dry(handler: Handler, operation: Operation) -> Response:
    """Carry everything out, roll it back, answer what would have been answered."""
    response = _rolled_back(handler)
    if getattr(response, "data", None) is not None:  # a page has none
        shapes = operation.shapes(response.status_code)
        blank_generated(response.data, shapes, is_made=response.status_code == 201)
    if operation.reveals is not None:
        part, name = operation.reveals
        response.data[part][name] = None
    response.headers.pop("Location", None)
    response["X-Dry-Run"] = "true"
    return response


def refuse_after(handler: Handler, faults: Faults, *, has_path: bool) -> NoReturn:
    """Refuse a request for `faults`, but not before it was tried out whether its handler answers 403 or 404.

    Nothing of the trial is kept. A 409 comes after a 400, so it is not told; nor is a 404 for what not the path names,
    if it names anything (`has_path`), but the query that is at fault.

    Raises:
        Invalid: the handler's own faults of the input, and these.
    """
    own: Faults = {}
    try:
        _rolled_back(handler)
    except (DomainError, APIException, DatabaseError) as error:
        refusal = refusal_of(error)
        is_by_query = not has_path or isinstance(error, PageNotFound)
        if refusal is None or STATUS[refusal.code] not in ((400, 404, 409) if is_by_query else (400, 409)):
            raise
        if refusal.code == ErrorCode.VALIDATION_ERROR:
            own = refusal.details
    raise Invalid({**own, **faults})


@transactional
def _rolled_back(handler: Handler) -> Response:
    response = handler()
    transaction.set_rollback(True)
    return response
