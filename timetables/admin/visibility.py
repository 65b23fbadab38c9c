"""What all pages of the timetable can do: withdraw and restore."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin.acting import actor
from kernel import clock
from kernel.admin.pages import ServiceAdmin
from timetables.services.editing import add_row, change_row, restore, withdraw
from timetables.services.visibility import Settlement

MAX_SHOWN = 10


class WithdrawableAdmin(ServiceAdmin):
    """Rows are hidden instead of deleted."""

    actions = ("withdraw", "restore")

    @admin.action(description="Withdraw (hide; lectures leave their rooms)")
    def withdraw(self, request: HttpRequest, chosen: QuerySet[Any]) -> None:
        self._set(request, chosen, withdraw, "withdrawn")

    @admin.action(description="Restore (lectures take back rooms that are still free)")
    def restore(self, request: HttpRequest, chosen: QuerySet[Any]) -> None:
        self._set(request, chosen, restore, "restored")

    def _set(self, request: HttpRequest, chosen: QuerySet[Any], service: Any, word: str) -> None:
        """One command for all of them, and so one log row."""
        settlements: list[Settlement] = []
        ids = [*chosen.values_list("pk", flat=True)]
        name = str(self.model._meta.verbose_name_plural).capitalize()
        done = self.attempt(
            request,
            name,
            lambda: settlements.append(service(kind=self.model, row_ids=ids, by=actor(request), now=clock.now())),
        )
        if not done:
            return
        (settlement,) = settlements
        rooms = f" Rooms given up: {settlement.released}, taken back: {settlement.reclaimed}."
        self.message_user(
            request, f"{settlement.rows} {word}.{rooms if settlement.released or settlement.reclaimed else ''}"
        )
        for conflict in settlement.conflicts[:MAX_SHOWN]:
            self.message_user(request, str(conflict), messages.WARNING)
        if settlement.refused > MAX_SHOWN:
            self.message_user(request, f"and {settlement.refused - MAX_SHOWN} more", messages.WARNING)


class EditableAdmin(WithdrawableAdmin):
    """Rows that are also made and changed by hand."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        by, now = actor(request), clock.now()
        if change:
            values = {name: form.cleaned_data[name] for name in form.changed_data}
            change_row(kind=self.model, row_id=obj.pk, by=by, now=now, **values)
        else:
            obj.pk = add_row(kind=self.model, by=by, now=now, **form.cleaned_data).pk
