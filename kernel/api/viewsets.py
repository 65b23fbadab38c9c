"""The view every operation is made of: declared permissions, strict query, idempotent and dry writes."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, NoReturn

import orjson
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.encoding import escape_uri_path
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from kernel import clock
from kernel.api.ahead import Asker, asker_of
from kernel.api.dry_runs import dry_run_faults, is_dry_run, refuse_after, run_dry
from kernel.api.idempotency import key_faults, key_of, run_idempotent
from kernel.api.operations import WRITES, Handler, Operation, operation_of
from kernel.api.pagination import (
    DEFAULT_PER_PAGE,
    PageRequest,
    Rows,
    asked_page,
    check_bound,
    page_body,
    paged,
    unpaged,
)
from kernel.api.query_strings import misplaced_faults, query_faults
from kernel.api.rendering import FastJSONRenderer
from kernel.api.serializers import Input, Output, Query
from kernel.db.batch import AskingAhead, Statement, look_ahead
from kernel.errors import DomainError, Faults, Invalid, NotAuthenticated
from kernel.read_throttling import count_read, may_read
from kernel.text import FORBIDDEN_TEXT_MESSAGE, has_forbidden_text
from kernel.throttling import Try, try_of


class ApiViewSet(ViewSet):
    """One action = permission, strict input, one service or query call, one representation."""

    http_method_names = ["get", "post", "put", "patch", "delete", "head"]
    metadata_class = None

    tag: ClassVar[str]
    """Under which the published schema lists its operations."""
    path_example: ClassVar[Mapping[str, str]] = {}
    """For the published schema: {part of the path that is no id: a name in it}."""
    repeatable = True
    """Whether writes take `dry_run` and `Idempotency-Key` (all but `/auth/*`)."""
    takes_keys = True
    """Whether they take an `Idempotency-Key`: it belongs to a person, so not where nobody says who he is; and what is
    answered to it is kept, so not where that is told once."""
    is_dry = False
    """Whether this request only pretends; known once its action is called."""
    asker: Asker | None = None
    """Who asks, by a token of which it is not known yet whether it still stands: for `Operation.ahead` alone."""
    attempt: Try | None = None
    """This request as a write that counts for the throttle, where that was asked ahead."""

    @property
    def caller_id(self) -> int:
        """The id of who is logged in; 0, if it is nobody."""
        return self.request.user.pk or 0

    @cached_property
    def _forbidden_in_query(self) -> Faults:
        return _forbidden_in(self.request)

    def get_permissions(self) -> list[BasePermission]:
        # A method without an action (or OPTIONS, which is none of ours) is not allowed here; the handler says so.
        if self.action in (None, "metadata"):
            return []
        return [operation_of(type(self), self.action).permission()]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self._forbidden_in_query:
            raise Invalid(self._forbidden_in_query)

    def __init__(self, **initial: Any) -> None:
        super().__init__(**initial)
        self._queries: dict[type[Query], tuple[dict[str, Any], Any]] = {}

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with AskingAhead():
            return super().dispatch(request, *args, **kwargs)

    def perform_authentication(self, request: Request) -> None:
        """Who asks, and whether he reads more than one may. A token that is refused counts for its address."""
        is_read = request.method not in WRITES
        self._look_ahead(request, is_read=is_read)
        try:
            super().perform_authentication(request)
        except NotAuthenticated:
            if is_read:
                count_read(request)
            raise
        if is_read:
            count_read(request, user_id=request.user.pk)

    def _look_ahead(self, request: Request, *, is_read: bool) -> None:
        """Ask in one round trip who asks and what he is sure to ask; nothing of somebody who will be refused."""
        self.asker = asker = asker_of(request)
        if asker is None and ("HTTP_AUTHORIZATION" in request.META or not self._is_open_to_strangers(request)):
            return
        if is_read and not may_read(request, user_id=asker.user_id if asker else None):
            return
        questions = [asker.question] if asker else []
        if asker and self.action and self.repeatable and not is_read:
            self.attempt = try_of("write", str(asker.user_id), now=clock.now(), standing=asker.standing)
            questions += [self.attempt.statement] if self.attempt else []
        look_ahead([*questions, *self._questions_of_action(request)])

    def _is_open_to_strangers(self, request: Request) -> bool:
        """Whether the action is for this caller, who does not say who he is."""
        return all(permission.has_permission(request, self) for permission in self.get_permissions())

    def _questions_of_action(self, request: Request) -> Sequence[Statement]:
        ahead = operation_of(type(self), self.action).ahead
        try:
            return list(ahead(self, **self.kwargs)) if ahead and not self._forbidden_in_query else []
        except (APIException, DomainError):  # the action will say it
            return []

    def perform(self, operation: Operation, action: Handler) -> Response:
        """Carry an action out, once it is known who asks and that he may: a write by the conventions of all writes.

        Every `Operation` calls its action through this.
        """
        request = self.request
        is_repeatable_write = request.method in WRITES and self.repeatable
        if is_repeatable_write and request.user.is_authenticated:
            attempt = self.attempt or try_of("write", str(self.caller_id), now=clock.now())
            if attempt is not None:
                attempt.count()
        faults = {**self._write_faults(operation)} if is_repeatable_write else {}
        if faults := {**faults, **query_faults(request, operation, is_repeatable=self.repeatable)}:
            self._refuse(action, faults)
        if not is_repeatable_write:
            return action()
        self.is_dry = is_dry_run(request)
        if self.is_dry:
            return run_dry(action, operation)
        if self.takes_keys and (key := key_of(request)) is not None:
            return run_idempotent(action, request=request, user_id=self.caller_id, key=key, now=clock.now())
        return action()

    def _write_faults(self, operation: Operation) -> Faults:
        """What is wrong with how a write is sent, whatever it does."""
        # What takes no body looks at none, and is not kept from it by one that is malformed.
        misplaced = misplaced_faults(self.request, None if operation.request else _body_of(self.request))
        return {**misplaced, **dry_run_faults(self.request), **(key_faults(self.request) if self.takes_keys else {})}

    def _refuse(self, action: Handler, faults: Faults) -> NoReturn:
        """Refuse a request for how it is sent, unless something is missing or forbidden."""
        if not self.repeatable:
            raise Invalid(faults)
        self.is_dry = True  # for the action: what is only tried out must not do what a dry run would not
        try:
            refuse_after(action, faults, has_path=bool(self.kwargs))
        finally:
            self.is_dry = False

    def handle_exception(self, exc: Exception) -> Response:
        """A refusal that was only tried out says so, like the answer it stands for."""
        response = super().handle_exception(exc)
        if self.is_dry:
            response["X-Dry-Run"] = "true"
        return response

    # --- what the actions are written with ---------------------------------------------------------

    def body(self, kind: type[Input], **context: Any) -> dict[str, Any]:
        """The validated body. Raises `ValidationError` with every fault at once."""
        return self._read(kind, context, partial=False)

    def body_at_a_glance(self) -> Mapping[str, Any]:
        """The object in a JSON body before it is known who sends it, for `Operation.ahead` alone: it decides nothing.

        Empty, where there is none or it is at fault, which `body` says.
        """
        try:
            body = orjson.loads(self.request._request.body)
        except (ValueError, OSError, RequestDataTooBig):
            return {}
        return body if isinstance(body, dict) else {}

    def changes(self, kind: type[Input], **context: Any) -> dict[str, Any]:
        """The validated body of a PUT or PATCH: absent keys stay as they are."""
        return self._read(kind, context, partial=True)

    def query(self, kind: type[Query], *, path: Callable[[], object] | None = None, **context: Any) -> dict[str, Any]:
        """The validated query string, whoever asks; read once, though its questions may be asked ahead.

        `path` raises the 404 of what stands in the path, which comes before what is wrong with the query.
        """
        if kind not in self._queries or context:
            self._queries[kind] = kind.read(self.request.query_params, {"now": clock.now(), **context})
        values, faults = self._queries[kind]
        if faults:
            if path is not None:
                path()
            raise ValidationError(faults)
        return dict(values)

    def listing(
        self,
        rows: Rows,
        output: type[Output] | None = None,
        *,
        key: str = "results",
        always_paged: bool = False,
        count: int | None = None,
    ) -> Response:
        """All rows under `key`, or a page of them if the query asks for one.

        `count` = how many rows there are, where the caller knows; else a page asks. Without an `output` the rows are
        what is shown.

        Raises:
            Invalid: there are too many rows to be answered without a page, or the page is malformed.
            NotFound: the page lies past the end.
        """
        represent: Callable[[Any], Any] = output().represent if output else lambda row: row
        page = asked_page(self.request)
        if page is None and always_paged:
            page = PageRequest(1, DEFAULT_PER_PAGE)
        if page is None:
            return Response({key: [represent(row) for row in unpaged(rows)]})
        return Response(paged(rows, page, self.request, key, represent, count=count))

    def listing_of(self, rows: Sequence[Any], *, key: str = "results", count: int) -> Response:
        """The same where `rows` are just those at `places_of` the page asked for, of `count` in all.

        Raises: as `listing`.
        """
        page = asked_page(self.request)
        if page is None:
            check_bound(rows, field="page", way_out="ask for them by page")
            return Response({key: list(rows)})
        return Response(page_body(rows, page, self.request, key, count=count))

    def created(self, body: Any, location: str) -> Response:
        """201 with the relative `Location` of what was made; `location` is a path with its names as they are."""
        return Response(body, status=201, headers={"Location": escape_uri_path(location)})

    def serializer_context(self) -> dict[str, Any]:
        """What every serializer of a request may ask for."""
        return {"now": clock.now()}

    def _read(self, kind: type[Input], context: Mapping[str, Any], *, partial: bool) -> dict[str, Any]:
        """What a body says, unless it also says what belongs elsewhere."""
        data = self.request.data
        misplaced = misplaced_faults(self.request, data) if self.repeatable else {}
        values, faults = kind.read(data, {**self.serializer_context(), **context}, partial=partial)
        if faults or misplaced:
            raise ValidationError({**faults, **misplaced})
        return values


class DocumentViewSet(ApiViewSet):
    """Actions that answer with a document which is no JSON. `renderer_classes` names the kinds, JSON first."""

    def handle_exception(self, exc: Exception) -> Response:
        """Refusals are JSON, whatever was asked for."""
        self.request.accepted_renderer = FastJSONRenderer()
        self.request.accepted_media_type = FastJSONRenderer.media_type
        return super().handle_exception(exc)


def _body_of(request: Request) -> Any:
    """The body, None if it cannot be read."""
    try:
        return request.data
    except APIException:
        return None


def _forbidden_in(request: Request) -> Faults:
    """What no text in a query string may hold, by parameter."""
    return {
        name if not has_forbidden_text(name) else "non_field_errors": [FORBIDDEN_TEXT_MESSAGE]
        for name, values in request.query_params.lists()
        if has_forbidden_text(name) or any(has_forbidden_text(value) or "\ufffd" in value for value in values)
    }
