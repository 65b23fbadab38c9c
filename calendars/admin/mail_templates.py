"""Mail templates: what organizers of cleared events are written, shown as it would be read."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.admin.acting import actor
from calendars.admin.form_fields import WishForm
from calendars.models import MailTemplate
from calendars.rules import MAX_NAME, MAX_SUBJECT, MAX_TEMPLATE
from calendars.rules.templates import SAMPLE, VARIABLES, rendered
from calendars.rules.templates import faults as template_faults
from calendars.services.mail_templates import (
    TEXTS,
    change_mail_template,
    create_mail_template,
    delete_mail_template,
)
from kernel import clock
from kernel.admin.asking import Step, command
from kernel.admin.forms import LongTextFormField, NameFormField
from kernel.admin.pages import ServiceAdmin
from kernel.admin.site import site

FIELDS = ("name", *TEXTS)


class MailTemplateForm(WishForm):
    name = NameFormField(max_length=MAX_NAME, help_text="What it is chosen by, on the page of a calendar")
    subject = forms.CharField(max_length=MAX_SUBJECT, widget=UnfoldAdminTextInputWidget)
    text = LongTextFormField(required=True, max_length=MAX_TEMPLATE)
    html = LongTextFormField(
        max_length=MAX_TEMPLATE,
        label="HTML",
        help_text="What the values are is escaped. Leave empty: the text, as it is",
    )

    def texts(self) -> dict[str, str]:
        """What the fields hold just now, typed or kept."""
        return {name: str(self[name].value() or "").replace("\r\n", "\n") for name in TEXTS}


@admin.register(MailTemplate, site=site)
class MailTemplateAdmin(ServiceAdmin):
    form = MailTemplateForm
    target_noun = "mail_template"
    list_display = ("name", "subject", "used_by")
    search_fields = ("name", "subject")
    ordering = ("name",)
    actions = ("delete_templates",)
    change_form_template = "admin/calendars/mail_template_form.html"

    class Media:
        css = {"all": ("calendars/mail_template.css",)}
        js = ("calendars/mail_template.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[MailTemplate]:
        return MailTemplate.objects.prefetch_related("calendars")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """The calendars that use it have secrets."""
        return False

    def get_fields(self, request: HttpRequest, obj: MailTemplate | None = None) -> tuple[str, ...]:
        return FIELDS

    @admin.display(description="Used by")
    def used_by(self, template: MailTemplate) -> str:
        return ", ".join(sorted(calendar.slug for calendar in template.calendars.all())) or "–"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.preview_view)
        return [path("preview/", view, name="calendars_mailtemplate_preview"), *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context |= {"variables": VARIABLES, "preview": preview_of(context["adminform"].form.texts())}
        return super().render_change_form(request, context, *args, **kwargs)

    @method_decorator(require_POST)
    def preview_view(self, request: HttpRequest) -> TemplateResponse:
        """What has been typed so far, as it would be read: a piece of the page. Nothing is written."""
        texts = {name: request.POST.get(name, "").replace("\r\n", "\n") for name in TEXTS}
        return TemplateResponse(request, "admin/calendars/mail_preview.html", {"preview": preview_of(texts)})

    def save_model(self, request: HttpRequest, obj: MailTemplate, form: Any, change: bool) -> None:
        by, now = actor(request), clock.now()
        values = {name: form.cleaned_data[name] for name in FIELDS}
        if change:
            template = change_mail_template(template_id=obj.pk, by=by, now=now, **values)
        else:
            template = create_mail_template(by=by, now=now, **values)
        obj.pk, obj.name = template.pk, template.name

    @command(description="Delete", done="deleted")
    def delete_templates(self, request: HttpRequest, selection: QuerySet[MailTemplate]) -> Iterator[Step]:
        for template in selection:
            yield Step((template.pk,), template.name, partial(delete_mail_template, template_id=template.pk))


def preview_of(texts: Mapping[str, str]) -> Mapping[str, Any]:
    """What the documented example reads like: `mail`, or the `faults` that keep it from being written."""
    faults = template_faults(**texts)
    mail = None if faults else rendered(MailTemplate(**texts), SAMPLE)
    return {"mail": mail, "faults": [(name, sentence) for name in TEXTS for sentence in faults.get(name, ())]}
