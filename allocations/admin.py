"""Allocation events and their entries in the admin. Every write is a service call; the secret seed has no page."""

import datetime as dt
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from unfold.forms import ActionForm
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from accounts.admin.acting import actor
from allocations.facts import wording
from allocations.models import AllocationEvent, AllocationRegistration
from allocations.queries import publishing
from allocations.queries.demand import demand, picture
from allocations.rules import MAX_LIMIT, MAX_PUBLIC_SOURCE, event_faults, salt_faults
from allocations.services.deciding import approve_entry, reject_entry
from allocations.services.distributing import distribute
from allocations.services.events import OPTIONS, change_event, create_event
from allocations.services.progress import cancel_event, end_event
from kernel import clock
from kernel.admin.asking import Step, command
from kernel.admin.forms import DateFormField, NameFormField, ServiceForm, WallSecondFormField
from kernel.admin.pages import ReadOnlyAdmin, ServiceAdmin
from kernel.admin.sentences import scrolling
from kernel.admin.site import site
from kernel.campus_time import (
    MINUTES_PER_DAY,
    campus_date,
    campus_end,
    campus_minute,
    format_wall_end,
    format_wall_second,
)
from kernel.facts import Fact
from kernel.history import Mention, Trace, target_of

WINDOW = {"registration_start": ("opens_on", "opens_at"), "registration_end": ("closes_on", "closes_at")}
MAX_LINES = 200
"""How many entries the page of an event lists; the list of the entries has them all, in pages."""
RANGE = ("target_starts_on", "target_ends_on")
PICTURES = ("status", "commitment", "demand", "result")
FORM_FIELDS = ("opens_on", "opens_at", "closes_on", "closes_at", *RANGE, *OPTIONS)
ENTRY = (
    *("number", "event", "group", "slot", "rank", "choice", "attendees", "description", "created_by", "created_at"),
    *("status", "place", "outcome", "series"),
)
BY_CHANCE = frozenset({"successful_allocations", "failed_allocations", "occurrences"})
"""Details of a draw that a try with another seed cannot know."""


def _number(largest: int, **more: Any) -> forms.IntegerField:
    return forms.IntegerField(min_value=1, max_value=largest, widget=UnfoldAdminIntegerFieldWidget, **more)


class EventForm(ServiceForm):
    """What `create_event` and `change_event` take, in campus wall time.

    `window` in the cleaned data is {registration_start, registration_end} as instants.
    """

    field_of_fault = {
        "registration_start": "opens_on",
        "registration_end": "closes_on",
        "target_start_date": "target_starts_on",
        "target_end_date": "target_ends_on",
    }

    opens_on = DateFormField(label="Registration opens on")
    opens_at = WallSecondFormField(label="at")
    closes_on = DateFormField(label="Registration closes on")
    closes_at = WallSecondFormField(is_end=True, label="at")
    target_starts_on = DateFormField(label="First date to give away")
    target_ends_on = DateFormField(label="Last date to give away")
    min_percent = _number(100, initial=50)
    max_wins_per_group = _number(MAX_LIMIT, required=False)
    max_entries_per_group = _number(MAX_LIMIT, required=False)
    max_minutes_per_entry = _number(MINUTES_PER_DAY, required=False)
    public_source = NameFormField(max_length=MAX_PUBLIC_SOURCE, required=False)

    class Meta:
        model = AllocationEvent
        fields = (*RANGE, *OPTIONS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            opens, closes = self.instance.registration_start, self.instance.registration_end
            last_day, last_minute = campus_end(closes)
            self.initial = {
                **self.initial,
                "opens_on": campus_date(opens),
                "opens_at": campus_minute(opens) * 60 + opens.second,
                "closes_on": last_day,
                "closes_at": last_minute * 60 + closes.second,
            }

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        window = {name: self._moment(name) for name in WINDOW}
        self.cleaned_data["window"] = window
        faults = event_faults(**window, **{name: self.cleaned_data.get(name) for name in RANGE})
        for name, sentences in faults.items():
            self.add_error(self.field_of_fault[name], [ValidationError(sentence) for sentence in sentences])
        return cleaned

    def _moment(self, name: str) -> dt.datetime | None:
        """What was not touched stays as it is, to the microsecond, which no field shows."""
        fields = WINDOW[name]
        is_kept = self.instance.pk is not None and not set(fields) & set(self.changed_data)
        return getattr(self.instance, name) if is_kept else self.instant_of(*fields)

    def touched(self) -> dict[str, Any]:
        """What was changed on the page, under the service's names."""
        values = {name: self.cleaned_data[name] for name in (*RANGE, *OPTIONS) if name in self.changed_data}
        for name, fields in WINDOW.items():
            if set(fields) & set(self.changed_data):
                values[name] = self.cleaned_data["window"][name]
        return values


class PublicValueForm(ActionForm):
    """Beside the actions: the public value, for events that name a source of one."""

    public_value = forms.CharField(
        required=False,
        strip=False,
        label="",
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "Public value, to distribute"}),
    )


