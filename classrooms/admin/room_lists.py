"""The pages of a list of rooms: upload, look at what would become of it, confirm."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST
from unfold.widgets import UnfoldAdminFileFieldWidget

from accounts.admin.acting import actor
from classrooms.importing.room_cells import COLUMNS
from classrooms.importing.room_lists import RoomLine, RoomListReport, import_rooms
from kernel import clock
from kernel.admin.pages import ServiceAdmin
from kernel.admin.prospects import HAS_CHANGED
from kernel.admin.refusals import refusal_in_words
from kernel.admin.uploads import forget_upload, has_too_large_upload, keep_upload, kept_upload
from kernel.db.refusals import as_domain_error
from kernel.errors import DomainError
from kernel.tables.reading import MAX_BYTES, MAX_ROWS, TOO_LARGE, Table, read_table
from kernel.tables.refusals import UnreadableTable
from kernel.tables.workbooks import MIB

MAX_SHOWN = 200
"""Rows on a page; of the others there is a count."""
TEMPLATE = "admin/classrooms/room_list.html"
IS_GONE = "There is no list to confirm: upload it."
IS_ANOTHER = "Another list has been uploaded since: upload this one again."


class RoomListForm(forms.Form):
    import_file = forms.FileField(
        label="List of rooms",
        widget=UnfoldAdminFileFieldWidget,
        allow_empty_file=True,
        help_text=f"CSV or XLSX, at most {MAX_BYTES // MIB} MiB and {MAX_ROWS:,} rows",
    )


class ConfirmForm(forms.Form):
    """Sends back which file was looked at, and what was said to become of it."""

    digest = forms.CharField(widget=forms.HiddenInput)
    plan = forms.CharField(widget=forms.HiddenInput)


@dataclass(frozen=True)
class RoomListPreview:
    """What a page shows of a report."""

    report: RoomListReport
    table: Table

    @property
    def columns(self) -> list[str]:
        """Those of the list, in its order."""
        return [name for name in self.table.header.names if name in COLUMNS.known and name != COLUMNS.required]

    @property
    def unchanged_count(self) -> int:
        return len(self.report.lines) - len(self.report.created) - len(self.report.changed)

    @property
    def rows(self) -> list[tuple[RoomLine, list[str]]]:
        """The first of those that would be written, with what is in each column."""
        lines = [each for each in self.report.lines if each.is_new or each.changes][:MAX_SHOWN]
        return [(line, [_change(line, column) for column in self.columns]) for line in lines]

    @property
    def more_rows(self) -> int:
        return max(0, len(self.report.created) + len(self.report.changed) - MAX_SHOWN)

    @property
    def faults(self) -> list[str]:
        return [_faults_of(line, self.table.word) for line in self.report.faulty[:MAX_SHOWN]]

    @property
    def more_faults(self) -> int:
        return max(0, len(self.report.faulty) - MAX_SHOWN)


def _change(line: RoomLine, column: str) -> str:
    if column not in line.changes:
        return ""
    old, new = line.changes[column]
    return _in_words(new) if line.is_new else f"{_in_words(old)} → {_in_words(new)}"


def _in_words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "–" if value in (None, "", {}) else str(value)


def _faults_of(line: RoomLine, word: str) -> str:
    place = f"{word} {line.line}, {line.name}" if line.name else f"{word} {line.line}"
    return f"{place}: {'; '.join(_sentences(line))}"


def _sentences(line: RoomLine) -> Iterator[str]:
    for column, sentences in line.faults.items():
        yield f"{column}: {' '.join(sentences)}" if column else " ".join(sentences)


class RoomListAdmin(ServiceAdmin):
    """Mixed into the rooms' page."""

    def get_urls(self) -> list[Any]:
        info = f"{self.opts.app_label}_{self.opts.model_name}"
        view = self.admin_site.admin_view
        return [
            path("import/", view(self.import_view), name=f"{info}_import"),
            path("process_import/", view(self.confirm_view), name=f"{info}_process_import"),
            *super().get_urls(),
        ]

    def import_view(self, request: HttpRequest) -> HttpResponseBase:
        """The form; after it what would become of the list, and nothing is written."""
        if request.method != "POST":
            return self._page(request, RoomListForm())
        form = RoomListForm(request.POST, request.FILES)
        if has_too_large_upload(request):
            form.errors["import_file"] = form.error_class([TOO_LARGE])
        if not form.is_valid():
            return self._page(request, form)
        content = form.cleaned_data["import_file"].read()
        try:
            table = read_table(content, COLUMNS)
            report = import_rooms(by=actor(request), now=clock.now(), rows=table.rows, dry_run=True)
        except (DomainError, DatabaseError) as error:
            form.add_error("import_file", _sentence(error))
            return self._page(request, form)
        if not report.faulty:
            return self._asking(request, form, RoomListPreview(report, table), digest=keep_upload(request, content))
        return self._page(request, form, preview=RoomListPreview(report, table))

    @method_decorator(require_POST)
    def confirm_view(self, request: HttpRequest) -> HttpResponseBase:
        """Import the list that was looked at, if what it would do is still what was shown; else show it again."""
        upload = kept_upload(request)
        if upload is None or request.POST.get("digest") != upload[0]:
            return self._again(request, [IS_GONE if upload is None else IS_ANOTHER])
        plan = request.POST.get("plan", "")
        try:
            table = read_table(upload[1], COLUMNS)
            report = import_rooms(by=actor(request), now=clock.now(), rows=table.rows, plan=plan)
        except (DomainError, DatabaseError) as error:
            return self._again(request, [_sentence(error)])
        if report.faulty:
            return self._again(request, [*RoomListPreview(report, table).faults, "Nothing was imported."])
        if report.plan != plan:
            self.message_user(request, HAS_CHANGED, messages.WARNING)
            return self._asking(request, RoomListForm(), RoomListPreview(report, table), digest=upload[0])
        forget_upload(request)
        self.message_user(request, f"{len(report.created)} rooms made, {len(report.changed)} changed.")
        return HttpResponseRedirect(reverse("admin:classrooms_classroom_changelist"))

    def _asking(
        self, request: HttpRequest, form: RoomListForm, preview: RoomListPreview, *, digest: str
    ) -> TemplateResponse:
        """What would become of the list, and the button that confirms just that."""
        confirm_form = ConfirmForm(initial={"digest": digest, "plan": preview.report.plan})
        return self._page(request, form, preview=preview, confirm_form=confirm_form)

    def _again(self, request: HttpRequest, sentences: Sequence[str]) -> HttpResponseRedirect:
        for sentence in sentences:
            self.message_user(request, sentence, messages.ERROR)
        return HttpResponseRedirect(reverse("admin:classrooms_classroom_import"))

    def _page(self, request: HttpRequest, form: RoomListForm, **context: Any) -> TemplateResponse:
        page = {
            **self.admin_site.each_context(request),
            "title": "Import rooms",
            "opts": self.opts,
            "media": self.media + form.media,
            "form": form,
            "columns": COLUMNS.known,
        }
        return TemplateResponse(request, TEMPLATE, page | context)


def _sentence(error: DomainError | DatabaseError) -> str:
    """A refusal in words; what is a fault of ours is raised again."""
    refusal = as_domain_error(error)
    if refusal is None:
        raise error
    return refusal.message if isinstance(refusal, UnreadableTable) else refusal_in_words(refusal)
