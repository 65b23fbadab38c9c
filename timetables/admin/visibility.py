"""What all pages of the timetable can do: withdraw and restore."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin.acting import actor
from kernel import clock
from kernel.admin.asking import Step, command
from kernel.admin.pages import ServiceAdmin
from kernel.admin.prospects import Report
from kernel.history import Mention, Trace, target_of
from timetables.services.editing import add_row, change_row, restore, withdraw
from timetables.services.visibility import Settlement

MAX_SHOWN = 10


def reports_on(settlement: Settlement, word: str) -> Iterator[Report]:
    """How many rows it was, what it did to rooms, and what stood in the way."""
    rooms = f" Rooms given up: {settlement.released}, taken back: {settlement.reclaimed}."
    is_about_rooms = settlement.released or settlement.reclaimed
    yield messages.INFO, f"{settlement.rows} {word}.{rooms if is_about_rooms else ''}"
    for conflict in settlement.conflicts[:MAX_SHOWN]:
        yield messages.WARNING, str(conflict)
    if settlement.refused > MAX_SHOWN:
        yield messages.WARNING, f"and {settlement.refused - MAX_SHOWN} more"


def reports_on_withdrawing(settlement: Settlement) -> Iterator[Report]:
    return reports_on(settlement, "withdrawn")


def reports_on_restoring(settlement: Settlement) -> Iterator[Report]:
    return reports_on(settlement, "restored")


class WithdrawableAdmin(ServiceAdmin):
    """Rows are hidden instead of deleted."""

    actions = ("withdraw", "restore")

    def trace_of(self, row: Any) -> Trace:
        """One command hides or shows many rows of a kind; its target names the kind and the first of them."""
        target = target_of(row, self.target_noun)
        actions, noun = ("timetable.withdrawn", "timetable.restored"), target.partition(":")[0]
        return Trace(target, [Mention(actions, {"ids": [row.pk]}, target_kind=noun)])

    @command(
        description="Withdraw (hide; lectures leave their rooms)",
        done="withdrawn",
        idle="Nothing to withdraw: all of it is hidden already",
        reports=reports_on_withdrawing,
    )
    def withdraw(self, request: HttpRequest, selection: QuerySet[Any]) -> list[Step]:
        return self._step(selection, withdraw)

    @command(
        description="Restore (lectures take back rooms that are still free)",
        done="restored",
        idle="Nothing to restore",
        reports=reports_on_restoring,
    )
    def restore(self, request: HttpRequest, selection: QuerySet[Any]) -> list[Step]:
        return self._step(selection, restore)

    def _step(self, selection: QuerySet[Any], service: Callable[..., Settlement]) -> list[Step]:
        """One command for all of them, and so one log row."""
        ids = tuple(selection.values_list("pk", flat=True))
        name = str(self.model._meta.verbose_name_plural).capitalize()
        return [Step(ids, name, partial(service, kind=self.model, row_ids=list(ids)))] if ids else []


class EditableAdmin(WithdrawableAdmin):
    """Rows that are also made and changed by hand."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        by, now = actor(request), clock.now()
        if change:
            values = {name: form.cleaned_data[name] for name in form.changed_data}
            change_row(kind=self.model, row_id=obj.pk, by=by, now=now, **values)
        else:
            obj.pk = add_row(kind=self.model, by=by, now=now, **form.cleaned_data).pk
