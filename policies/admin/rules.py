"""Booking rules: each reads like the sentence it makes, and is asked about before it is kept."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from unfold.decorators import action as page_action

from accounts.admin.acting import actor
from kernel import clock
from kernel.admin.asking import Step, command
from kernel.admin.pages import ServiceAdmin
from kernel.admin.site import refuse_nul, site
from kernel.campus_time import campus_zone
from kernel.facts import Fact
from policies.admin.deciding import deciding_context
from policies.admin.limit_forms import FORMS, NoBookingForm
from policies.admin.previews import preview_context
from policies.admin.rule_forms import RuleForm
from policies.models import BookingRule
from policies.queries.rule_rows import named_row
from policies.rules.reading import RuleReading
from policies.rules.reading_limits import read_limit
from policies.rules.sentences import NOUNS, limit_in_words
from policies.services.booking_rules import (
    change_rule,
    create_rule,
    delete_rule,
    named_rule,
    read_rule,
    shown_rule,
)


@admin.register(BookingRule, site=site)
class BookingRuleAdmin(ServiceAdmin):
    """A new one begins with the choice of what it limits; what it limits, an old one does not change."""

    form = NoBookingForm
    target_noun = "booking_rule"
    list_display = ("name", "sentence", "limits", "is_active", "effect")
    list_filter = ("limit_type", "is_active", "effect", "who_kind", "where_kind")
    search_fields = ("name",)
    ordering = ("limit_type", "id")
    list_select_related = ("group", "user", "classroom")
    actions = ("activate", "deactivate", "delete_rules")
    actions_list = ("deciding",)
    actions_detail = ("preview",)
    change_form_template = "admin/policies/rule_form.html"
    asking_template = "admin/policies/asking.html"

    class Media:
        css = {"all": ("policies/rules.css",)}

    @admin.display(description="Says")
    def sentence(self, rule: BookingRule) -> str:
        return named_row(rule).rule.sentence

    @admin.display(description="Limits", ordering="limit_type")
    def limits(self, rule: BookingRule) -> str:
        return NOUNS[named_row(rule).rule.limit.type].capitalize()

    def get_queryset(self, request: HttpRequest) -> QuerySet[BookingRule]:
        return BookingRule.objects.select_related(*self.list_select_related)

    def get_form(
        self, request: HttpRequest, obj: BookingRule | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        kwargs.setdefault("form", self._form_for(request, obj))
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: BookingRule | None = None) -> list[str]:
        return list(self._form_for(request, obj).base_fields)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponseBase:
        """The choice of a kind of limit; once it is made, the form."""
        if request.method == "POST" or request.GET.get("kind") in FORMS or not self.has_add_permission(request):
            page: HttpResponseBase = super().add_view(request, form_url, extra_context)
            return page
        cards = [(kind, NOUNS[form.of_type].capitalize(), example_of(form)) for kind, form in FORMS.items()]
        return self._page(request, "kinds", "What does the new rule limit?", {"cards": cards})

    def save_model(self, request: HttpRequest, obj: BookingRule, form: Any, change: bool) -> None:
        by, now = actor(request), clock.now()
        if change:
            rule = change_rule(rule_id=obj.pk, by=by, now=now, wish=form.wish)
        else:
            rule = create_rule(by=by, now=now, wish=form.wish)
            obj.pk = rule.rule.id
        request.named_rule = rule  # type: ignore[attr-defined]  # for `foreseen`

    def reaches_further(self, facts: Sequence[Fact]) -> bool:
        """Every rule is about other people's bookings."""
        return bool(facts)

    def foreseen(self, request: HttpRequest) -> Mapping[str, Any]:
        """What it would do to whom, outside of the transaction that holds all bookings up."""
        return preview_context(request.named_rule, now=clock.now())  # type: ignore[attr-defined]

    @page_action(description="Rules that decide", url_path="deciding", icon="rule")  # type: ignore[untyped-decorator]  # unfold has no types
    def deciding(self, request: HttpRequest) -> TemplateResponse:
        refuse_nul(request)
        context = deciding_context(request.GET.dict(), now=clock.now())
        return self._page(request, "deciding", "Rules that decide", context, context["form"].media)

    @page_action(description="Preview", url_path="preview", icon="visibility")  # type: ignore[untyped-decorator]
    def preview(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """What a rule does, as it stands."""
        row = self.get_object(request, unquote(object_id))
        if row is None:
            gone: HttpResponseBase = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
            return gone
        context = preview_context(named_row(row), now=clock.now())
        return self._page(
            request, "preview_page", f"Preview: {row}", context | {"rule_id": row.pk, "zone": campus_zone().key}
        )

    def _page(
        self, request: HttpRequest, template: str, title: str, context: Mapping[str, Any], media: Any = None
    ) -> TemplateResponse:
        """A page of its own, of the rules."""
        page = {**self.admin_site.each_context(request), "title": title, "opts": self.opts}
        request.current_app = self.admin_site.name  # for the theme
        media = self.media if media is None else self.media + media
        return TemplateResponse(request, f"admin/policies/{template}.html", {**page, **context, "media": media})

    @command(description="Put in force", done="put in force", idle="It is in force already")
    def activate(self, request: HttpRequest, selection: QuerySet[BookingRule]) -> Iterator[Step]:
        return self._switching(selection, is_active=True)

    @command(description="Put out of force", done="put out of force", idle="It is not in force")
    def deactivate(self, request: HttpRequest, selection: QuerySet[BookingRule]) -> Iterator[Step]:
        return self._switching(selection, is_active=False)

    @command(description="Delete (with what was charged to it)", done="deleted")
    def delete_rules(self, request: HttpRequest, selection: QuerySet[BookingRule]) -> Iterator[Step]:
        for rule in selection:
            yield Step((rule.pk,), rule.name, partial(delete_rule, rule_id=rule.pk))

    def _switching(self, selection: QuerySet[BookingRule], *, is_active: bool) -> Iterator[Step]:
        for rule in selection:
            yield Step((rule.pk,), rule.name, partial(switch, rule_id=rule.pk, is_active=is_active))

    def _form_for(self, request: HttpRequest, rule: BookingRule | None) -> type[RuleForm]:
        """The form for what a rule limits, or is to limit."""
        kind = rule.limit_type if rule and rule.limit_type else _kind_in(request.POST) or _kind_in(request.GET)
        return FORMS.get(kind, NoBookingForm)


def example_of(form: type[RuleForm]) -> str:
    """A limit of the form's kind in words."""
    limit = read_limit(RuleReading({"type": form.of_type.value} | form.example, "limit", {}))
    return limit_in_words(limit) if limit else ""


def switch(*, rule_id: int, is_active: bool, by: Any, now: Any) -> None:
    """Put a rule in or out of force; else it stays as it is."""
    body = shown_rule(named_rule(rule_id))
    change_rule(rule_id=rule_id, by=by, now=now, wish=read_rule(body | {"is_active": is_active}))


def _kind_in(query: Mapping[str, str]) -> str:
    return query.get("kind", "")
