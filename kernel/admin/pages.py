"""The base of every page: what is written goes through a service, and what it refuses is said."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.core.exceptions import BadRequest, PermissionDenied
from django.core.paginator import Paginator
from django.db import DatabaseError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.admin import ModelAdmin

from kernel import clock, history
from kernel.admin import prospects
from kernel.admin.asking import require_command
from kernel.admin.forms import ServiceForm
from kernel.admin.panels import panels_of
from kernel.admin.refusals import refusal_in_words
from kernel.admin.sentences import folded_details, sentence
from kernel.admin.site import refuse_nul, site
from kernel.campus_time import campus_zone, format_wall_second
from kernel.db.refusals import as_domain_error
from kernel.db.searching import LikeWritten
from kernel.db.transactions import transactional
from kernel.errors import DomainError
from kernel.facts import Fact, recording
from kernel.text import INTEGER

EXACT_SEARCHES = ("__icontains",)


class ReachesFurther(Exception):
    """What a form does is more than its page says: it is rolled back, and `prospect` is shown."""

    def __init__(self, prospect: prospects.Prospect) -> None:
        super().__init__(prospect.name)
        self.prospect = prospect


class ServiceAdmin(ModelAdmin):
    """Pages whose writes are service calls. A refusal becomes a message; nothing is half done; commands ask first."""

    actions_on_top = True
    list_per_page = 50
    form = ServiceForm
    add_form: ClassVar[type[ServiceForm] | None] = None
    """What the page of a new one asks for, where that is something else than the page of an old one."""

    target_noun: ClassVar[str | None] = None
    """What the facts about these rows call them, where it is not the name of the model."""
    object_history_template = "admin/cspace/history.html"
    change_form_outer_after_template = "admin/cspace/panels.html"
    asking_template: ClassVar[str] = prospects.TEMPLATE
    """The page that asks before a form is saved."""

    class Media:
        css = {"all": ("kernel/admin.css",)}

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

    def get_search_fields(self, request: HttpRequest) -> Sequence[str]:
        """Names are found as people write them, as by the API's `search`, unless a field says otherwise."""
        fields = super().get_search_fields(request)
        return [name if name.endswith(EXACT_SEARCHES) else f"{name}__{LikeWritten.lookup_name}" for name in fields]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)
        for action, _, _ in actions.values():
            require_command(action)
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

        @transactional
        def save() -> Any:
            with recording() as facts:
                request.facts = facts  # type: ignore[attr-defined]  # for `save_related`
                return show(request, *args, **kwargs)

        try:
            return save()
        except ReachesFurther as question:
            return self._ask_before_saving(request, question.prospect)
        except prospects.DoneAlready:
            self.message_user(request, "This was saved already: the page was sent twice.", messages.WARNING)
            return HttpResponseRedirect(reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"))
        except (DomainError, DatabaseError) as error:
            refusal = as_domain_error(error)
            if refusal is None:
                raise
        finally:
            prospects.forget_what_was_tried(request)
        request.refusal = refusal  # type: ignore[attr-defined]  # for `get_form`, which is given nothing else
        return show(request, *args, **kwargs)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The page's form, which knows what the service has just refused: it is valid no second time."""
        if obj is None and self.add_form is not None:
            kwargs.setdefault("form", self.add_form)
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form)(form.__name__, (form,), {"refusal": getattr(request, "refusal", None)})

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, obj: Model | None = None, **kwargs: Any
    ) -> HttpResponse:
        """With what other apps say about the row (`kernel.admin.panels`)."""
        context["panels"] = panels_of(obj) if obj is not None else []
        page: HttpResponse = super().render_change_form(request, context, *args, obj=obj, **kwargs)
        return page

    def trace_of(self, row: Any) -> history.Trace:
        """Which rows of the change log are about a row of this page."""
        return history.Trace(history.target_of(row, self.target_noun))

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """What the change log has about this row. Django's own log stays empty."""
        refuse_nul(request)
        row = self.get_object(request, unquote(object_id))
        if row is None:
            gone: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
            return gone
        if not self.has_view_or_change_permission(request, row):
            raise PermissionDenied
        trace = self.trace_of(row)
        paginator = Paginator(history.rows_about(trace), history.PER_PAGE)
        page = paginator.get_page(request.GET.get("p", 1))
        context = {
            **self.admin_site.each_context(request),
            "title": f"History: {row}",
            "entries": [
                {
                    "at": format_wall_second(entry.created_at),
                    "who": entry.actor or "the system",
                    "sentence": sentence(entry.action, entry.details),
                    "target": "" if entry.target == trace.target else entry.target,
                    "details": folded_details(entry.details),
                }
                for entry in page
            ],
            "page": page,
            "pages": list(paginator.get_elided_page_range(page.number)),
            "zone": campus_zone().key,
            "object": row,
            "opts": self.opts,
            "media": self.media,
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name  # for the theme
        return TemplateResponse(request, self.object_history_template, context)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The service call; the page of a new one needs its `pk`."""
        raise NotImplementedError(f"{type(self).__name__} has no service to save with")

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The service has written everything there is. What reaches further than this row must have been shown.

        Raises: ReachesFurther, DoneAlready.
        """
        facts: list[Fact] = request.facts  # type: ignore[attr-defined]
        digests = prospects.digests_of(request)
        if digests is None and not self.reaches_further(facts):
            return
        prospect = prospects.prospect_of("form", f"Save: {form.instance}" if change else "Save", facts)
        if digests is not None:
            prospects.take_once(request, prospect, now=clock.now())
        if digests is None or digests.get(prospect.key) != prospect.digest:
            raise ReachesFurther(prospect)

    def reaches_further(self, facts: Sequence[Fact]) -> bool:
        """Whether saving a form has done so much that it is to ask first: to other things than its own."""
        return len({fact.target for fact in facts}) > 1

    def _ask_before_saving(self, request: HttpRequest, prospect: prospects.Prospect) -> HttpResponse:
        if prospects.digests_of(request) is not None:
            self.message_user(request, prospects.HAS_CHANGED, messages.WARNING)
        typed = [
            (name, value)
            for name, values in request.POST.lists()
            if name not in prospects.OF_THE_PAGE
            for value in values
        ]
        return prospects.page_that_asks(
            self,
            request,
            [prospect],
            title=prospect.name,
            scope="Saving this does more than the form says",
            fields=typed,
            template=self.asking_template,
            further=self.foreseen(request),
        )

    def foreseen(self, request: HttpRequest) -> Mapping[str, Any]:
        """What `asking_template` shows beside what would happen; read after it has been rolled back."""
        return {}

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> list[Any]:
        """Nothing for Django's own log; what stands beside the form is only looked at, and was not saved."""
        return []

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


class ReadOnlyAdmin(ServiceAdmin):
    """Pages to look at."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
