"""Allocation events and their entries in the admin. Every write is a service call; the secret seed has no page."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from unfold.forms import ActionForm
from unfold.widgets import UnfoldAdminTextInputWidget

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
from kernel.admin.forms import DateFormField, NameFormField, ServiceForm, WallTimeFormField
from kernel.admin.pages import ReadOnlyAdmin, ServiceAdmin
from kernel.admin.site import site
from kernel.campus_time import MINUTES_PER_DAY, campus_date, campus_minute

WINDOW = {"registration_start": ("opens_on", "opens_at"), "registration_end": ("closes_on", "closes_at")}
RANGE = ("target_starts_on", "target_ends_on")
PICTURES = ("status", "commitment", "demand", "result")
FORM_FIELDS = ("opens_on", "opens_at", "closes_on", "closes_at", *RANGE, *OPTIONS)


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
    opens_at = WallTimeFormField(label="at")
    closes_on = DateFormField(label="Registration closes on")
    closes_at = WallTimeFormField(is_end=True, label="at")
    target_starts_on = DateFormField(label="First date to give away")
    target_ends_on = DateFormField(label="Last date to give away")
    min_percent = forms.IntegerField(min_value=1, max_value=100, initial=50)
    max_wins_per_group = forms.IntegerField(min_value=1, max_value=MAX_LIMIT, required=False)
    max_entries_per_group = forms.IntegerField(min_value=1, max_value=MAX_LIMIT, required=False)
    max_minutes_per_entry = forms.IntegerField(min_value=1, max_value=MINUTES_PER_DAY, required=False)
    public_source = NameFormField(max_length=MAX_PUBLIC_SOURCE, required=False)

    class Meta:
        model = AllocationEvent
        fields = (*RANGE, *OPTIONS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            opens, closes = self.instance.registration_start, self.instance.registration_end
            self.initial = {
                **self.initial,
                "opens_on": campus_date(opens),
                "opens_at": campus_minute(opens),
                "closes_on": campus_date(closes),
                "closes_at": campus_minute(closes),
            }

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        window = {name: self.instant_of(*fields) for name, fields in WINDOW.items()}
        self.cleaned_data["window"] = window
        faults = event_faults(**window, **{name: self.cleaned_data.get(name) for name in RANGE})
        for name, sentences in faults.items():
            self.add_error(self.field_of_fault[name], [ValidationError(sentence) for sentence in sentences])
        return cleaned

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
    action_form = PublicValueForm
    list_display = ("id", "status", "registration_start", "registration_end", "target_starts_on", "target_ends_on")
    list_filter = ("status",)
    ordering = ("-registration_start", "-id")
    actions = ("end", "distribute", "cancel")

    def get_queryset(self, request: HttpRequest) -> QuerySet[AllocationEvent]:
        return AllocationEvent.objects.without_manifest()

    def get_fields(self, request: HttpRequest, obj: AllocationEvent | None = None) -> tuple[str, ...]:
        return FORM_FIELDS if obj is None else (*PICTURES, *FORM_FIELDS)

    def get_readonly_fields(self, request: HttpRequest, obj: AllocationEvent | None = None) -> tuple[str, ...]:
        return PICTURES if obj else ()

    @admin.display(description="Wishes per room and weekday")
    def demand(self, event: AllocationEvent) -> str:
        """Darker = more wishes at one moment; the number is how many."""
        return mark_safe(picture(demand(event))) or "No wishes."  # noqa: S308 - made by an XML writer

    @admin.display(description="Result")
    def result(self, event: AllocationEvent) -> str:
        """Every entry with its place and reason, winners first."""
        stored = publishing.drawn(event)
        if stored is None:
            return "Not drawn yet."
        rows = event.entries.with_api_relations().select_related("lost_to__group").order_by("position", "id")
        head = format_html(
            "<p>{} entries: {} won, {} did not. Manifest {}, result {}.</p>",
            stored.total,
            stored.successful,
            stored.failed,
            stored.manifest_sha256,
            stored.result_sha256,
        )
        lines = format_html_join(
            "", "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>", map(result_line, rows)
        )
        return format_html(
            "{}<table><thead><tr><th>Place</th><th>Entry</th><th>Group</th><th>Slot</th><th>Outcome</th></tr></thead>"
            "<tbody>{}</tbody></table>",
            head,
            lines,
        )

    def save_model(self, request: HttpRequest, obj: AllocationEvent, form: Any, change: bool) -> None:
        if change:
            # What was not touched is left out: it may have been changed by somebody else meanwhile.
            change_event(event_id=obj.pk, by=actor(request), now=clock.now(), **form.touched())
        else:
            values = {name: form.cleaned_data[name] for name in (*RANGE, *OPTIONS)}
            made = create_event(by=actor(request), now=clock.now(), **form.cleaned_data["window"], **values)
            obj.pk, obj.status = made.pk, made.status

    @admin.action(description="End (freeze the entries)")
    def end(self, request: HttpRequest, chosen: QuerySet[AllocationEvent]) -> None:
        self._each(request, chosen, end_event, "ended")

    @admin.action(description="Distribute (draw, once)")
    def distribute(self, request: HttpRequest, chosen: QuerySet[AllocationEvent]) -> None:
        public_value = request.POST.get("public_value") or None
        if public_value is not None and (faults := salt_faults(public_value)):
            self.message_user(request, f"Public value: {' '.join(faults)}", messages.ERROR)
            return
        self._each(request, chosen, distribute, "distributed", public_value=public_value)

    @admin.action(description="Cancel (reveals the seed, for good)")
    def cancel(self, request: HttpRequest, chosen: QuerySet[AllocationEvent]) -> None:
        self._each(request, chosen, cancel_event, "cancelled")

    def _each(
        self,
        request: HttpRequest,
        chosen: QuerySet[AllocationEvent],
        command: Callable[..., Any],
        word: str,
        **more: Any,
    ) -> None:
        rows = [(f"Allocation event {pk}", {"event_id": pk}) for pk in chosen.values_list("pk", flat=True)]
        self.attempt_each(request, command, rows, word, **more)


@admin.register(AllocationRegistration, site=site)
class AllocationRegistrationAdmin(ReadOnlyAdmin):
    list_display = ("id", "event_id", "group", "slot", "rank", "choice", "status", "place", "outcome", "created_by")
    list_filter = ("event", "status", "reason")
    search_fields = ("group__name", "classroom__name", "created_by__username", "description")
    list_select_related = ("group", "classroom", "created_by", "lost_to__group")
    ordering = ("-event", "position", "id")
    actions = ("approve", "reject")

    def slot(self, entry: AllocationRegistration) -> str:
        return entry.summary.weekly_slot

    @admin.display(ordering="position")
    def place(self, entry: AllocationRegistration) -> str:
        return place_in_words(entry)

    @admin.display(ordering="reason")
    def outcome(self, entry: AllocationRegistration) -> str:
        return outcome_in_words(entry)

    @admin.action(description="Approve")
    def approve(self, request: HttpRequest, chosen: QuerySet[AllocationRegistration]) -> None:
        self._each(request, chosen, approve_entry, "approved")

    @admin.action(description="Reject")
    def reject(self, request: HttpRequest, chosen: QuerySet[AllocationRegistration]) -> None:
        self._each(request, chosen, reject_entry, "rejected")

    def _each(
        self, request: HttpRequest, chosen: QuerySet[AllocationRegistration], decide: Callable[..., Any], word: str
    ) -> None:
        rows = [
            (f"Entry {pk}", {"event_id": event_id, "entry_id": pk})
            for event_id, pk in chosen.values_list("event_id", "pk")
        ]
        self.attempt_each(request, decide, rows, word)


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