@admin.register(AllocationEvent, site=site)
class AllocationEventAdmin(ServiceAdmin):
    form = EventForm
    target_noun = "allocation_event"
    action_form = PublicValueForm
    list_display = ("number", "status", "opens", "closes", "target_starts_on", "target_ends_on")
    list_filter = ("status",)
    ordering = ("-registration_start", "-id")
    actions = ("end", "distribute", "cancel")

    def get_queryset(self, request: HttpRequest) -> QuerySet[AllocationEvent]:
        return AllocationEvent.objects.without_manifest()

    def get_fields(self, request: HttpRequest, obj: AllocationEvent | None = None) -> tuple[str, ...]:
        return FORM_FIELDS if obj is None else (*PICTURES, *FORM_FIELDS)

    def get_readonly_fields(self, request: HttpRequest, obj: AllocationEvent | None = None) -> tuple[str, ...]:
        return PICTURES if obj else ()

    @admin.display(description="Number", ordering="id")
    def number(self, event: AllocationEvent) -> int:
        return event.pk

    @admin.display(description="Registration opens", ordering="registration_start")
    def opens(self, event: AllocationEvent) -> str:
        return format_wall_second(event.registration_start)

    @admin.display(description="Registration closes", ordering="registration_end")
    def closes(self, event: AllocationEvent) -> str:
        return format_wall_end(event.registration_end)

    @admin.display(description="Wishes per room and weekday")
    def demand(self, event: AllocationEvent) -> str:
        """Darker = more wishes at one moment; the number is how many."""
        svg = mark_safe(picture(demand(event)))  # noqa: S308 - made by an XML writer
        return scrolling(svg, "Wishes per room and weekday") if svg else "No wishes."

    @admin.display(description="Result")
    def result(self, event: AllocationEvent) -> str:
        """Every entry with its place and reason, winners first."""
        draw_row = publishing.drawn(event)
        if draw_row is None:
            return "Not drawn yet."
        rows = (
            event.entries.with_api_relations().select_related("lost_to__group").order_by("position", "id")[:MAX_LINES]
        )
        head = format_html(
            "<p>{} entries: {} won, {} did not. Manifest {}, result {}.</p>",
            draw_row.total,
            draw_row.successful,
            draw_row.failed,
            draw_row.manifest_sha256,
            draw_row.result_sha256,
        )
        lines = format_html_join(
            "", "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>", map(result_line, rows)
        )
        table = format_html(
            '<table class="results"><thead><tr><th scope="col">Place</th><th scope="col">Entry</th>'
            '<th scope="col">Group</th><th scope="col">Slot</th><th scope="col">Outcome</th></tr></thead>'
            "<tbody>{}</tbody></table>",
            lines,
        )
        everything = f"{reverse('admin:allocations_allocationregistration_changelist')}?event__id__exact={event.pk}"
        foot = format_html('<p><a class="way" href="{}">All {} entries, in pages</a></p>', everything, draw_row.total)
        return format_html("{}{}{}", head, scrolling(table, "Result of the draw"), foot)

    def save_model(self, request: HttpRequest, obj: AllocationEvent, form: Any, change: bool) -> None:
        if change:
            # What was not touched is left out: it may have been changed by somebody else meanwhile.
            change_event(event_id=obj.pk, by=actor(request), now=clock.now(), **form.touched())
        else:
            values = {name: form.cleaned_data[name] for name in (*RANGE, *OPTIONS)}
            new_event = create_event(by=actor(request), now=clock.now(), **form.cleaned_data["window"], **values)
            obj.pk, obj.status = new_event.pk, new_event.status

    @command(description="End (freeze the entries)", done="ended", idle="It is closed already")
    def end(self, request: HttpRequest, selection: QuerySet[AllocationEvent]) -> Iterator[Step]:
        for pk in selection.values_list("pk", flat=True):
            yield Step((pk,), f"Allocation event {pk}", partial(end_event, event_id=pk))

    @command(
        description="Distribute (draw, once)",
        done="distributed",
        idle="It has been distributed already, and is drawn only once: its result stands",
        unforeseen=BY_CHANCE,
    )
    def distribute(self, request: HttpRequest, selection: QuerySet[AllocationEvent]) -> Iterator[Step]:
        """What is shown before is drawn with the practice seed: nobody sees the outcome and thinks again."""
        public_value = request.POST.get("public_value") or None
        if public_value is not None and (faults := salt_faults(public_value)):
            raise ValidationError([f"Public value: {fault}" for fault in faults])
        for pk in selection.values_list("pk", flat=True):
            draw = partial(distribute, event_id=pk, public_value=public_value)
            yield Step((pk,), f"Allocation event {pk}", draw, practice=partial(draw, is_practice=True))

    @command(description="Cancel (reveals the seed, for good)", done="cancelled", idle="It has been cancelled already")
    def cancel(self, request: HttpRequest, selection: QuerySet[AllocationEvent]) -> Iterator[Step]:
        for pk in selection.values_list("pk", flat=True):
            yield Step((pk,), f"Allocation event {pk}", partial(cancel_event, event_id=pk))

    def reaches_further(self, facts: Sequence[Fact]) -> bool:
        """Also where a new window ends or opens the event."""
        is_moved_on = any("status" in fact.details.get("changes", {}) for fact in facts)
        return is_moved_on or super().reaches_further(facts)


