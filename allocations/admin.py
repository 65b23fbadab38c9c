"""Allocation events and their entries in the admin. Every write is a service call; the secret seed has no page."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from unfold.forms import ActionForm

from allocations import publishing, wording
from allocations.demand import demand, picture
from allocations.models import AllocationEvent, AllocationRegistration
from allocations.rules import event_faults, salt_faults
from allocations.services.deciding import approve_entry, reject_entry
from allocations.services.distributing import distribute
from allocations.services.events import CHANGEABLE, change_event, create_event
from allocations.services.progress import cancel_event, end_event
from cspace import clock
from cspace.admin import ReadOnlyAdmin, ServiceAdmin, site

LIMITS = ("max_wins_per_group", "max_entries_per_group", "max_minutes_per_entry")
Decision = Callable[..., Any]


class EventForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = AllocationEvent
        fields = CHANGEABLE

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in LIMITS:
            self.fields[name].required = False

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        names = ("registration_start", "registration_end", "target_starts_on", "target_ends_on")
        known = {name: values.get(name) or getattr(self.instance, name) for name in names}
        fields = {"target_start_date": "target_starts_on", "target_end_date": "target_ends_on"}
        for name, sentences in event_faults(**known).items():
            self.add_error(fields.get(name, name), sentences)
        return values


class PublicValueForm(ActionForm):
    """Beside the actions: the public value, for events that name a source of one."""

    public_value = forms.CharField(required=False, strip=False, max_length=200, label="Public value")


@admin.register(AllocationEvent, site=site)
class AllocationEventAdmin(ServiceAdmin):
    form = EventForm
    action_form = PublicValueForm
    list_display = ("id", "status", "registration_start", "registration_end", "target_starts_on", "target_ends_on")
    list_filter = ("status",)
    ordering = ("-registration_start", "-id")
    actions = ("end", "distribute", "cancel")
    pictures = ("status", "commitment", "demand", "result")

    def get_queryset(self, request: HttpRequest) -> QuerySet[AllocationEvent]:
        return AllocationEvent.objects.without_manifest()

    def get_readonly_fields(self, request: HttpRequest, obj: AllocationEvent | None = None) -> tuple[str, ...]:
        return self.pictures if obj else ()

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
        values = {name: form.cleaned_data[name] for name in CHANGEABLE if name in form.cleaned_data}
        if change:
            change_event(event_id=obj.pk, by=request.user, now=clock.now(), **values)
        else:
            obj.pk = create_event(by=request.user, now=clock.now(), **values).pk

    @admin.action(description="End (freeze the entries)")
    def end(self, request: HttpRequest, chosen: QuerySet[AllocationEvent]) -> None:
        self._each(request, chosen, end_event, "ended")

    @admin.action(description="Distribute (draw, once)")
    def distribute(self, request: HttpRequest, chosen: QuerySet[AllocationEvent]) -> None:
        given = request.POST.get("public_value") or None
        if given is not None and (faults := salt_faults(given)):
            self.message_user(request, f"Public value: {' '.join(faults)}", messages.ERROR)
            return
        self._each(request, chosen, distribute, "distributed", public_value=given)

    @admin.action(description="Cancel (reveals the seed, for good)")
    def cancel(self, request: HttpRequest, chosen: QuerySet[AllocationEvent]) -> None:
        self._each(request, chosen, cancel_event, "cancelled")

    def _each(
        self, request: HttpRequest, chosen: QuerySet[AllocationEvent], command: Decision, word: str, **more: Any
    ) -> None:
        """One service call, and so one transaction and one log row, for each."""

        def call(pk: int) -> Callable[[], Any]:
            return lambda: command(event_id=pk, by=request.user, now=clock.now(), **more)

        ids = list(chosen.values_list("pk", flat=True))
        done = [pk for pk in ids if self.attempt(request, f"Allocation event {pk}", call(pk))]
        if done:
            self.message_user(request, f"{len(done)} {word}.")


@admin.register(AllocationRegistration, site=site)
class AllocationRegistrationAdmin(ReadOnlyAdmin):
    list_display = ("id", "event_id", "group", "slot", "rank", "choice", "status", "place", "outcome", "created_by")
    list_filter = ("event", "status", "reason")
    search_fields = ("group__name", "classroom__name", "created_by__username", "description")
    list_select_related = ("group", "classroom", "created_by", "lost_to__group")
    ordering = ("-event", "position", "id")
    actions = ("approve", "reject")

    def slot(self, entry: AllocationRegistration) -> str:
        return slot_in_words(entry)

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
        self, request: HttpRequest, chosen: QuerySet[AllocationRegistration], decide: Decision, word: str
    ) -> None:
        def call(event_id: int, pk: int) -> Callable[[], Any]:
            return lambda: decide(event_id=event_id, entry_id=pk, by=request.user, now=clock.now())

        pairs = list(chosen.values_list("event_id", "pk"))
        done = [pk for event_id, pk in pairs if self.attempt(request, f"Entry {pk}", call(event_id, pk))]
        if done:
            self.message_user(request, f"{len(done)} {word}.")


def result_line(entry: AllocationRegistration) -> tuple[str, str, str, str, str]:
    """Place, id, group, slot and outcome of an entry, as text."""
    return place_in_words(entry), str(entry.pk), entry.group.name, slot_in_words(entry), outcome_in_words(entry)


def slot_in_words(entry: AllocationRegistration) -> str:
    return wording.weekly(entry.classroom.name, entry.day_of_week, entry.start_minute, entry.end_minute)


def place_in_words(entry: AllocationRegistration) -> str:
    return "–" if entry.position is None else str(entry.position)


def outcome_in_words(entry: AllocationRegistration) -> str:
    """What was decided, as far as it is."""
    if entry.reason and not entry.grant:
        whose = f" of {entry.lost_to.group.name}" if entry.lost_to else ""
        return f"{entry.status}: {wording.loss_in_words(entry.reason, entry.lost_to_id)}{whose}"
    return f"{entry.status}, by {entry.get_grant_display()}" if entry.grant else entry.status
