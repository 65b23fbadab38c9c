"""The base of every page: what is written goes through a service, and what it refuses is said."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import BadRequest
from django.db import DatabaseError
from django.db.models import Model
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from kernel import clock
from kernel.admin.forms import ServiceForm
from kernel.admin.refusals import refusal_in_words
from kernel.admin.site import refuse_nul, site
from kernel.db.refusals import as_domain_error
from kernel.db.transactions import transactional
from kernel.errors import DomainError
from kernel.text import INTEGER


class ServiceAdmin(ModelAdmin):
    """Pages whose writes are service calls. A refusal becomes a message; nothing is half done."""

    actions_on_top = True
    form = ServiceForm
    add_form: ClassVar[type[ServiceForm] | None] = None
    """What the page of a new one asks for, where that is something else than the page of an old one."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return site.has_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return site.has_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return site.has_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return site.has_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        refuse_nul(request)
        # Django would ask the database for `id IN ('x')`.
        if not all(INTEGER.fullmatch(pk) for pk in request.POST.getlist(ACTION_CHECKBOX_NAME)):
            raise BadRequest("Not the id of a row")
        return super().changelist_view(request, extra_context)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """One transaction. What refuses rolls it back, and the form is shown again as it was typed.

        Django opens the transaction around the service, so the retries of `transactional` belong here.
        """
        show = super().changeform_view
        if request.method != "POST":
            return show(request, *args, **kwargs)
        try:
            return transactional(show)(request, *args, **kwargs)
        except (DomainError, DatabaseError) as error:
            refusal = as_domain_error(error)
            if refusal is None:
                raise
        request.refusal = refusal  # type: ignore[attr-defined]  # for `get_form`, which is given nothing else
        return show(request, *args, **kwargs)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The page's form, which knows what the service has just refused: it is valid no second time."""
        if obj is None and self.add_form is not None:
            kwargs.setdefault("form", self.add_form)
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form)(form.__name__, (form,), {"refusal": getattr(request, "refusal", None)})

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The service call; the page of a new one needs its `pk`."""
        raise NotImplementedError(f"{type(self).__name__} has no service to save with")

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The service has written everything there is."""

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """The change log is the services' own; Django's second one stays empty."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """As above."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:
        """As above."""

    def attempt(self, request: HttpRequest, what: str, call: Callable[[], object]) -> bool:
        """Run a service call for an action; whether it was accepted. The refusal is shown."""
        try:
            call()
        except (DomainError, DatabaseError) as error:
            refusal = as_domain_error(error)
            if refusal is None:
                raise
            self.message_user(request, f"{what}: {refusal_in_words(refusal)}", messages.ERROR)
            return False
        return True

    def attempt_each(
        self,
        request: HttpRequest,
        service: Callable[..., object],
        rows: Iterable[tuple[str, Mapping[str, Any]]],
        done: str,
        **shared: Any,
    ) -> None:
        """Call a service, and so make one transaction and one log row, for each row; say how many were accepted.

        `rows`: what each is called, and the arguments that name it to the service; `shared`: those that all have.
        """
        accepted = [
            name
            for name, row in rows
            if self.attempt(request, name, partial(service, **row, **shared, by=request.user, now=clock.now()))
        ]
        if accepted:
            self.message_user(request, f"{len(accepted)} {done}.")


class ReadOnlyAdmin(ServiceAdmin):
    """Pages to look at."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
