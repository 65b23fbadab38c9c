"""A page from which a calendar is synchronised at once, and that says what came of it."""

from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.decorators import action as page_action

from accounts.admin.acting import actor
from calendars.enums import CalendarSource
from calendars.models import Calendar
from calendars.services.remote import RemoteFailed
from calendars.services.syncing import sync_calendar
from calendars.services.taking_in import SyncReport
from kernel import clock
from kernel.admin.pages import ServiceAdmin

MAX_SAID = 10
IS_LOCAL = "The events of this calendar are entered here: there is nothing to synchronise."


class SynchronisingAdmin(ServiceAdmin):
    """Mixed into the calendars' page. It asks first, by a page with a button, and tries nothing out: another server is
    told what has happened here."""

    actions_detail = ("synchronise_now",)

    @page_action(description="Synchronise now", url_path="synchronise", icon="sync")  # type: ignore[untyped-decorator]  # unfold has no types
    def synchronise_now(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        calendar = self.get_object(request, unquote(object_id))
        if calendar is None:
            gone: HttpResponseBase = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
            return gone
        if calendar.source == CalendarSource.LOCAL:
            self.message_user(request, IS_LOCAL, messages.WARNING)
        elif request.method == "POST":
            self._synchronise(request, calendar)
        else:
            return self._asking(request, calendar)
        return HttpResponseRedirect(reverse("admin:calendars_calendar_change", args=[calendar.pk]))

    def _synchronise(self, request: HttpRequest, calendar: Calendar) -> None:
        reports: list[SyncReport] = []

        def synchronise() -> None:
            reports.append(sync_calendar(slug=calendar.slug, by=actor(request), now=clock.now()))

        try:
            is_done = self.attempt(request, calendar.slug, synchronise)
        except RemoteFailed as failure:
            self.message_user(request, f"{calendar.slug}: {failure}", messages.ERROR)
            return
        if is_done:
            self._say(request, calendar, reports[0])

    def _say(self, request: HttpRequest, calendar: Calendar, report: SyncReport) -> None:
        counts = ", ".join(f"{number} {name}" for name, number in report.counts.items())
        self.message_user(request, f"{calendar.slug}: {counts}", messages.SUCCESS)
        for sentence in report.errors[:MAX_SAID]:
            self.message_user(request, sentence, messages.WARNING)
        if (rest := len(report.errors) - MAX_SAID) > 0:
            self.message_user(request, f"and {rest} more", messages.WARNING)

    def _asking(self, request: HttpRequest, calendar: Calendar) -> TemplateResponse:
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": f"Synchronise: {calendar}",
            "calendar": calendar,
            "host": calendar.source_url.partition("//")[2].partition("/")[0].rpartition("@")[2],
            "writes_there": calendar.source == CalendarSource.CALDAV,
            "opts": self.opts,
            "media": self.media,
        }
        request.current_app = self.admin_site.name  # for the theme
        return TemplateResponse(request, "admin/calendars/synchronise.html", context)
