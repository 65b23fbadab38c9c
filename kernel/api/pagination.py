"""Paging: opt-in for lists documented without it, always for notifications and logs (contract §0)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.utils.encoding import escape_uri_path
from rest_framework.request import Request

from kernel.errors import Invalid, NotFound
from kernel.written import other_digits

DEFAULT_PER_PAGE = 20
MAX_PER_PAGE = 100
MAX_PAGE = 10**36
MAX_PLACE = 2**62
"""Behind the last row of every list, and a number that PostgreSQL can read."""
NOT_POSITIVE = "Must be 1 or more"
MAX_UNPAGED_ROWS = 5_000
"""A list of more rows than these is answered by page only."""
Rows = QuerySet[Any, Any] | Sequence[Any]


class PageNotFound(NotFound):
    resource = "Page"


@dataclass(frozen=True)
class PageRequest:
    """Which page is asked for; `number` ≥ 1, `size` 1…100."""

    number: int
    size: int


def asked_page(request: Request) -> PageRequest | None:
    """The page asked for, or None if the query names neither `page` nor `per_page`.

    Raises:
        Invalid: one of the two is malformed.
    """
    parameters = request.query_params
    if "page" not in parameters and "per_page" not in parameters:
        return None
    if faults := page_faults(parameters):
        raise Invalid(faults)
    return PageRequest(int(parameters.get("page", "1")), int(parameters.get("per_page", str(DEFAULT_PER_PAGE))))


def page_faults(parameters: Mapping[str, str]) -> dict[str, list[str]]:
    """What is wrong with `page` and `per_page`; absent ones are right."""
    faults, page = {}, parameters.get("page", "1")
    if not _is_positive(page, MAX_PAGE):
        is_long = page.isascii() and page.isdigit() and page.strip("0")
        faults["page"] = [other_digits(page) or (f"Must be 1 to {MAX_PAGE}" if is_long else NOT_POSITIVE)]
    size = parameters.get("per_page", "1")
    if not _is_positive(size, MAX_PER_PAGE):
        faults["per_page"] = [other_digits(size) or f"Must be a whole number from 1 to {MAX_PER_PAGE}"]
    return faults


def unpaged(rows: Rows) -> list[Any]:
    """All rows of a list that nobody asked a page of. One statement.

    Raises:
        Invalid: there are more than `MAX_UNPAGED_ROWS`.
    """
    all_rows = list(rows[: MAX_UNPAGED_ROWS + 1])
    check_bound(all_rows, field="page", way_out="ask for them by page")
    return all_rows


def check_bound(rows: Sequence[Any], *, field: str, way_out: str) -> None:
    """Refuse an answer of too many rows; `field` is the parameter that makes them fewer, `way_out` says how.

    Raises:
        Invalid: there are more than `MAX_UNPAGED_ROWS`.
    """
    if len(rows) > MAX_UNPAGED_ROWS:
        raise Invalid({field: [f"More than {MAX_UNPAGED_ROWS} rows: {way_out}"]})


def paged(
    rows: Rows,
    page: PageRequest,
    request: Request,
    key: str,
    represent: Callable[[Any], Any],
    *,
    count: int | None = None,
) -> dict[str, Any]:
    """`{count, next, previous, <key>: […]}`; the links are relative and keep the other parameters.

    Raises:
        PageNotFound: the page lies past the end (page 1 of nothing is empty instead).
    """
    if count is None:
        count = rows.count() if isinstance(rows, QuerySet) else len(rows)
    first, last = places_of(page)
    page_rows = list(rows[first:last]) if first < count else []
    return page_body([represent(row) for row in page_rows], page, request, key, count=count)


def places_of(page: PageRequest | None) -> tuple[int, int]:
    """From where to where in a list the rows are that answer it: the page's, or one more than may come without one."""
    if page is None:
        return 0, MAX_UNPAGED_ROWS + 1
    first = min((page.number - 1) * page.size, MAX_PLACE)
    return first, first + page.size


def page_body(page_rows: Sequence[Any], page: PageRequest, request: Request, key: str, *, count: int) -> dict[str, Any]:
    """`{count, next, previous, <key>: page_rows}`, where these are what of `count` rows stands on the page.

    Raises:
        PageNotFound: the page lies past the end (page 1 of nothing is empty instead).
    """
    first, last = places_of(page)
    if first and first >= count:
        raise PageNotFound
    return {
        "count": count,
        "next": _link(request, page.number + 1) if last < count else None,
        "previous": _link(request, page.number - 1) if page.number > 1 else None,
        key: list(page_rows),
    }


def _is_positive(text: str, largest: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 40 and 1 <= int(text) <= largest


def _link(request: Request, number: int) -> str:
    parameters: Mapping[str, list[str]] = dict(request.query_params.lists()) | {"page": [str(number)]}
    return f"{escape_uri_path(request.path)}?{urlencode(parameters, doseq=True)}"