@admin.register(AllocationRegistration, site=site)
class AllocationRegistrationAdmin(ReadOnlyAdmin):
    target_noun = "allocation_registration"
    list_display = ("number", "event", "group", "slot", "rank", "choice", "status", "place", "outcome", "created_by")
    list_filter = ("event", "status", "reason")
    search_fields = ("group__name", "classroom__name", "created_by__username", "description")
    list_select_related = ("event", "group", "classroom", "created_by", "lost_to__group")
    ordering = ("-event", "position", "id")
    actions = ("approve", "reject")

    def trace_of(self, row: AllocationRegistration) -> Trace:
        """The draw decides on all entries at once; a promotion names those it gives something."""
        of_event = f"allocation_event:{row.event_id}"
        draw = Mention(("allocation_event.distributed",), {}, target=of_event)
        promotion = Mention(("allocation_event.promoted",), {"registration_ids": [row.pk]}, target=of_event)
        return Trace(target_of(row, self.target_noun), [draw, promotion])

    def get_fields(self, request: HttpRequest, obj: AllocationRegistration | None = None) -> tuple[str, ...]:
        return ENTRY

    def get_readonly_fields(self, request: HttpRequest, obj: AllocationRegistration | None = None) -> tuple[str, ...]:
        return ENTRY

    @admin.display(description="Number", ordering="id")
    def number(self, entry: AllocationRegistration) -> int:
        return entry.pk

    def slot(self, entry: AllocationRegistration) -> str:
        return entry.summary.weekly_slot

    @admin.display(ordering="position")
    def place(self, entry: AllocationRegistration) -> str:
        return place_in_words(entry)

    @admin.display(ordering="reason")
    def outcome(self, entry: AllocationRegistration) -> str:
        return outcome_in_words(entry)

    @command(description="Approve", done="approved", idle="It is approved already")
    def approve(self, request: HttpRequest, selection: QuerySet[AllocationRegistration]) -> Iterator[Step]:
        for event_id, pk in selection.values_list("event_id", "pk"):
            yield Step((pk,), f"Entry {pk}", partial(approve_entry, event_id=event_id, entry_id=pk))

    @command(description="Reject", done="rejected", idle="It is rejected already")
    def reject(self, request: HttpRequest, selection: QuerySet[AllocationRegistration]) -> Iterator[Step]:
        for event_id, pk in selection.values_list("event_id", "pk"):
            yield Step((pk,), f"Entry {pk}", partial(reject_entry, event_id=event_id, entry_id=pk))


def result_line(entry: AllocationRegistration) -> tuple[str, str, str, str, str]:
    """Place, id, group, slot and outcome of an entry, as text."""
    slot = entry.summary.weekly_slot
    return place_in_words(entry), str(entry.pk), entry.group.name, slot, outcome_in_words(entry)


def place_in_words(entry: AllocationRegistration) -> str:
    return "–" if entry.position is None else str(entry.position)


def outcome_in_words(entry: AllocationRegistration) -> str:
    """What was decided, as far as it is."""
    if entry.reason and not entry.grant:
        whose = f" of {entry.lost_to.group.name}" if entry.lost_to else ""
        return f"{entry.status}: {wording.loss_in_words(entry.reason, entry.lost_to_id)}{whose}"
    return f"{entry.status}, by {entry.get_grant_display()}" if entry.grant else entry.status
