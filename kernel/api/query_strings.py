"""What is wrong with the names in a request's query string, whatever the operation makes of their values."""

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from rest_framework.request import Request

from kernel.api.filters import FilterSet
from kernel.api.operations import WRITES, Operation
from kernel.errors import Faults

SAID_TWICE = "May stand only once"
EMPTY = "Must not be empty"
NO_SUCH_PARAMETER = "There is no such parameter"
DRY_RUN = "dry_run"
PAGING = ("page", "per_page")
OTHER_NAMES = {"pagesize": "per_page", "dry": DRY_RUN}
"""What others call ours, as `_folded`."""
IN_THE_QUERY = f"Belongs into the query string: ?{DRY_RUN}=true"


def parameter_names(operation: Operation) -> list[str]:
    """The parameters that an operation declares."""
    return [name for kind in operation.parameters for name in _names_of(kind)]


def query_faults(request: Request, operation: Operation, *, is_repeatable: bool) -> Faults:
    """What is wrong with the names: one that stands twice, and one that was meant for another.

    A write refuses every name that it does not know, for what was meant to try something out must not do it; a read
    passes over those that resemble none of its own. A write refuses its own without a value too: a read without a
    condition shows more, but a command without its bound does more than was meant.
    """
    is_write = request.method in WRITES
    if not request.query_params and not is_write:
        return {}
    own = parameter_names(operation)
    faults = {name: [SAID_TWICE] for name, values in request.query_params.lists() if len(values) > 1}
    if is_write:
        faults |= {name: [EMPTY] for name in own if name not in faults and request.query_params.get(name) == ""}
    if is_write and not is_repeatable:
        return faults
    parameters = [*own, *([DRY_RUN] if is_write else PAGING)]
    for name in request.query_params.keys() - faults.keys() - set(parameters):
        nearest = _nearest(name, parameters)
        if is_write or (nearest and _folded(nearest) == _folded(OTHER_NAMES.get(_folded(name), name))):
            faults[name] = [f"{NO_SUCH_PARAMETER}: did you mean {nearest}?" if nearest else NO_SUCH_PARAMETER]
    return faults


def misplaced_faults(request: Request, body: Any) -> Faults:
    """Where a write was to be tried out, but says so in its headers or its body, or in one of the items there."""
    faults = {DRY_RUN: [IN_THE_QUERY]} if "HTTP_X_DRY_RUN" in request.META else {}
    names = (name for part in _parts_of(body) for name in part)
    return faults | {name: [IN_THE_QUERY] for name in names if _folded(name) == _folded(DRY_RUN)}


def _parts_of(body: Any) -> Iterator[Mapping[str, Any]]:
    """A body that is an object, and the objects in its lists."""
    if isinstance(body, Mapping):
        yield body
        for value in body.values():
            yield from (part for part in value if isinstance(part, Mapping)) if isinstance(value, list) else ()


def _names_of(kind: Any) -> Collection[str]:
    names: Collection[str] = kind.base_filters if issubclass(kind, FilterSet) else kind._declared_fields
    return names


def _nearest(name: str, parameters: Collection[str]) -> str | None:
    by_key = {_folded(one): one for one in parameters}
    key = _folded(name)
    nearest = get_close_matches(_folded(OTHER_NAMES.get(key, key)), by_key, n=1, cutoff=0.75)
    return by_key[nearest[0]] if nearest else None


def _folded(name: str) -> str:
    """A name without what tells one way of writing names from another: capitals, lines, brackets."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", name).casefold())
